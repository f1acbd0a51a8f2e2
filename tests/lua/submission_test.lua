-- A student's file as a check sees it: calls, objects, callbacks, budgets, and what goes wrong.
local t = require "expect"
local submission = require "guide.submission"
local parts = require "guide.parts"
local definition = require "guide.definition"

local stack = [[
local Stack = {}
Stack.__index = Stack
function Stack:push(x) self[#self + 1] = x; return #self end
function Stack:pop() return table.remove(self) end
function Stack:each(f) for i = 1, #self do f(self[i]) end end
return {
  version = 3,
  new = function(options) return setmetatable({ limit = options and options.limit }, Stack) end,
  same = function(...) return ... end,
  size = function(stack) return #stack end,
  random = function() return math.random(1000000) end,
  loop = function() while true do end end,
  hog = function() local x = {} while true do x[#x + 1] = ("x"):rep(1000) .. #x end end,
  fail = function() error("no luck") end,
  say = function(...) print(...) end,
  pair = function() return { a = Stack, b = 1 } end,
  lib = function() return lab end,
}
]]

-- Runs a check on a file. Returns its share and the sentence.
local function checked(check, source, uses, part)
  part = part or {}
  part.check = check
  return submission.check(submission.open("stack.lua", source or stack, uses), part, 7)
end

local function passes(check, ...)
  local share, message = checked(check, ...)
  t.equal(message, nil)
  t.equal(share, 1)
end

t.test("a module's functions are called with plain values", function()
  passes(function(e, s)
    local m = s:load()
    e.equal({ m.same(1, "two", true, nil, { 3, x = { y = 4 } }) }, { 1, "two", true, nil, { 3, x = { y = 4 } } })
    e.equal({ m.same { [3] = "hole", [false] = 1, [1.5] = 2 } }, { { [3] = "hole", [false] = 1, [1.5] = 2 } })
    e.equal(m.same(1 / 0, -0.0), 1 / 0)
    e.equal(s:get(m, "version"), 3)
  end)
end)

t.test("an object with methods stays in the student's state", function()
  passes(function(e, s)
    local m = s:load()
    local a, b = m.new { limit = 2 }, m.new()
    e.equal(a:push("x"), 1)
    e.equal(a:push("y"), 2)
    b:push("z")
    e.equal(a:pop(), "y")
    e.equal(m.size(a), 1)
    e.equal(m.size(b), 1)
    e.equal(m.same(a) == a, true)
    e.equal(s:get(a, "limit"), 2)
    local pair = m.pair()
    e.equal(pair.b, 1)
  end)
end)

t.test("a function of the check can be passed, and its failure cannot be swallowed", function()
  passes(function(e, s)
    local m, seen = s:load(), {}
    local a = m.new()
    a:push(1)
    a:push(2)
    a:each(function(x) seen[#seen + 1] = x end)
    e.equal(seen, { 1, 2 })
  end)
  local share, message = checked(function(e, s)
    local m = s:load()
    m.run(function() e.that(false, "this", "that") end)
  end, "return { run = function(f) pcall(f) end }")
  t.equal(share, 0)
  t.equal(message, "expected: this\nhappened: that")
end)

t.test("calls may nest", function()
  passes(function(e, s)
    local m = s:load()
    local function deeper(n) return n == 0 and 0 or m.call(function() return deeper(n - 1) end) + 1 end
    e.equal(deeper(5), 5)
  end, "return { call = function(f) return f() end }")
end)

t.test("what goes wrong in the file is a sentence for the student", function()
  local function fails(call, expected, source)
    local share, message, broken = checked(function(_, s) call(s:load()) end, source)
    t.equal(share, 0)
    t.equal(broken, false)
    t.matches(message, expected)
  end
  fails(function(m) m.fail() end, "^fail%(%): it failed: stack.lua:14: no luck")
  fails(function(m) m.loop(1, { 2 }) end, "^loop%(1, { 2 }%): it was not done after 10 000 000 instructions")
  fails(function(m) m.hog() end, "hog%(%): it needs more memory than there is %(64 MiB%)")
  fails(function(m) m.nonsense() end, "nonsense%(%): it failed: there is no function 'nonsense'")
  fails(function() end, "loading the file: it failed: .*stack.lua:1: .*'=' expected", "nonsense")
  fails(function() end, "it returned nothing", "local x = 1")
  fails(function() end, "chunk with wrong mode", "\27LJ\2")
end)

t.test("memory and instructions can be limited, by the part or the load", function()
  local function limited(part, options)
    local _, message = checked(function(_, s) s:load(options).loop() end, nil, nil, part)
    return message
  end
  t.matches(limited { budget = 5000 }, "after 5000 instructions")
  t.matches(limited({}, { budget = 12345 }), "after 12 345 instructions")
end)

t.test("the same seed gives the same random numbers, in the check and in the file", function()
  local seen = {}
  for i = 1, 2 do
    passes(function(_, s, seed)
      t.equal(seed, 7)
      seen[i] = { math.random(), s:load().random() }
    end)
  end
  t.equal(seen[1], seen[2])
  passes(function(e, s)
    e.equal(s:load { seed = 1 }.random() ~= s:load { seed = 2 }.random(), true)
  end)
end)

t.test("each load is a fresh state", function()
  passes(function(e, s)
    local one, two = s:load(), s:load()
    e.equal(one.count(), 1)
    e.equal(one.count(), 2)
    e.equal(two.count(), 1)
  end, "n = 0 return { count = function() n = n + 1 return n end }")
end)

t.test("the file sees of the library what the lab allows", function()
  passes(function(e, s) e.equal(s:load().has(), "nil nil nil") end,
    [[return { has = function() return ("%s %s %s"):format(type(lab.cache), type(lab.hash), type(require)) end }]])
  passes(function(e, s) e.equal(s:load().has(), "nil function table") end,
    [[return { has = function()
      return ("%s %s %s"):format(type(lab.cache), type(lab.hash.ring), type(lab.dist))
    end }]], { "hash.ring", "dist" })
end)

t.test("what the file prints is in the message of a failure", function()
  local _, message = checked(function(e, s)
    s:load().say("I", "was here")
    e.that(false, "a", "b")
  end)
  t.equal(message, "expected: a\nhappened: b\nprinted: I\twas here")
end)

t.test("what cannot be passed is said", function()
  local _, message = checked(function(_, s)
    local m = s:load()
    local circle = {}
    circle[1] = circle
    m.same(circle)
  end)
  t.matches(message, "does it contain itself")
end)

-- Parts

local function lab(check, changes)
  local part = { name = "p", title = "P", points = 10, seeds = 4, check = check }
  for key, value in pairs(changes or {}) do part[key] = value end
  return assert(definition.validate({ title = "L", summary = "S", minutes = 1, parts = { part } }, "l"))
end

t.test("a part earns its points on all seeds or tells the first that fails", function()
  local made = lab(function(e, s, seed) e.that(s:load().new() and seed < 3, "a small seed", "seed " .. seed) end)
  local results, sum = parts.score(made, "s.lua", stack, function(part) return parts.first_seeds(part.seeds) end)
  t.equal(sum, 0)
  t.equal(results[1].seed, 3)
  t.equal(results[1].runs, 3)
  t.matches(results[1].message, "happened: seed 3")
end)

t.test("a check may give a share of the points", function()
  local made = lab(function(_, _, seed) return seed == 2 and 0.25 or 0.5 end)
  local results, sum = parts.score(made, "s.lua", stack, function() return { 1, 2, 3 } end)
  t.equal(sum, 2.5)
  t.equal(results[1].runs, 3)
  made = lab(function() return 2 end)
  results = parts.score(made, "s.lua", stack, function() return { 1 } end)
  t.equal(results[1].broken, true)
end)

t.test("a wrong solution states what it loses", function()
  local made = lab(function() end)
  t.equal(parts.stated_losses(made, "-- x\n-- loses: p 10\nreturn {}"), { p = 10 })
  local _, problem = parts.stated_losses(made, "-- loses: q 10")
  t.matches(problem, "no such part")
  _, problem = parts.stated_losses(made, "-- loses: p")
  t.matches(problem, "should be")
  _, problem = parts.stated_losses(made, "return {}")
  t.matches(problem, "no line")
end)

assert(t.summary())

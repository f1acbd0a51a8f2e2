-- A student's file as a check sees it: calls, objects, callbacks, budgets, and what goes wrong.
local t = require "expect"
local submission = require "guide.submission"
local parts = require "guide.parts"
local definition = require "guide.definition"
local json = require "json"

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
  local function fails(call, expected, source, ended)
    local share, message, status = checked(function(_, s) call(s:load()) end, source)
    t.equal(share, 0)
    t.equal(status, ended or "error")
    t.matches(message, expected)
  end
  fails(function(m) m.fail() end, "^fail%(%): it failed: stack.lua:14: no luck")
  fails(function(m) m.loop(1, { 2 }) end, "^loop%(1, { 2 }%): it was not done after 10 000 000 instructions",
    nil, "budget")
  fails(function(m) m.hog() end, "hog%(%): it needs more memory than there is %(64 MiB%)",
    nil, "memory")
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

-- Nodes

-- Uses all that a node can do: messages, calls, timers, the disk, logs, random numbers, a crash of its own.
local busy = [[
local node, options = ...
local log = 0
local function note(env, what, value) log = log + 1; env:log(what, { n = log, value = value }) end
function node.on_start(env)
  note(env, "start", env:peek("count"))
  print("started", env:name(), math.random(1000))
  env:timer("tick", 0.1 + math.random() / 10)
  env:timer("never", 5)
  env:write("count", (env:peek("count") or 0) + 1, function(value, err) note(env, "written", value) end)
  env:append("list", { env:now() })
  env:sync(function() note(env, "synced", env:wall_now()) end)
  env:show { role = "worker", log = log }
end
function node.on_timer(env, name)
  note(env, name, env:cancel("never"))
  env:timer("tick", 0.2)
  for _, peer in ipairs(options.peers) do
    env:send(peer, "hello", { from = env:name(), list = { 1, 2, { x = true } } })
    env:call(peer, { type = "add", a = log, b = 2, timeout = 0.05 }, function(value, err)
      note(env, "sum", value or err.code)
    end)
  end
  env:read("list", function(list) note(env, "list", list and #list) end)
end
function node.on_message(env, message)
  note(env, message.type, message.body.from .. message.from)
  env:after(0.01, function() note(env, "later", env:now()) end)
  if math.random() < 0.02 then error("bad luck") end
  env:show { log = log, list = { 1, 2 } }
end
function node.on_request(env, request, reply)
  if request.type == "late" then env:after(0.02, function() reply(nil, "not_found") end) return end
  if request.type == "who" then return nil, { code = "overloaded", message = "no" } end
  return request.a + request.b
end
function node.on_stop(env) note(env, "stop") end
]]

-- What happens to three of them. Returns the digest and what was answered.
local function busy_world(direct, seed)
  local opened = submission.open("busy.lua", busy, {}, direct)
  local digest, answers
  local _, message = submission.check(opened, { check = function(_, s)
    local w = lab.world { seed = seed }
    local names, nodes = { "a", "b", "c" }, {}
    for i, name in ipairs(names) do nodes[i] = s:node(w, name, { options = { peers = names } }) end
    w:at(1.5, lab.fault.crash "a")
    w:at(2, lab.fault.restart "a")
    w:at(2.5, lab.fault.stop "b")
    w:at(2.6, lab.fault.restart "b")
    w:at(3, lab.fault.partition { "c" })
    w:at(4, lab.fault.heal_all())
    answers = {}
    for i = 1, 6 do
      w:run(1)
      for _, kind in ipairs { "add", "late", "who", "nonsense" } do
        local value, err = nodes[i % 3 + 1]:call { type = kind, a = i, b = 1 }
        answers[#answers + 1] = tostring(value) .. (err and " " .. tostring(err) or "")
      end
      answers[#answers + 1] = json.encode(nodes[i % 3 + 1]:state())
    end
    digest = w:digest()
  end }, seed)
  t.equal(message, nil)
  return digest, answers
end

t.test("a node behaves the same over messages as in this process, to the last digit", function()
  local digests = {}
  for seed = 1, 10 do
    local here, answers = busy_world(true, seed)
    local there, remote_answers = busy_world(false, seed)
    t.equal(remote_answers, answers)
    t.equal(there, here)
    digests[here] = true
  end
  local n = 0
  for _ in pairs(digests) do n = n + 1 end
  t.equal(n, 10)  -- the seed matters
end)

t.test("a node that does too much at once is stopped", function()
  local opened = submission.open("flood.lua", [[
    local node = ...
    function node.on_start(env) while true do env:log(("x"):rep(1000)) end end]])
  local share, message = submission.check(opened, { check = function(e, s)
    local w = lab.world { seed = 1 }
    local n = s:node(w, "n")
    w:run(1)
    e.that(n:up(), "n to be up", "it is down")
  end }, 1)
  t.equal(share, 0)
  t.matches(message, "n crashed at 0 s: flood.lua:2: more than 4 MiB of messages")
end)

t.test("timers that take no time and have no end are an endless loop", function()
  local opened = submission.open("timers.lua", [[
    local node = ...
    function node.on_start(env)
      local function again() env:after(0, again) end
      again()
    end]])
  local share, message, status = submission.check(opened, { check = function(e, s)
    local w = lab.world { seed = 1 }
    local n = s:node(w, "n")
    w:run(1)
    e.that(n:up(), "n to be up", "it is down")
  end }, 1)
  t.equal(share, 0)
  t.equal(status, "budget")
  t.matches(message, "n crashed at 0 s: more than 300000 events, messages, timers and writes in one check")
end)

-- Where it went wrong

-- A node that answers "ping" to each request but the third, at which it fails in the given way.
local function pinger(wrong)
  return ([[
    local node = ...
    local n = 0
    function node.on_request(env, request)
      n = n + 1
      if n == 3 then %s end
      return "ping"
    end]]):format(wrong)
end

local function asks_five_times(e, s, seed)
  local w = lab.world { seed = seed }
  local n = s:node(w, "pinger")
  w:service("bystander", { time = 0.001 })
  for i = 1, 5 do
    w:run(1)
    e.equal(n:call { type = "x" }, "ping", "answer " .. i)
  end
end

local function failed(source, check)
  local opened = submission.open("s.lua", source, {})
  local part = { check = check }
  local share, message, status, scene = submission.check(opened, part, 1)
  t.equal(share, 0)
  return scene, submission.replay(opened, part, 1), message, status
end

t.test("a failure is where the student's node last did something, and a replay stops just before", function()
  local scene, there = failed(pinger [[return "pong"]], asks_five_times)
  t.equal(scene.node, "pinger")
  t.near(scene.at, 3.00125, 1e-9)
  t.matches(scene.diagram, "here")
  t.equal(there.node, "pinger")
  t.near(there.at, 3.00125, 1e-9)
  t.equal(there.world:now() < there.at and there.world:now() > there.at - 1e-6, true)
  there.world:step()
  t.near(there.world:now(), there.at, 1e-12)
end)

t.test("where its code failed, it is where it did so", function()
  local scene, there, message = failed(pinger [[env:after(0.25, function() error("late") end)]], function(e, s)
    local w = lab.world { seed = 1 }
    local n = s:node(w, "pinger")
    for _ = 1, 3 do n:call { type = "x" } end
    w:run(10)
    e.that(n:up(), "a node that is up", "it is down")
  end)
  t.matches(message, "pinger crashed at 0.25125 s: s.lua:5: late")
  t.near(scene.at, 0.25125, 1e-9)
  t.equal(scene.node, "pinger")
  t.equal(there.world:now() < there.at and there.world:now() > there.at - 1e-6, true)
end)

t.test("a check that knows when and where says so", function()
  local function check(e, s)
    local w = lab.world { seed = 1 }
    s:node(w, "pinger")
    local at
    local ledger = w:service("ledger", { handler = function() at = w:now() return 1 end })
    w:at(2, function() ledger:call { type = "book" } end)
    w:at(7, function() ledger:call { type = "look" } end)
    w:run(100)
    e.equal(at, nil, "the time of a booking", { at = 2.00025, node = "ledger" })
  end
  local scene, there = failed(pinger "", check)
  t.equal(scene.node, "ledger")
  t.near(scene.at, 2.00025, 1e-9)
  t.matches(scene.diagram, "book")
  t.equal(there.world:now() < 2.00025 and there.world:now() > 2.00024, true)
  t.matches(tostring(there.world:messages {}), "book")
end)

t.test("a replay stops in the right one of several worlds", function()
  local _, there = failed(pinger [[return "pong"]], function(e, s, seed)
    local before = lab.world { seed = 9 }
    before:run(50)
    before:close()
    asks_five_times(e, s, seed)
  end)
  t.near(there.at, 3.00125, 1e-9)
  t.equal(there.world:now() < there.at and there.world:now() > there.at - 1e-6, true)
  t.equal(there.world:seed(), 1)
end)

t.test("a failure without a world shows the last calls, and a replay stops before the last one", function()
  local scene, there = failed(stack, function(e, s)
    local a, b = s:load().new { limit = 3 }, s:load().new()
    for i = 1, 20 do a:push(i) end
    e.equal(a:pop(), 20)
    e.equal(b:pop(), 1, "what comes off the other")
  end)
  t.equal(scene.at, nil)
  t.matches(scene.diagram, "check +s.lua")
  t.matches(scene.diagram, "20%s+●─.*push%(18%).*│ 18")
  t.matches(scene.diagram, "24%s+●─object 2: pop%(%).*│ nothing  ✗$")
  t.equal(there.world, nil)
  t.equal(there.call, "pop()")
  t.equal(there.object:push(5), 1)
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
  t.equal(results[1].status, "broken")
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

local t = require "expect"
local term = require "term"
local pretty = require "pretty"

local pp = pretty.format

t.test("pp: the array part first, then keys sorted: numbers, strings, the rest", function()
  t.equal(pp { 3, 1, name = "x", [10] = true, ["a b"] = 1 }, '{ 3, 1, [10] = true, ["a b"] = 1, name = "x" }')
  t.equal(pp { [true] = 1, [1.5] = 0, ["end"] = 2 }, '{ [1.5] = 0, ["end"] = 2, [true] = 1 }')
  t.equal(pp { b = 1, B = 2, a = 3, [-1] = 4 }, "{ [-1] = 4, B = 2, a = 3, b = 1 }")
end)

t.test("pp: simple values", function()
  t.equal(pp(nil), "nil")
  t.equal(pp(true), "true")
  t.equal(pp(0.1), "0.1")
  t.equal(pp(1e100), "1e+100")
  t.equal(pp(0 / 0), "nan")
  t.equal(pp {}, "{}")
  t.equal(pp { 1, nil, 3 }, "{ 1, [3] = 3 }")
  t.equal(pp(coroutine.create(function() end)), "thread")
end)

t.test("pp: strings are quoted, UTF-8 stays, control and stray bytes are escaped", function()
  t.equal(pp 'say "hi"\n', [["say \"hi\"\n"]])
  t.equal(pp "é\0\1271\255", [["é\000\1271\255"]])
  t.equal(pp(("x"):rep(5000)), '"' .. ("x"):rep(4000) .. '" … 1000 more bytes')
  t.equal(pp({ ("é"):rep(150) }, { width = 400 }), '{ "' .. ("é"):rep(100) .. '" … 100 more bytes }')
end)

t.test("pp: functions by name, never an address", function()
  t.equal(pp(string.rep), "function: string.rep")
  t.equal(pp(function() end), "function")
  local f = function() end
  pretty.name(f, "lab.cache.lru")
  t.equal(pp { make = f }, "{ make = function: lab.cache.lru }")
end)

t.test("pp: depth 3, and more on request", function()
  local deep = { a = { b = { c = { d = 1 } } } }
  t.equal(pp(deep), "{ a = { b = { c = { … } } } }")
  t.equal(pp(deep, { depth = 9 }), "{ a = { b = { c = { d = 1 } } } }")
  t.equal(pp(deep, { depth = 1 }), "{ a = { … } }")
end)

t.test("pp: twenty items, then how many more", function()
  local big = {}
  for i = 1, 200 do big[i] = i end
  t.equal(pp(big), [[
{
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
  … 180 more
}]])
  t.equal(pp(big, { items = 2 }), "{ 1, 2, … 198 more }")
  local map = {}
  for i = 1, 1000 do map[string.format("k%04d", i)] = i end
  t.equal(pp(map, { items = 2 }), "{ k0001 = 1, k0002 = 2, … 998 more }")
end)

t.test("pp: a cycle names the path to where it leads; a value met twice is no cycle", function()
  local a = { name = "a" }
  a.self = a
  t.equal(pp(a), '{ name = "a", self = <cycle: root> }')
  local b = { list = { { x = 1 } } }
  b.list[1].up = b.list
  t.equal(pp(b), "{ list = { { up = <cycle: root.list>, x = 1 } } }")
  local shared = { 1 }
  t.equal(pp { shared, shared }, "{ { 1 }, { 1 } }")
end)

t.test("pp: indented when one line is too narrow", function()
  local value = { name = "a long enough name", inner = { first = "value", second = { 1, 2 } } }
  t.equal(pp(value, { width = 40 }), [[
{
  inner = {
    first = "value",
    second = { 1, 2 }
  },
  name = "a long enough name"
}]])
end)

t.test("pp: a value with its own text prints it", function()
  local cache = setmetatable({}, { __tostring = function() return 'Cache{policy="lru", size=3/8}' end })
  t.equal(pp(cache), 'Cache{policy="lru", size=3/8}')
  t.equal(pp { c = cache }, '{ c = Cache{policy="lru", size=3/8} }')
  local picture = setmetatable({ text = "x" }, { __tostring = function() return "a\nb" end, __metatable = "Picture" })
  t.equal(pp(picture), "a\nb")
  t.equal(pp(setmetatable({ text = "x" }, { __metatable = "Picture" })), '{ text = "x" }')
end)

t.test("pp: no field functions run", function()
  local trap = setmetatable({ 1 }, { __index = function() error("called") end })
  t.equal(pp(trap), "{ 1 }")
end)

t.test("pp: colours by type, only when they are on", function()
  term.configure { color = true }
  local text = pp { a = 1, b = "x", c = true }
  local plain = pp({ a = 1 }, { color = false })
  term.configure { color = false }
  t.equal(text, '{ a = \27[36m1\27[0m, b = \27[32m"x"\27[0m, c = \27[35mtrue\27[0m }')
  t.equal(plain, "{ a = 1 }")
end)

t.test("pp: in ASCII everything is escaped or replaced", function()
  term.configure { unicode = false }
  local text = pp { "é", { { {} , { 1 } } } }
  local cut = pp({ 1, 2, 3 }, { items = 1 })
  term.configure { unicode = true }
  t.equal(text, [[{ "\195\169", { { {}, { ... } } } }]])
  t.equal(cut, "{ 1, ... 2 more }")
end)

t.test("pp: a wrong option is named", function()
  t.raises(function() pp({}, { dept = 1 }) end, "bad option 'dept' for pp")
  t.raises(function() pp({}, { depth = "deep" }) end, "option 'depth' for pp is a number, got string")
end)

assert(t.summary())

local t = require "expect"
local r = lab.replicate

t.test("crdt: an operation that a type lacks is an error that names those it has", function()
  t.raises(function() r.or_set():increment() end, "or_set does add and remove, not \"increment\"")
  t.raises(function() r.g_counter():decrement() end, "g_counter does increment")
  t.raises(function() r.rga_text():insert(3, "x") end, "'at' is a place from 1 to 1, not 3")
  t.raises(function() r.lww_map():put("f") end, "value")
end)

t.test("crdt: only copies of one type merge, and a delta may be a plain table", function()
  local a, b = r.pn_counter { replica = "a" }, r.pn_counter { replica = "b" }
  t.raises(function() a:merge(r.g_counter()) end, "a pn_counter does not merge with a g_counter")
  t.raises(function() a:merge { x = "y" } end, "pn_counter")
  t.is_true(b:merge(a:apply { op = "increment", by = 3 }))
  t.equal(b:merge(a), false)
  t.equal(b:value(), 3)
end)

t.test("crdt: what changed since a version is less than everything", function()
  local a, b = r.or_set { replica = "a" }, r.or_set { replica = "b" }
  for i = 1, 100 do a:add(i) end
  b:merge(a)
  local seen = a:version()
  a:add(101)
  a:remove(1)
  local delta = a:delta(seen)
  t.is_true(#require("json").encode(delta) < 200)
  b:merge(delta)
  t.equal(b:value(), a:value())
  local bytes, value_bytes = a:size_bytes()
  t.is_true(bytes > value_bytes)
end)

t.test("version_vector: compares with another one, or with a table", function()
  local v = r.version_vector { values = { a = 1 } }
  t.equal(v:compare({ a = 1, b = 1 }), "before")
  t.equal(v:merge({ b = 2 }), true)
  t.equal(v:increment("a"), 2)
  t.equal(v:values(), { a = 2, b = 2 })
  t.raises(function() v:merge({ a = "x" }) end, "number")
end)

assert(t.summary())

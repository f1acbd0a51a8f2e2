local t = require "expect"

t.test("cache: put, get and keys as in the first example of the course", function()
  local c = lab.cache.lru { capacity = 2 }
  c:put("a", 1)
  c:put("b", 2)
  t.equal(c:get("a"), 1)
  c:put("c", 3)
  t.equal(c:keys(), { "c", "a" })
  t.equal(c:get("b"), nil)
  t.equal(c:stats(), { hits = 1, misses = 1, hit_ratio = 0.5, insertions = 3, evictions = 1, rejections = 0 })
  t.equal(tostring(c), "Cache{lru, 2 of 2 entries}")
  c:reset_stats()
  t.equal(c:stats().hits, 0)
  t.equal(c:size(), 2)
end)

t.test("cache: values are copies, and numbers and strings are different keys", function()
  local c = lab.cache.lru { capacity = 8 }
  local value = { name = "x", list = { 1, 2 } }
  c:put("table", value)
  value.name = "changed"
  t.equal(c:get("table"), { name = "x", list = { 1, 2 } })
  c:put(5, "number")
  c:put("5", "text")
  c:put(-0.5, "half")
  t.equal(c:get(5), "number")
  t.equal(c:get("5"), "text")
  t.equal(c:get(-0.5), "half")
  c:put("bare")
  t.equal(c:get("bare"), true)
  t.equal(c:erase("bare"), true)
  t.equal(c:erase("bare"), false)
  t.equal(c:peek("table").name, "x")
  t.equal(c:contains("nothing"), false)
  c:clear()
  t.equal(c:keys(), {})
end)

t.test("cache: bytes are counted, and what is too large is not kept", function()
  local c = lab.cache.lru { capacity_bytes = 100 }
  t.equal(c:put("a", "x", 60), true)
  t.equal(c:put("b", "y", 60), true)
  t.equal(c:keys(), { "b" })
  t.equal(c:put("b", "y", 101), false)
  t.equal(c:keys(), {})
  c:put("abc", ("x"):rep(20)) -- 3 for the key, 5 + 20 for the value
  t.equal(c:used(), 28)
  t.equal({ c:capacity() }, { 100, "bytes" })
end)

t.test("cache: replays a list of keys and a generated trace, and returns the counters of that replay", function()
  local c = lab.cache.lru { capacity = 2 }
  local first = c:replay { "a", "b", "a", "c", "b" }
  t.equal({ first.hits, first.misses }, { 1, 4 })
  local trace = lab.workload.sequential { count = 2 }:trace { requests = 10 }
  local second = c:replay(trace)
  t.equal({ second.hits, second.misses }, { 8, 2 })
  t.equal(c:replay(trace).hits, 10) -- from the beginning again
  t.equal(c:stats().hits, 19)
end)

t.test("cache: mistakes are named", function()
  local c = lab.cache.lru(2)
  t.raises(function() lab.cache.lru {} end, "missing")
  t.raises(function() lab.cache.lru { capacity = 1, capacity_bytes = 1 } end, "not both")
  t.raises(function() lab.cache.lru { capacity = 0 } end, "at least 1")
  t.raises(function() lab.cache.lru { capcity = 1 } end, "did you mean 'capacity'")
  t.raises(function() c:get {} end, "bad argument 'key': expected a string or a number, got a table")
  t.raises(function() c:get(0 / 0) end, "bad argument 'key'")
  t.raises(function() c:put("a", print) end, "cannot travel")
  t.raises(function() c:put("a", 1, -1) end, "bad argument 'size'")
  t.raises(function() c:replay(nil) end, "bad argument 'trace'")
  t.raises(function() c:replay { 1, {} } end, "bad argument 'key'")
end)

assert(t.summary())

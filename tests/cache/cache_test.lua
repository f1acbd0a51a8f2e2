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

local policies = { "fifo", "lifo", "lru", "mru", "lfu", "random", "clock", "slru", "two_queue", "arc", "lirs",
  "sieve", "s3_fifo", "w_tiny_lfu", "sampled" }

t.test("cache: every policy refuses a capacity that is none", function()
  for _, name in ipairs(policies) do
    local make = lab.cache[name]
    t.raises(function() make { capacity = 0 } end, "at least 1")
    t.raises(function() make { capacity = -5 } end, "capacity")
    t.raises(function() make { capacity = 0 / 0 } end, "capacity")
    t.raises(function() make { capacity = 1 / 0 } end, "capacity")
    t.raises(function() make { capacity = 2.5 } end, "capacity")
    t.raises(function() make { capacity = "ten" } end, "capacity")
    t.raises(function() make { capacity_bytes = 0 } end, "at least 1")
    t.raises(function() make {} end, "missing")
  end
end)

t.test("cache: every policy does better than none on popular keys, and prints what it is", function()
  local trace = lab.workload.zipf { count = 1000 }:trace { requests = 20000 }
  for _, name in ipairs(policies) do
    local c = lab.cache[name] { capacity = 100 }
    t.equal(tostring(c), ("Cache{%s, 0 of 100 entries}"):format(name))
    if name ~= "mru" and name ~= "lifo" then t.is_true(c:replay(trace).hit_ratio > 0.5, name) end
  end
end)

t.test("cache: nothing beats the one that knows the future", function()
  local trace = lab.workload.zipf { count = 1000, skew = 0.8 }:trace { requests = 20000 }
  local best = lab.cache.belady { capacity = 100, trace = trace }:replay(trace).hits
  for _, name in ipairs(policies) do
    t.is_true(lab.cache[name] { capacity = 100 }:replay(trace).hits <= best, name)
  end
end)

t.test("cache: a policy in Lua gets keys as they are, and why they go", function()
  local log = {}
  local c = lab.cache.custom {
    capacity_bytes = 100,
    start = function(p, capacity) p.list = {}; log[#log + 1] = "start " .. capacity end,
    advance = function(_, now) log[#log + 1] = "at " .. now end,
    on_insert = function(p, key, size) table.insert(p.list, key); log[#log + 1] = ("+%s %d"):format(key, size) end,
    on_hit = function(_, key) log[#log + 1] = "!" .. tostring(key) end,
    victim = function(p, key, size) log[#log + 1] = ("?%s %d"):format(key, size); return p.list[1] end,
    on_remove = function(p, key, why)
      for i, other in ipairs(p.list) do
        if other == key then table.remove(p.list, i) end
      end
      log[#log + 1] = ("-%s %s"):format(key, why)
    end,
  }
  c:put("a", 1, 60)
  c:get("a")
  c:advance(2.5)
  c:put(7, 1, 60)
  c:put(-0.5, 1, 10)
  c:erase(-0.5)
  c:clear()
  t.equal(log, { "start 100", "+a 60", "!a", "at 2.5", "?7 60", "-a evicted", "+7 60", "+-0.5 10", "--0.5 erased",
    "start 100", "at 2.5" })
end)

t.test("cache: mistakes of a policy in Lua are told at the line of the call", function()
  local function policy(options)
    local all = { capacity = 1, on_insert = function() end, victim = function() end, on_remove = function() end }
    for k, v in pairs(options) do all[k] = v end
    return lab.cache.custom(all)
  end
  t.raises(function() lab.cache.custom { capacity = 1 } end, "on_insert")
  t.raises(function() policy { on_hti = print } end, "did you mean 'on_hit'")
  t.raises(function() policy { victim = 5 } end, "bad option 'victim'")
  local nobody = policy {}
  nobody:put("a")
  t.raises(function() nobody:put("b") end, "victim: expected a key that is in the cache, got nil")
  t.raises(function() nobody:put("c") end, "out of order until clear")
  nobody:clear()
  t.is_true(nobody:put("c"))
  local inner
  inner = policy { on_hit = function() inner:put("x") end, victim = function() return "a" end }
  inner:put("a")
  t.raises(function() inner:get("a") end, "a hook may not use its own cache")
  local yields = policy { on_insert = function() coroutine.yield() end }
  t.raises(function() yields:put("a") end, "on_insert: .*attempt to yield")
end)

t.test("cache: a policy in Lua serves the caches of simulated processes, each with a table of its own", function()
  local c = lab.cache.custom {
    capacity = 10,
    start = function(p) p.first, p.last = 1, 0 end,
    on_insert = function(p, key) p.last = p.last + 1; p[p.last] = key end,
    victim = function(p) return p[p.first] end,
    on_remove = function(p) p.first = p.first + 1 end,
  }
  local w = lab.world { seed = 1 }
  local app = w:fleet("app", 2, { time = 1 * ms, filters = { lab.cache.filter { cache = c } } })
  local users = w:load { to = w:balancer("lb", app), rate = 200, keys = lab.workload.zipf { count = 50 } }
  w:run(5 * s)
  t.equal(users:errors(), 0)
  t.equal(c:size(), 0)
  t.is_true(w:find("app-1"):state().filters[1].hits > 50)
end)

t.test("cache: entries with a time to live", function()
  local c = lab.cache.ttl { cache = lab.cache.sieve { capacity = 10 }, ttl = 10 }
  t.equal(tostring(c), "Cache{ttl(sieve), 0 of 10 entries}")
  c:put("a", 1)
  c:put_for(100, "b", 2)
  c:advance(10)
  t.equal({ c:get("a"), c:get("b") }, { nil, 2 })
  t.equal(c:stats().expired, 1)
  t.raises(function() lab.cache.ttl { cache = c, ttl = 0 } end, "ttl")
  t.raises(function() lab.cache.ttl { cache = c, ttl = 1, jitter = 2 } end, "jitter")
  t.raises(function() lab.cache.lru { capacity = 1 }:put_for(1, "a") end, "do not expire")
  t.raises(function() c:put_for(0, "a") end, "above 0")
  t.raises(function() c:advance(-1) end, "now")
end)

t.test("cache: ten million keys through a small cache", function()
  local c = lab.cache.s3_fifo { capacity = 1000 }
  local stats = c:replay(lab.workload.sequential { count = 1e7 }:trace { requests = 1e7 })
  t.equal({ stats.hits, stats.misses, stats.evictions, c:size() }, { 0, 1e7, 1e7 - 1000, 1000 })
end)

assert(t.summary())

local t = require "expect"

t.test("cache servers: mistakes are named", function()
  local function refuses(make, options, pattern)
    t.raises(function() lab.cache[make](options) end, pattern)
  end
  refuses("memcached", { servers = 0 }, "from 1 to 1000")
  refuses("memcached", { threads = 0 }, "from 1 to 1024")
  refuses("memcached", { memory = 1000 }, "memory")
  refuses("memcached", { factor = 1 }, "factor")
  refuses("memcached", { nodes = 3 }, "bad option 'nodes'")
  refuses("memcached", { timeout = 0 }, "above 0")
  refuses("redis", { shards = 0 }, "from 1 to 1000")
  refuses("redis", { replica = 1 }, "did you mean 'replicas'")
  refuses("redis", { policy = "volatile-lru", memory = 1000 }, "allkeys%-lru")
  refuses("redis", { policy = "allkeys-lru" }, "without memory nothing is evicted")
  refuses("redis", { replicas = 1, min_replicas = 2 }, "not so many")
  refuses("redis", { node_timeout = 0 }, "above 0")
  refuses("redis", { memory = 0 }, "at least 1")
  refuses("redis", { memory = 1000, policy = "allkeys-random", samples = 3 }, "it is of allkeys%-lru")
  local w = lab.world { seed = 1 }
  t.raises(function() w:cache("mc", lab.cache.lru { capacity = 1 }) end, "CacheProfile")
  t.raises(function() w:cache("mc", lab.cache.memcached(), { zones = "a" }) end, "did you mean 'zone'")
  local mc = w:cache("mc", lab.cache.memcached { servers = 2 })
  t.raises(function() w:cache("mc", lab.cache.memcached()) end, "mc")
  t.raises(function() mc:call(5) end, "bad argument 'request'")
  t.raises(function() lab.cache.filter { cache = mc, write = "back" } end, "it needs a Cache of its own")
  t.raises(function() lab.cache.filter { cache = w } end, "expected a Cache or CacheServers, got a World")
  local _, err = mc:call { type = "cas", key = "x" }
  t.equal(err.code, "not_found")
  _, err = mc:call { type = "set", value = 1 }
  t.equal(err.code, "malformed")
end)

t.test("slab cache: mistakes are named, and small items of one size leave no room for large ones", function()
  t.raises(function() lab.cache.slab { memory = 1000 } end, "less than a page")
  t.raises(function() lab.cache.slab { factor = 1 } end, "factor")
  t.raises(function() lab.cache.slab { capacity = 1 } end, "bad option 'capacity'")
  local c = lab.cache.slab { memory = 4*MiB }
  for key = 1, 50000 do c:put(key, true, 40) end
  t.equal(c:size(), 4 * math.floor(1*MiB / 96))
  for key = 1, 50 do c:put("large" .. key, true, 100*KiB) end
  t.equal(c:size(), 4 * math.floor(1*MiB / 96) + 10) -- one page, of chunks of 103496 bytes
end)

t.test("memcached: keys are spread over the servers, and a crash empties one of them", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached { servers = 3 })
  for key = 1, 300 do t.equal(mc:call { type = "set", key = key, value = key }, true) end
  local sizes = {}
  for i, node in ipairs(mc:nodes()) do
    sizes[i] = node:state().filters[1].size
    t.is_true(sizes[i] > 30, "a share of the keys")
  end
  t.equal(sizes[1] + sizes[2] + sizes[3], 300)
  w:inject(lab.fault.crash "mc-2")
  local missing, failed = 0, 0
  for key = 1, 300 do
    local value, err = mc:call { key = key }
    if err then failed = failed + 1 end
    if not err and value == nil then missing = missing + 1 end
  end
  t.equal({ failed, missing }, { sizes[2], 0 })
  w:inject(lab.fault.restart "mc-2")
  failed, missing = 0, 0
  for key = 1, 300 do
    local value, err = mc:call { key = key }
    if err then failed = failed + 1 end
    if not err and value == nil then missing = missing + 1 end
  end
  t.equal({ failed, missing }, { 0, sizes[2] })
end)

-- An app whose reads go to the servers first.
local function aside(w, servers, options)
  options.cache = servers
  local db = w:service("db", { time = 10*ms, slots = 8, filters = { lab.store.rows { rows = 100 } } })
  local app = w:fleet("app", 2, {
    slots = 100, handler = function(request, context) return context:call(db, request) end,
    filters = { lab.cache.filter(options) },
  })
  return app, db
end

t.test("cache filter on servers: processes share what is there; without the servers the store answers", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached { servers = 2 })
  local app, db = aside(w, mc, { ttl = 60 })
  t.equal(app[1]:call { key = 7 }, 7)
  t.equal(app[2]:call { key = 7 }, 7)
  t.equal(db:state().filters[1].reads, 1)
  t.equal(app[2]:state().filters[1].hits, 1)
  t.equal(app[2]:call { type = "put", key = 7, value = "new" }, true)
  t.equal(app[1]:call { key = 7 }, "new")
  w:inject(lab.fault.crash "mc-1")
  w:inject(lab.fault.crash "mc-2")
  t.equal(app[1]:call { key = 7 }, "new")
  t.equal(app[1]:call { type = "put", key = 7, value = "newer" }, true)
  t.equal(app[2]:call { key = 7 }, "newer")
  t.equal(app[1]:state().filters[1].unreached, 1)
  t.is_true(app[1]:state().filters[1].server_errors >= 2, "errors of the servers are counted")
end)

t.test("cache filter on servers: a reader that was slow puts back what a writer has removed", function()
  -- App 1 reads the old row; before its answer is there, app 2 writes, and removes the key. Then app 1 keeps the old.
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached())
  local app = aside(w, mc, { ttl = 60 })
  w:inject(lab.fault.delay { from = "db", to = "app-1", by = 100*ms }, 50*ms)
  local old
  w:spawn(function() old = app[1]:call { key = 7 } end)
  w:run(20*ms)
  t.equal(app[2]:call { type = "put", key = 7, value = "new" }, true)
  w:run(1)
  t.equal(old, 7)
  t.equal(app[1]:call { key = 7 }, 7) -- and for a minute everybody sees it
  w:run(60)
  t.equal(app[1]:call { key = 7 }, "new")
end)

t.test("cache filter on servers: with a lease the slow reader's old value is not put back", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached())
  local app = aside(w, mc, { ttl = 60, lease = 5 })
  w:inject(lab.fault.delay { from = "db", to = "app-1", by = 100*ms }, 50*ms)
  w:spawn(function() app[1]:call { key = 7 } end)
  w:run(20*ms)
  t.equal(app[2]:call { type = "put", key = 7, value = "new" }, true)
  w:run(1)
  t.equal(app[1]:call { key = 7 }, "new")
  t.equal(app[2]:call { key = 7 }, "new")
end)

t.test("cache filter on servers: of many processes one reads, and when it dies another does after the lease", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached())
  local app, db = aside(w, mc, { ttl = 60, lease = 2 })
  for i = 1, 10 do w:spawn(function() app[1 + i % 2]:call { key = 7, timeout = 10 } end) end
  w:run(1)
  t.equal(db:state().filters[1].reads, 1)
  t.is_true(app[1]:state().filters[1].lease_waits + app[2]:state().filters[1].lease_waits > 0, "the others waited")

  local value, at
  w:spawn(function() app[1]:call { key = 8 } end)
  w:run(3*ms) -- it has the lease, and the store is reading
  w:inject(lab.fault.crash "app-1")
  w:spawn(function() value, at = app[2]:call { key = 8, timeout = 10 }, w:now() end)
  local began = w:now()
  w:run(5)
  t.equal(value, 8)
  t.near(at - began, 2, 0.05, "the end of the lease")
end)

t.test("cache filter: a lease goes with servers, and with nothing that renews early", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached())
  for _, more in ipairs { "early", "ahead" } do
    t.raises(function() lab.cache.filter { cache = mc, ttl = 1, lease = 1, [more] = 0.5 } end, "'lease'.*" .. more)
  end
  t.raises(function() lab.cache.filter { cache = mc, lease = 0 } end, "above 0")
  t.raises(function() lab.cache.filter { cache = mc, lease = 1, write = "through" } end, "'lease'.*write around")
end)

t.test("cache filter on servers: while the servers cannot be reached, removals are lost and old values stay", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached())
  local app = aside(w, mc, { ttl = 60 })
  app[1]:call { key = 7 }
  local cut = w:inject(lab.fault.partition { sides = { { "app-1" }, { "mc-1" } } })
  t.equal(app[1]:call { type = "put", key = 7, value = "new" }, true)
  t.equal(app[1]:state().filters[1].unreached, 1)
  w:heal(cut)
  t.equal(app[1]:call { key = 7 }, 7)
end)

t.test("cache aside, by hand: a handler asks the servers, then the store, and tells the servers", function()
  local w = lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached { servers = 2 })
  local db = w:service("db", { time = 10*ms, filters = { lab.store.rows { rows = 10 } } })
  local app = w:fleet("app", 2, {
    slots = 10,
    handler = function(request, context)
      local value = context:call(mc, { key = request.key })
      if value == nil then
        value = context:call(db, request)
        context:call(mc, { type = "set", key = request.key, value = value, ttl = 60 })
      end
      return value
    end,
  })
  t.equal(app[1]:call { key = 3 }, 3)
  local before = w:now()
  t.equal(app[2]:call { key = 3 }, 3)
  t.is_true(w:now() - before < 5*ms, "the second reader does not wait for the store")
  t.equal(mc:call { key = 3 }, 3)
end)

t.test("cache servers: those of one world cannot be used in another", function()
  local w, other = lab.world { seed = 1 }, lab.world { seed = 1 }
  local mc = w:cache("mc", lab.cache.memcached())
  local filter = lab.cache.filter { cache = mc }
  t.raises(function() other:service("app", { filters = { filter } }) end, "item 1 uses nodes of another world")
  local app = other:service("app", { handler = function(_, context) return context:call(mc, { key = 1 }) end })
  local _, err = app:call()
  t.matches(err.message, "another world")
end)

t.test("redis: memory full and no eviction is an error, with a policy somebody leaves", function()
  local w = lab.world { seed = 1 }
  local full = w:cache("full", lab.cache.redis { replicas = 0, memory = 10000 })
  local lru = w:cache("lru", lab.cache.redis { replicas = 0, memory = 10000, policy = "allkeys-lru" })
  w:run(1)
  local refused = 0
  for key = 1, 200 do
    local _, err = full:call { type = "set", key = key, value = key }
    if err then
      t.equal(err.code, "out_of_memory")
      refused = refused + 1
    end
    t.equal(lru:call { type = "set", key = key, value = key }, true)
  end
  t.is_true(refused > 0, "some writes are refused")
  t.equal(full:call { key = 1 }, 1)
  t.equal(full:nodes()[1]:state().refused, refused)
  for _, policy in ipairs { "allkeys-lfu", "allkeys-random" } do
    local redis = w:cache(policy, lab.cache.redis { replicas = 0, memory = 10000, policy = policy })
    w:run(1)
    for key = 1, 200 do t.equal(redis:call { type = "set", key = key, value = key }, true) end
    t.is_true(redis:nodes()[1]:state().evictions > 0, policy .. " evicts")
  end
  local state = lru:nodes()[1]:state()
  t.is_true(state.evictions > 0 and state.used <= 10000, "it evicts and stays within its memory")
end)

t.test("redis: a run with crashes and a partition has the same digest every time", function()
  local function run()
    local w = lab.world { seed = 9 }
    local redis = w:cache("redis", lab.cache.redis { replicas = 2, node_timeout = 1 })
    local app = aside(w, redis, { ttl = 2, jitter = 0.5, early = 1, negative_ttl = 1 })
    local load = w:load { to = app[1], rate = 200, keys = 100, mix = { get = 0.9, put = 0.1 } }
    w:at(2, lab.fault.crash "primaries")
    w:at(6, lab.fault.restart "redis-1")
    w:at(8, lab.fault.partition { isolate = "redis-2" }, 3)
    w:run(15)
    return w:digest(), load:errors(), load:ok()
  end
  local digest, errors, ok = run()
  t.equal(run(), digest)
  t.equal(errors, 0) -- a cache may fail, the store answers
  t.is_true(ok > 2500, "requests are answered")
end)

assert(t.summary())

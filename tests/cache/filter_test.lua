local t = require "expect"

local function lru(n) return lab.cache.lru { capacity = n or 100 } end

local function store(w, options)
  return w:service("db", {
    time = 10*ms, slots = 4, filters = { lab.cache.filter(options), lab.store.rows { rows = 1000 } },
  })
end

t.test("cache filter: mistakes are named", function()
  local function refuses(options, pattern)
    t.raises(function() lab.cache.filter(options) end, pattern)
  end
  refuses({}, "missing option 'cache'")
  refuses({ cache = 5 }, "Cache")
  refuses({ cache = lru(), wirte = "back" }, "did you mean 'write'")
  refuses({ cache = lru(), write = "behind" }, "back")
  refuses({ cache = lru(), ttl = 0 }, "above 0")
  refuses({ cache = lru(), ttl = -1 }, "above 0")
  refuses({ cache = lru(), ttl = 0 / 0 }, "ttl")
  refuses({ cache = lru(), jitter = 0.1 }, "'jitter'.*needs a ttl")
  refuses({ cache = lru(), early = 1 }, "'early'.*needs a ttl")
  refuses({ cache = lru(), ahead = 0.5 }, "'ahead'.*needs a ttl")
  refuses({ cache = lru(), ttl = 1, jitter = 1.5 }, "jitter")
  refuses({ cache = lru(), ttl = 1, early = -1 }, "early")
  refuses({ cache = lru(), ttl = 1, ahead = 1 }, "below 1")
  refuses({ cache = lru(), negative_ttl = 0 }, "above 0")
  refuses({ cache = lru(), flush_interval = 1 }, "'flush_interval'.*write = 'back'")
  refuses({ cache = lru(), write = "through", flush_batch = 8 }, "'flush_batch'.*write = 'back'")
  refuses({ cache = lru(), write = "back", flush_batch = 0 }, "at least 1")
  refuses({ cache = lru(), write = "back", dirty_limit = 0 }, "at least 1")
  refuses({ cache = lru(), lease = 1 }, "it is for CacheServers")
  refuses({ cache = lru(), reads = {} }, "names no type")
  refuses({ cache = lru(), reads = { 5 } }, "reads")
  refuses({ cache = lru(), writes = { "get" } }, "cannot be a read and a write")
end)

t.test("cache filter: a crash loses what write-back had not flushed, and says how much", function()
  for _, mode in ipairs { "around", "through", "back" } do
    local w = lab.world { seed = 1 }
    local options = { cache = lru(), write = mode }
    if mode == "back" then options.flush_interval = 5 end
    local db = store(w, options)
    for key = 1, 20 do db:call { type = "put", key = key, value = "new" } end
    t.equal(db:metrics().cache_dirty, mode == "back" and 20 or 0, mode)
    w:inject(lab.fault.crash "db")
    t.equal(db:metrics().cache_dirty, mode == "back" and 20 or 0, mode)
    w:inject(lab.fault.restart "db")
    w:run(1)
    local lost = 0
    for key = 1, 20 do
      if db:call { key = key } ~= "new" then lost = lost + 1 end
    end
    t.equal(lost, mode == "back" and 20 or 0, mode)
    t.equal(db:metrics().cache_lost_total, lost, mode)
    t.equal(db:metrics().cache_dirty, 0, mode)
  end
end)

t.test("cache filter: what was flushed before the crash is not lost", function()
  local w = lab.world { seed = 1 }
  local db = store(w, { cache = lru(), write = "back", flush_interval = 1, flush_batch = 8 })
  for key = 1, 20 do db:call { type = "put", key = key, value = "new" } end
  w:run(2)
  for key = 21, 25 do db:call { type = "put", key = key, value = "new" } end
  w:inject(lab.fault.crash "db")
  w:inject(lab.fault.restart "db")
  w:run(1)
  t.equal(db:metrics().cache_lost_total, 5)
  t.equal(db:metrics().cache_flushed_total, 20)
  for key = 1, 20 do t.equal(db:call { key = key }, "new") end
  for key = 21, 25 do t.equal(db:call { key = key }, key) end
end)

t.test("cache filter: the same run gives the same digest", function()
  local function run()
    local w = lab.world { seed = 5 }
    local db = store(w, {
      cache = lru(50), write = "back", flush_interval = 0.2, ttl = 0.5, jitter = 0.3, early = 1, single_flight = true,
      negative_ttl = 0.1,
    })
    local load = w:load {
      to = db, rate = 200, keys = lab.workload.zipf { count = 1100, skew = 1 },
      mix = { get = 0.8, put = 0.15, delete = 0.05 },
    }
    w:at(2, lab.fault.crash "db")
    w:at(3, lab.fault.restart "db")
    w:run(5)
    load:stop()
    return w:digest(), db:state().filters[1]
  end
  local digest, state = run()
  t.equal(run(), digest)
  local counters = { "hits", "misses", "expired", "early", "joined", "negative_hits", "coalesced", "flushes" }
  for _, counter in ipairs(counters) do
    t.is_true(state[counter] > 0, counter)
  end
end)

-- How many of ten runs with six clients the checker calls violated, and how many operations succeeded.
local function judged(options, case)
  local violated, operations = 0, 0
  for seed = 1, 10 do
    local w = lab.world { seed = seed, latency = lab.dist.exp { mean = 1*ms } }
    local db = w:service("db", {
      time = lab.dist.exp { mean = 5*ms }, slots = 8, filters = { lab.store.rows() },
    })
    local with = {
      cache = case.servers and w:cache("mc", lab.cache.memcached { servers = 2 }) or lru(2),
      ttl = 0.2, early = 1, negative_ttl = 0.05, single_flight = seed % 2 == 0, ahead = seed % 3 == 0 and 0.5 or nil,
    }
    for name, value in pairs(options) do with[name] = value or nil end
    local app = w:fleet("app", case.apps or 1, {
      slots = 1000, handler = function(request, context) return context:call(db, request) end,
      filters = { lab.cache.filter(with) },
    })
    local clients = w:clients { count = 6, to = app, keys = 3, think = 5*ms }
    if case.crash then
      w:at(1.03, lab.fault.crash "app-1")
      w:at(1.5, lab.fault.restart "app-1")
    end
    w:run(2.5)
    operations = operations + clients:ok()
    if lab.check.linearizable(clients:history(), "register").verdict == "violated" then violated = violated + 1 end
  end
  return violated, operations
end

t.test("cache filter: one process before a store is linearizable, whatever it does with writes", function()
  local back = { write = "back", flush_interval = 0.05, flush_batch = 2, dirty_limit = 2 }
  for _, options in ipairs { { write = "around" }, { write = "through" }, back } do
    local violated, operations = judged(options, {})
    t.equal(violated, 0, options.write)
    t.is_true(operations > 5000, "clients got answers")
  end
  t.equal(judged({ write = "through" }, { crash = true }), 0)
  t.equal(judged({ write = "around" }, { servers = true }), 0)
end)

t.test("cache filter: the checker sees a crash of write-back, and several processes", function()
  t.is_true(judged({ write = "back", flush_interval = 0.05 }, { crash = true }) > 0, "a crash between flushes")
  t.is_true(judged({ write = "around" }, { apps = 2 }) > 0, "two processes with a cache each")
  t.is_true(judged({ write = "through" }, { apps = 3, servers = true }) > 0, "three processes that share servers")
end)

t.test("cache filter: with leases several processes that share servers are linearizable", function()
  local violated, operations = judged({ lease = 1, early = 0, ahead = false }, { apps = 3, servers = true })
  t.equal(violated, 0)
  t.is_true(operations > 5000, "clients got answers")
end)

t.test("store rows: mistakes are named", function()
  t.raises(function() lab.store.rows { rows = -1 } end, "rows")
  t.raises(function() lab.store.rows { row = 1 } end, "did you mean")
  t.raises(function() lab.store.rows { row_time = -1 } end, "row_time")
end)

t.test("store rows: an answered write survives the crash of the machine, unless the disk lies", function()
  for _, lies in ipairs { false, true } do
    local w = lab.world { seed = 1 }
    local db = w:service("db", { time = 1*ms, filters = { lab.store.rows() } })
    if lies then w:inject(lab.fault.disk_lying { target = "db" }) end
    t.equal(db:call { type = "put", key = "x", value = 1 }, true)
    w:inject(lab.fault.crash { target = "db", disk = "synced" })
    w:inject(lab.fault.restart "db")
    local value, err = db:call { key = "x" }
    if lies then
      t.equal(err.code, "not_found")
    else
      t.equal(value, 1)
    end
  end
end)

assert(t.summary())

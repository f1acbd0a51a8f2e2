local t = require "expect"

local function lru(n) return lab.cache.lru { capacity = n or 100 } end

local function store(w, options)
  return w:service("db", {
    time = 10*ms, slots = 4, filters = { lab.cache.filter(options), lab.store.table { rows = 1000 } },
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

t.test("store table: mistakes are named", function()
  t.raises(function() lab.store.table { rows = -1 } end, "rows")
  t.raises(function() lab.store.table { row = 1 } end, "did you mean")
  t.raises(function() lab.store.table { row_time = -1 } end, "row_time")
end)

t.test("store table: an answered write survives the crash of the machine, unless the disk lies", function()
  for _, lies in ipairs { false, true } do
    local w = lab.world { seed = 1 }
    local db = w:service("db", { time = 1*ms, filters = { lab.store.table() } })
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

local t = require "expect"

local stores = {
  kv = function(o)
    o.log, o.checkpoint_bytes = true, 2*KB
    return lab.store.kv(o)
  end,
  lsm = function(o)
    o.memtable_bytes, o.block_bytes = 1*KB, 512
    return lab.store.lsm(o)
  end,
  btree = function(o)
    o.page_bytes, o.pool_pages, o.checkpoint_bytes = 512, 8, 3*KB
    return lab.store.btree(o)
  end,
}

local function service(w, store, options)
  options = options or {}
  options.store = store
  return w:service("db", { time = 0.1*ms, slots = 64, filters = { lab.store.filter(options) } })
end

local function shown(db) return db:state().filters[1] end

t.test("store filter: requests of every kind, and keys that are numbers or texts", function()
  for name, make in pairs(stores) do
    local w = lab.world { seed = 1 }
    local db = service(w, make {})
    t.equal(db:call { type = "put", key = "x", value = { 1, 2 } }, true, name)
    t.equal(db:call { type = "put", key = 5, value = "number" }, true, name)
    t.equal(db:call { type = "put", key = "5", value = "text" }, true, name)
    t.equal(db:call { key = "x" }, { 1, 2 }, name)
    t.equal(db:call { key = 5 }, "number", name)
    t.equal(db:call { key = "5" }, "text", name)
    t.equal(select(2, db:call { key = "y" }).code, "not_found", name)
    t.equal(select(2, db:call { type = "cas", key = "x", expected = 1, value = 2 }).code, "conflict", name)
    t.equal(db:call { type = "cas", key = "x", expected = { 1, 2 }, value = 2 }, true, name)
    t.equal(db:call { type = "put_many", entries = { { key = "a", value = 1 }, { key = "5" } } }, 2, name)
    t.equal(db:call { type = "delete", key = "nothing" }, true, name)
    local all = db:call { type = "scan" }
    t.equal({ all[1].key, all[2].key, all[3].key, #all }, { 5, "a", "x", 3 }, name)
    t.equal(#db:call { type = "scan", from = "a", to = "x" }, 1, name)
    t.equal(#db:call { type = "scan", limit = 2 }, 2, name)
  end
end)

t.test("store filter: writes that come together are synced together", function()
  local w = lab.world { seed = 1 }
  local db = service(w, lab.store.lsm())
  for i = 1, 50 do w:spawn(function() db:call { type = "put", key = i, value = i } end) end
  w:run(1)
  t.equal(shown(db).writes, 50)
  t.is_true(shown(db).syncs <= 12, shown(db).syncs .. " syncs for 50 writes")
end)

t.test("store filter: of two cas at once one loses", function()
  local w = lab.world { seed = 1 }
  local db = service(w, lab.store.lsm())
  local won, lost = 0, 0
  for i = 1, 5 do
    w:spawn(function()
      local ok, err = db:call { type = "cas", key = "x", value = i }
      if ok then won = won + 1 elseif err.code == "conflict" then lost = lost + 1 end
    end)
  end
  w:run(1)
  t.equal({ won, lost }, { 1, 4 })
end)

t.test("store filter: a batch is there as a whole or not at all, whenever the crash comes", function()
  for name, make in pairs(stores) do
    for at = 1, 40 do
      local w = lab.world { seed = at }
      local db = service(w, make {})
      w:inject(lab.fault.disk_torn "db")
      local acked = 0
      w:spawn(function()
        for i = 1, 100 do
          local entries = {}
          for k = 1, 3 do entries[k] = { key = "k" .. k, value = i } end
          if not db:call { type = "put_many", entries = entries } then return end
          acked = i
        end
      end)
      w:run(0.0013 * at)
      w:inject(lab.fault.crash { target = "db", disk = at % 2 == 0 and "prefix" or "synced" })
      w:inject(lab.fault.restart "db")
      w:run(0.5)
      local a, b, c = db:call { key = "k1" }, db:call { key = "k2" }, db:call { key = "k3" }
      t.equal({ a, a }, { b, c }, name)
      t.is_true((a or 0) >= acked and (a or 0) <= acked + 1, ("%s: %s after %d"):format(name, a, acked))
    end
  end
end)

local faults = {
  disk_torn = function() return lab.fault.disk_torn "db" end,
  disk_slow = function() return lab.fault.disk_slow { target = "db", factor = 5 } end,
  disk_full = function() return lab.fault.disk_full "db" end,
  disk_lost = function() return lab.fault.disk_lost "db" end,
  disk_corrupt = function() return lab.fault.disk_corrupt { target = "db", probability = 0.05 } end,
  disk_detected = function() return lab.fault.disk_corrupt { target = "db", probability = 0.05, detected = true } end,
}

t.test("store filter: under every fault of disks, and a crash within, the story adds up", function()
  local healthy_again, errors = 0, 0
  for name, make in pairs(stores) do
    for fault, inject in pairs(faults) do
      for seed = 1, 4 do
        local w = lab.world { seed = seed }
        local db = service(w, make {})
        local clients = w:clients { count = 4, to = db, keys = 4, think = 3*ms }
        w:at(0.3, inject(), fault ~= "disk_lost" and 0.6 or nil)
        w:at(0.5, lab.fault.crash { target = "db", disk = seed % 2 == 0 and "prefix" or "synced" })
        w:at(0.6, lab.fault.restart "db")
        w:run(2)
        local verdict = lab.check.linearizable(clients:history(), "register")
        t.equal(verdict.verdict, "ok", ("%s, %s, seed %d"):format(name, fault, seed))
        errors = errors + clients:failed() + clients:unknown()
        if shown(db).broken == nil then healthy_again = healthy_again + 1 end
      end
    end
  end
  t.equal(healthy_again, 3 * 6 * 4, "all are open again when the fault is healed")
  t.is_true(errors > 100)
end)

t.test("store filter: a disk that lies takes back what was answered, and the judge sees it", function()
  local found = 0
  for seed = 1, 5 do
    local w = lab.world { seed = seed }
    local db = service(w, lab.store.lsm())
    local clients = w:clients { count = 4, to = db, keys = 2, think = 3*ms }
    w:at(0.3, lab.fault.disk_lying "db")
    w:at(0.6, lab.fault.crash "db")
    w:at(0.7, lab.fault.restart "db")
    w:run(1.5)
    if lab.check.linearizable(clients:history(), "register").verdict == "violated" then found = found + 1 end
  end
  t.is_true(found >= 2, found .. " of 5")
end)

t.test("store filter: a flipped bit in a table is an error for who reads it, and never another value", function()
  local w = lab.world { seed = 1 }
  local db = service(w, lab.store.lsm { memtable_bytes = 2*KB, block_bytes = 256, compaction = "none" })
  for i = 1, 200 do db:call { type = "put", key = i, value = i } end
  w:run(1)
  w:inject(lab.fault.disk_corrupt { target = "db", probability = 0.3 })
  local right, failed = 0, 0
  for i = 1, 200 do
    local value, err = db:call { key = i }
    if value == i then right = right + 1 end
    if value == nil and err.code == "io_error" then failed = failed + 1 end
  end
  t.equal(right + failed, 200)
  t.is_true(failed > 10 and right > 10, failed .. " failed")
end)

t.test("store filter: compactions share the disk, and writers wait while they are behind", function()
  local function run(options)
    local w = lab.world { seed = 1 }
    options.memtable_bytes, options.sync = 64*KB, "interval"
    local db = service(w, lab.store.lsm(options))
    local load = w:load { to = db, rate = 2500, keys = 5000, mix = { put = 1 }, body = 1000 }
    w:run(3)
    return load, shown(db)
  end
  local _, calm = run { compaction = "none" }
  t.equal(calm.stalls, 0)
  local load, busy = run { compaction = "levelled", fanout = 4 }
  t.is_true(busy.stalls > 0, "writers wait")
  t.is_true(busy.stalled_time > 0.1)
  t.is_true(load:data().latency.max > 0.02)
end)

t.test("store filter: the same seed gives the same run, compactions, faults and all", function()
  local function digest()
    local w = lab.world { seed = 7 }
    local db = service(w, stores.lsm { sync = "interval", interval = 10*ms })
    w:load { to = db, rate = 500, keys = 200, mix = { put = 0.5, get = 0.4, scan = 0.1 }, body = 30 }
    w:at(0.4, lab.fault.disk_slow { target = "db", factor = 20 }, 0.3)
    w:at(0.9, lab.fault.crash { target = "db", disk = "prefix" })
    w:at(1, lab.fault.restart "db")
    w:run(1.5)
    t.is_true(shown(db).recovered > 0)
    return w:digest()
  end
  t.equal(digest(), digest())
end)

assert(t.summary())

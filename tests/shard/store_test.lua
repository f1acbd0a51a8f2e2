-- Sharded stores in a world: what the sweep (migration_sweep_test.cpp) does not look at, seen through a script.
local t = require "expect"

local function store(o)
  o = o or {}
  local w = lab.world { seed = o.seed or 1 }
  local manager = { shards = o.shards or 2, rebalance = o.rebalance, threshold = o.threshold, splits = o.splits,
    count = o.count or not o.splits and 16 or nil, interval = 0.1, failure_after = o.failure_after or 1,
    max_sending = o.max_sending, max_receiving = o.max_receiving }
  local s = { w = w, m = w:service("m", { slots = 8, filters = { lab.shard.manager(manager) } }) }
  function s.add(name, options)
    options = options or {}
    options.manager = s.m
    options.heartbeat = options.heartbeat or 0.2
    return w:service(name, { time = 1*ms, slots = 4, filters = { lab.shard.server(options), lab.store.rows() } })
  end
  for i = 1, o.shards or 2 do s.add("s" .. i) end
  s.db = w:service("db", { slots = 64, filters = { lab.shard.proxy { manager = s.m, patience = o.patience } } })
  w:run(2)
  return s
end

local function status(s) return s.m:call { type = "shard_status" } end
local function server(s, name) return s.w:find(name):state().filters[1] end
local function fill(s, count)
  for key = 1, count do s.db:call { type = "put", key = key, value = "v" .. key } end
end
local function all_there(s, count)
  for key = 1, count do t.equal(s.db:call { key = key }, "v" .. key, "row " .. key) end
end

t.test("shard store: every kind of request of a row, and a read of none is nil", function()
  local s = store()
  t.equal(s.db:call { type = "write", key = "a", value = 1 }, true)
  t.equal(s.db:call { type = "read", key = "a" }, 1)
  t.equal(s.db:call { type = "cas", key = "a", expected = 1, value = 2 }, true)
  local _, conflict = s.db:call { type = "cas", key = "a", expected = 1, value = 3 }
  t.equal(conflict.code, "conflict")
  t.equal(s.db:call { type = "delete", key = "a" }, true)
  local _, missing = s.db:call { type = "get", key = "a" }
  t.equal(missing.code, "not_found")
  local nothing, err = s.db:call { type = "read", key = "a" }
  t.is_true(nothing == nil and err == nil)
  t.equal(s.db:call { type = "cas", key = "a", expected = nil, value = 9 }, true)
  t.equal(s.db:call { key = "a" }, 9)
end)

t.test("shard store: a request with client and seq is executed once, also after its bucket has moved", function()
  local s = store { rebalance = false }
  local function add(seq, expected, value)
    return s.db:call { type = "cas", key = "n", expected = expected, value = value, client = "ann", seq = seq }
  end
  t.equal(s.db:call { type = "write", key = "n", value = 1, client = "ann", seq = 1 }, true)
  t.equal(add(2, 1, 2), true)
  t.equal(add(2, 1, 2), true)  -- again: the answer of before, although the row is 2 now
  local _, err = add(3, 1, 5)
  t.equal(err.code, "conflict")
  _, err = add(3, 2, 5)  -- it found another value then, and so it does now
  t.equal(err.code, "conflict")
  t.equal(add(4, 2, 3), true)
  for bucket = 0, 15 do s.m:call { type = "shard_move", bucket = bucket, to = "s2" } s.w:run(0.3) end
  t.equal(status(s).shards.s2.buckets, 16)
  t.equal(add(4, 2, 3), true)
  t.equal(s.db:call { key = "n" }, 3)
end)

t.test("shard store: a value that looks like a row of a session stays what it is", function()
  local s = store()
  local odd = { ["$last"] = { ann = 5 }, ["$row"] = "x" }
  s.db:call { type = "put", key = "odd", value = odd }
  t.equal(s.db:call { key = "odd" }, odd)
end)

t.test("shard store: shards come, get their share by weight, and leave; rows go with their buckets", function()
  local s = store()
  fill(s, 60)
  s.add("big", { weight = 2 })
  s.w:run(10)
  local now = status(s)
  t.equal({ now.shards.s1.buckets, now.shards.s2.buckets, now.shards.big.buckets }, { 4, 4, 8 })
  t.equal(now.disbalance, 0)
  all_there(s, 60)
  s.m:call { type = "shard_weigh", shard = "s1", weight = 0 }
  s.w:run(10)
  now = status(s)
  t.equal(now.shards.s1.buckets, 0)
  t.equal(server(s, "s1").keys, 0)
  t.equal(server(s, "s1").garbage, 0)
  all_there(s, 60)
end)

t.test("shard store: nothing moves within the threshold, and never more at once than is allowed", function()
  local s = store { shards = 3, count = 31, threshold = 15 }
  s.w:run(3)
  t.equal(status(s).moved, 0)  -- 11, 10 and 10: ten percent off
  s = store { shards = 2, count = 40, max_sending = 3, max_receiving = 4 }
  s.add("late")
  local most = 0
  for _ = 1, 400 do
    s.w:run(0.01)
    local sending = { server(s, "s1").sending, server(s, "s2").sending }
    t.is_true(sending[1] <= 3 and sending[2] <= 3, "three at a time")
    most = math.max(most, server(s, "late").receiving)
    t.is_true(server(s, "late").receiving <= 4, "four at a time")
  end
  t.is_true(most >= 3, "several at once")
  t.equal(status(s).shards.late.buckets, 13)
end)

t.test("shard store: a stale map is corrected by a redirect, and a shard says who has the bucket", function()
  local s = store { rebalance = false, count = 1 }
  s.db:call { type = "put", key = "k", value = 1 }
  local owner = status(s).shards.s1.buckets == 1 and "s1" or "s2"
  local other = owner == "s1" and "s2" or "s1"
  s.m:call { type = "shard_move", bucket = 0, to = other }
  s.w:run(2)
  local _, err = s.w:find(owner):call { key = "k" }
  t.equal(err.code, "moved")
  t.matches(err.message, "^MOVED 0 %d+ " .. other .. "$")
  t.is_true(err.definite)
  local before = s.db:state().filters[1].redirects
  t.equal(s.db:call { key = "k" }, 1)
  t.equal(s.db:state().filters[1].redirects, before + 1)
  t.equal(s.db:call { key = "k" }, 1)
  t.equal(s.db:state().filters[1].redirects, before + 1)
end)

t.test("shard store: a dead shard is given up, its rows come back with it, and moves to it are given up", function()
  local s = store { rebalance = false }
  fill(s, 40)
  s.w:inject(lab.fault.crash { target = "s2", disk = "synced" })
  s.w:run(3)
  t.equal(status(s).shards.s2.alive, false)
  local refused = s.m:call { type = "shard_move", bucket = 0, to = "s2" }
  t.equal(refused, nil)
  local found, failed = 0, 0
  for key = 1, 40 do
    if s.db:call { key = key } then found = found + 1 else failed = failed + 1 end
  end
  t.is_true(found > 5 and failed > 5)
  s.w:inject(lab.fault.restart("s2"))
  s.w:run(1)
  all_there(s, 40)
end)

t.test("shard store: ranges are split and merged, and a scan asks only who has them", function()
  local s = store { splits = { 101 }, rebalance = false }
  fill(s, 200)
  t.equal(s.db:call { type = "scan", from = 10, to = 20 }.asked, 1)
  local cut = s.m:call { type = "shard_split", at = 51 }
  s.w:run(1)
  t.equal(s.m:call { type = "shard_move", bucket = cut.bucket, to = "s2" }, true)
  s.w:run(3)
  all_there(s, 200)
  t.equal(status(s).shards.s2.buckets, 2)
  local _, err = s.m:call { type = "shard_merge", at = 51 }
  t.equal(err.message, "the two are on two shards")
  t.equal(s.m:call { type = "shard_merge", at = 101 }, true)
  s.w:run(1)
  t.equal(status(s).buckets, 2)
  all_there(s, 200)
  s.db:call { type = "shard_refresh" }
  local rows = s.db:call { type = "scan", from = 45, to = 56 }.rows
  t.equal(#rows, 11)
  t.equal({ rows[1].key, rows[1].value, rows[11].key }, { 45, "v45", 55 })
  t.equal(#s.db:call { type = "scan", limit = 7 }.rows, 7)
  _, err = s.m:call { type = "shard_split", at = 51 }
  t.equal(err.message, "a range begins there already")
end)

t.test("shard store: many keys at once, and what is missing at the deadline is named", function()
  local s = store()
  local entries = {}
  for key = 1, 50 do entries[key] = { key = key, value = "v" .. key } end
  t.equal(s.db:call { type = "put_many", entries = entries }, 50)
  all_there(s, 50)
  local got = s.db:call { type = "get_many", keys = { 1, 2, 3, 999 } }
  t.equal({ #got.rows, #got.missing, got.asked }, { 3, 0, 4 })
  s.w:inject(lab.fault.crash("s1"))
  local part = s.db:call { type = "scan", deadline = 0.1 }
  t.equal(part.missing, { "s1" })
  t.is_true(#part.rows > 5 and #part.rows < 45)
  local few = s.db:call { type = "get_many", keys = { 1, 2, 3, 4, 5, 6, 7, 8 }, deadline = 0.1 }
  t.equal(#few.rows + #few.missing, 8)
  t.is_true(#few.missing > 0)
end)

t.test("shard store: with slots, keys with one tag are on one shard", function()
  local w = lab.world { seed = 1 }
  local m = w:service("m", { filters = { lab.shard.manager { space = "slots", shards = 2 } } })
  for i = 1, 2 do
    w:service("s" .. i, { slots = 4, filters = { lab.shard.server { manager = m }, lab.store.rows() } })
  end
  local db = w:service("db", { slots = 8, filters = { lab.shard.proxy { manager = m } } })
  w:run(2)
  for i = 1, 5 do db:call { type = "put", key = "{user1000}." .. i, value = i } end
  local keys = { w:find("s1"):state().filters[1].keys, w:find("s2"):state().filters[1].keys }
  table.sort(keys)
  t.equal(keys, { 0, 5 })
end)

t.test("shard store: the manager's crash changes nothing of what it decided", function()
  local s = store { shards = 2 }
  fill(s, 30)
  s.add("s3")
  for _ = 1, 6 do
    s.w:run(0.15)
    s.w:inject(lab.fault.crash { target = "m", disk = "synced" })
    s.w:inject(lab.fault.restart("m"))
  end
  s.w:run(10)
  local now = status(s)
  t.equal(now.moves, 0)
  t.equal(now.shards.s1.buckets + now.shards.s2.buckets + now.shards.s3.buckets, 16)
  t.equal(now.shards.s3.buckets, 5)
  all_there(s, 30)
end)

t.test("shard store: mistakes are named", function()
  t.raises(function() lab.shard.manager { space = "slots", count = 5 } end, "there are 16384 slots")
  t.raises(function() lab.shard.manager { splits = { 5, 3 } } end, "not in order")
  t.raises(function() lab.shard.manager { count = 5, splits = { 3 } } end, "how many ranges")
  t.raises(function() lab.shard.server { manager = "m" } end, "expected a Node")
  local s = store()
  local _, err = s.m:call { type = "shard_move", bucket = 1, to = "nobody" }
  t.equal(err.code, "not_found")
  _, err = s.m:call { type = "shard_split", at = 5 }
  t.equal(err.message, "the number of buckets is fixed for life")
end)

assert(t.summary())

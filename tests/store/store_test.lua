local t = require "expect"

local engines = {
  kv = function(o)
    o.log = true
    return lab.store.kv(o)
  end,
  levelled = function(o)
    o.memtable_bytes = 2*KB
    return lab.store.lsm(o)
  end,
  tiered = function(o)
    o.memtable_bytes, o.compaction = 2*KB, "tiered"
    return lab.store.lsm(o)
  end,
  btree = function(o)
    o.pool_pages, o.page_bytes = 8, 1*KiB
    return lab.store.btree(o)
  end,
}

t.test("store: mistakes are named", function()
  t.raises(function() lab.store.lsm { compactoin = "tiered" } end, "did you mean 'compaction'")
  t.raises(function() lab.store.lsm { compaction = "leveled" } end, "levelled")
  t.raises(function() lab.store.lsm { compaction = "tiered", level0_runs = 3 } end, "it is of compaction = 'levelled'")
  t.raises(function() lab.store.lsm { stall_runs = 3 } end, "wait for ever: a compaction begins at 4")
  t.raises(function() lab.store.lsm { fanout = 1 } end, "from 2 to 100")
  t.raises(function() lab.store.kv { sync = "never" } end, "give log = true")
  t.raises(function() lab.store.btree { interval = 1 } end, "it is of sync = 'interval'")
  t.raises(function() lab.store.filter { store = lab.store.kv() } end, "give log = true")
  t.raises(function() lab.store.filter {} end, "missing option 'store'")
  local s = lab.store.lsm()
  t.raises(function() s:put({}, 1) end, "bad argument 'key': expected a string or a number")
  t.raises(function() s:put("a") end, "bad argument 'value'")
  t.raises(function() s:write(5) end, "expected a list of")
  t.raises(function() s:write {} end, "there are none")
  t.raises(function() s:write { 5 } end, "expected {key =, value =}")
  t.raises(function() s:get("a", 17) end, "is none of this store")
  t.raises(function() s:release() end, "missing")
  t.raises(function() s:replay("x") end, "expected a RequestTrace, or a number")
  t.raises(function() s:replay(0.5) end, "expected a RequestTrace, or a number")
  t.raises(function() s:damage { kind = "tables" } end, "table")
  t.raises(function() s:crash { keep = "most" } end, "prefix")
end)

t.test("store: puts, deletes, batches and scans, now and at a snapshot", function()
  for name, make in pairs(engines) do
    local s = make {}
    t.equal(s:put("b", 2), true, name)
    s:put("a", "x\0y")
    s:write { { key = "c", value = "3" }, { key = "b" }, { key = "d", value = 4 } }
    t.equal(s:get("a"), "x\0y", name)
    t.equal(s:get("b"), nil, name)
    local before = s:snapshot()
    s:delete("c")
    s:put("e", 5)
    local function keys(options)
      local found = {}
      for i, entry in ipairs(s:scan(options)) do found[i] = entry.key .. "=" .. entry.value end
      return table.concat(found, " ")
    end
    t.equal(keys { from = "b" }, "d=4 e=5", name)
    t.equal(keys { from = "b", at = before }, "c=3 d=4", name)
    t.equal(keys { from = "b", to = "e" }, "d=4", name)
    t.equal(keys { limit = 1, at = before }, "a=x\0y", name)
    t.equal(s:get("c", before), "3", name)
    s:release(before)
    t.raises(function() s:get("c", before) end, "is none of this store")
  end
end)

t.test("store: a crash keeps what was synced, and the report says what was found", function()
  for name, make in pairs(engines) do
    local s = make { sync = "interval", interval = 1 }
    for i = 1, 10 do s:put("k" .. i, i) end
    s:advance(1.5)
    for i = 11, 15 do s:put("k" .. i, i) end
    local report = s:crash { torn = true }
    t.equal(report.recovered, 10, name)
    t.is_true(report.torn, name)
    t.equal(#s:scan(), 10, name)
    for i = 11, 15 do s:put("k" .. i, i) end
    t.equal(s:crash { keep = "all" }.recovered, 15, name)
    s:flush()
    t.equal(s:crash().recovered, 0, name)
    t.equal(#s:scan(), 15, name)
  end
end)

t.test("store: damage is an error, never another value", function()
  for name, make in pairs(engines) do
    local s = make {}
    s:replay(300)
    t.is_true(s:damage { kind = "meta" } or s:damage { kind = "log" }, name)
    local report, err = s:crash()
    t.equal(report, nil, name)
    t.equal(err.code, "io_error", name)
    local value, why = s:get("key000000001")
    t.equal(value, nil, name)
    t.equal(why.code, "io_error", name)
    t.matches(tostring(s), "broken", name)
  end
end)

t.test("store: the same load is counted the same way in every engine", function()
  local rows = {}
  for name, make in pairs(engines) do
    local s = make { sync = "never" }
    local a = s:replay(lab.workload.zipf_trace { count = 500, skew = 0, requests = 5000 },
      { reads = 0.2, value_bytes = 88 })
    local stats = s:stats()
    t.equal(stats.gets + stats.writes, 5000, name)
    t.equal(stats.user_bytes, 100 * stats.writes, name)
    local sum = 0
    for _, count in pairs(stats.written) do sum = sum + count.bytes end
    t.near(a.write, sum / stats.user_bytes, 1e-9, name)
    t.is_true(a.space >= (name == "kv" and 0.9 or 1), name)
    rows[name] = a
  end
  t.equal(rows.kv.read, 0, "memory is not read from the medium")
  t.is_true(rows.btree.write > rows.levelled.write, "a page a write")
  t.is_true(rows.levelled.write > rows.tiered.write, "levels are rewritten more often than tiers")
  t.is_true(rows.tiered.space > rows.levelled.space, "tiers keep more old versions")
end)

t.test("store: without inline work the debt grows until writers wait", function()
  local s = lab.store.lsm { memtable_bytes = 1*KB, inline_work = false, sync = "never" }
  local err
  for i = 1, 1000 do
    local ok
    ok, err = s:put("key" .. i, ("v"):rep(50))
    if not ok then break end
  end
  t.equal(err.code, "overloaded")
  t.is_true(s:stats().debt_bytes > 0)
  t.equal(s:stats().pressure, "stop")
  t.equal(s:work(1), 1)
  t.is_true(s:work() > 1)
  t.equal(s:stats().pressure, "none")
  t.equal(s:stats().debt_bytes, 0)
end)

t.test("wal: records, syncs and segments", function()
  local w = lab.store.wal { sync = "interval", interval = 0.1, segment_bytes = 100 }
  for i = 1, 10 do t.equal(w:append("record " .. i, i / 50), i) end
  t.equal(w:stats().synced, 6)
  t.equal(w:stats().syncs, 1)
  w:advance(1)
  t.equal(w:stats().synced, 10)
  t.is_true(w:stats().segments > 3)
  w:release(5)
  t.equal(w:records()[1].lsn > 1 and w:records()[1].lsn <= 6, true)
  w:sync()
  t.equal(w:append("last", 2), 11)
  local report = w:crash { torn = true }
  t.equal(report.last, 10)
  t.is_true(report.torn)
  t.is_true(w:damage())
  local _, err = w:crash()
  t.equal(err.code, "io_error")
  t.raises(function() w:append("more") end, "the log is damaged")
  t.raises(function() lab.store.wal { sync = "sometimes" } end, "always")
end)

assert(t.summary())

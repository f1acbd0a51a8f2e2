local t = require "expect"

-- A cluster that has found its controller and its leaders.
local function cluster(options)
  options = options or {}
  local w = lab.world { seed = options.seed or 1 }
  local history = lab.history()
  local kafka = w:replicas("kafka", lab.stream.log {
    brokers = options.brokers or 3, history = history, flush = options.flush,
    topics = options.topics or { t = { partitions = options.partitions or 1, min_insync = options.min_insync or 2 } },
    replica_lag = options.replica_lag or 5, rebalance_delay = options.rebalance_delay or 0,
    retention_check = options.retention_check, session = options.session,
  })
  w:run(6*s)
  return w, kafka, history
end

local function metadata(kafka, from) return kafka[from or 1]:call { type = "metadata" } end
local function leader_of(kafka, from) return metadata(kafka, from).topics.t.partitions[1].leader end
local function index_of(name) return tonumber(name:match("%d+$")) end
local function other(name, ...)
  local taken = { [name] = true }
  for _, n in ipairs { ... } do taken[n] = true end
  for i = 1, 3 do if not taken["kafka-" .. i] then return "kafka-" .. i end end
end

local function produce(node, value, options)
  local body = { type = "produce", topic = "t", partition = 0, value = value, acks = "all", timeout = 10 }
  for k, v in pairs(options or {}) do body[k] = v end
  return node:call(body)
end

local function fetch(node, offset, options)
  local body = { type = "fetch", topic = "t", partition = 0, offset = offset, reader = "test", timeout = 10 }
  for k, v in pairs(options or {}) do body[k] = v end
  return node:call(body)
end

local function values(got)
  local out = {}
  for _, r in ipairs(got.records) do out[#out + 1] = tostring(r.value) end
  return table.concat(out, " ")
end

local function judged(history, groups)
  local v = lab.check.stream { history = history, groups = groups }
  t.equal(v.verdict, "ok", v.message)
  return v
end

t.test("stream: mistakes are named", function()
  t.raises(function() lab.stream.log { brokers = 3, topics = { t = { partitons = 2 } } } end,
    "did you mean 'partitions'")
  t.raises(function() lab.stream.log { brokers = 3, topics = { t = { replication = 4 } } } end, "'replication' of 't'")
  t.raises(function() lab.stream.log { brokers = 3, topics = { ["a b"] = {} } } end, "no name of a topic")
  t.raises(function() lab.stream.log { brokers = 3, topics = { t = { retention = "long" } } } end, "no number")
  t.raises(function() lab.stream.log { brokers = 3, topics = {}, heartbeat = 9 } end, "shorter than the session")
  local w = lab.world { seed = 1 }
  local node = w:service("a")
  t.raises(function() lab.stream.consumer { from = "kafka", group = "g", topics = { "t" } } end, "expected a Node")
  t.raises(function() lab.stream.consumer { from = node, group = "", topics = { "t" } } end, "a group has a name")
  t.raises(function() lab.stream.consumer { from = node, group = "g", topics = {} } end, "at least one topic")
  t.raises(function() lab.stream.consumer { from = node, group = "g", topics = { "t" }, failed = "dead_letter" } end,
    "go together")
  t.raises(function() lab.stream.consumer { from = node, group = "g", topics = { "t" }, heartbeat = 20 } end,
    "a third of the session")
  t.raises(function() lab.stream.producer { to = node, acks = "1", idempotent = true } end, "needs acks = 'all'")
  t.raises(function() lab.stream.shards { retention = 3600 } end, "'kinesis%-2024' allows 86400")
  t.raises(function() lab.stream.shards { shards = 501 } end, "allows 500")
  t.raises(function() lab.stream.windows { kind = "hopping", size = 5, advance = 6 } end, "not leave gaps")
  t.raises(function() lab.check.stream { history = lab.history(), topics = { t = { retain = 1 } } } end,
    "nothing to judge by")
end)

t.test("log: errors have the published codes, and nothing changes", function()
  local w, kafka = cluster()
  local function code(body)
    local _, err = kafka[1]:call(body)
    return err and err.code
  end
  produce(kafka[1], "a")
  t.equal(code { type = "fetch", topic = "t", partition = 0, offset = 2 }, "OFFSET_OUT_OF_RANGE")
  t.equal(code { type = "fetch", topic = "t", partition = 0, offset = -1 }, "OFFSET_OUT_OF_RANGE")
  t.equal(code { type = "fetch", topic = "t", partition = 1, offset = 0 }, "UNKNOWN_TOPIC_OR_PARTITION")
  t.equal(code { type = "produce", topic = "u", value = 1 }, "UNKNOWN_TOPIC_OR_PARTITION")
  t.equal(code { type = "produce", topic = "t", partition = 0, value = ("x"):rep(1048589) }, "MESSAGE_TOO_LARGE")
  t.equal(code { type = "produce", topic = "t", partition = 0, value = 1, acks = 2 }, "INVALID_REQUIRED_ACKS")
  t.equal(code { type = "produce", topic = "t", partition = 0, records = {} }, "INVALID_REQUEST")
  t.equal(code { type = "describe_group", group = "g" }, "GROUP_ID_NOT_FOUND")
  t.equal(code { type = "heartbeat", group = "g", member = "m", generation = 1 }, "UNKNOWN_MEMBER_ID")
  local offsets = { { topic = "t", partition = 0, offset = 1 } }
  t.equal(code { type = "commit", group = "g", member = "m", generation = 1, offsets = offsets }, "UNKNOWN_MEMBER_ID")
  t.equal(code { type = "join_group", group = "", topics = { "t" } }, "INVALID_GROUP_ID")
  t.equal(code { type = "join_group", group = "g", topics = { "u" } }, "UNKNOWN_TOPIC_OR_PARTITION")
  t.equal(code { type = "join_group", group = "g", topics = { "t" }, session = 1 }, "INVALID_SESSION_TIMEOUT")
  t.equal(code { type = "join_group", group = "g", topics = { "t" }, assignor = "fair" }, "INCONSISTENT_GROUP_PROTOCOL")
  t.equal(code { type = "create_topic", topic = "t" }, "TOPIC_ALREADY_EXISTS")
  t.equal(code { type = "create_topic", topic = "v", replication = 4 }, "INVALID_REPLICATION_FACTOR")
  t.equal(code { type = "nonsense" }, "not_found")
  local got = fetch(kafka[2], 0)
  t.equal(values(got), "a")
  t.equal(got["end"], 1)
  t.equal(kafka[3]:call { type = "create_topic", topic = "new", partitions = 2 }, true)
  w:run(1*s)
  t.equal(#metadata(kafka).topics.new.partitions, 2)
end)

t.test("log: a fetch that waits is answered when a record is there, or when its time is over", function()
  local w, kafka = cluster()
  w:spawn(function() w:sleep(3*s); produce(kafka[1], "late") end)
  local before = w:now()
  local got = fetch(kafka[1], 0, { wait = 20, timeout = 30 })
  t.equal(values(got), "late")
  t.is_true(w:now() - before > 3 and w:now() - before < 3.2, "it took " .. (w:now() - before))
  before = w:now()
  t.equal(#fetch(kafka[1], 1, { wait = 2 }).records, 0)
  t.is_true(w:now() - before >= 2)
end)

t.test("log: the leader crashes, and with acks = all nothing is lost", function()
  for seed = 1, 5 do
    local w, kafka, history = cluster { seed = seed }
    local acknowledged = {}
    for i = 1, 20 do if produce(kafka[1], i) then acknowledged[#acknowledged + 1] = i end end
    local leader = leader_of(kafka)
    local alive = kafka[index_of(other(leader))]
    w:inject(lab.fault.crash(leader))
    w:run(12*s)
    for i = 21, 30 do if produce(alive, i) then acknowledged[#acknowledged + 1] = i end end
    t.equal(#acknowledged, 30)
    t.is_true(leader_of(kafka, index_of(alive:name())) ~= leader)
    local got = fetch(alive, 0)
    t.equal(#got.records, 30)
    for i = 1, 30 do t.equal(got.records[i].value, i) end
    -- It comes back, catches up, and is in sync again.
    w:inject(lab.fault.restart(leader))
    w:run(15*s)
    t.equal(#metadata(alive and { alive }).topics.t.partitions[1].isr, 3)
    t.equal(judged(history).lost, 0)
  end
end)

t.test("log: with acks = 1 what only a dead leader had is lost, and the checker counts it", function()
  local w, kafka, history = cluster()
  local leader = leader_of(kafka)
  local rest = { other(leader) }
  rest[2] = other(leader, rest[1])
  -- The leader is cut off from the other brokers, but not from this client.
  w:inject(lab.fault.partition { sides = { { leader }, rest } })
  local zombie = kafka[index_of(leader)]
  for i = 1, 5 do t.is_true(produce(zombie, "lost " .. i, { acks = 1 }) ~= nil) end
  local _, err = produce(zombie, "not acknowledged", { acks = "all", within = 3 })
  t.equal(err.code, "REQUEST_TIMED_OUT")
  t.equal(err.definite, false)
  w:run(12*s)
  local alive = kafka[index_of(rest[1])]
  for i = 1, 3 do t.is_true(produce(alive, "kept " .. i) ~= nil) end
  w:heal()
  w:run(15*s)
  t.equal(values(fetch(zombie, 0)), "kept 1 kept 2 kept 3")
  t.equal(judged(history).lost, 5)
end)

t.test("log: cut off from the controller a leader cannot shrink the ISR, so acks = all waits", function()
  local w, kafka, history = cluster { brokers = 3, min_insync = 1 }
  local leader = leader_of(kafka)
  local rest = { other(leader) }
  rest[2] = other(leader, rest[1])
  w:inject(lab.fault.partition { sides = { { leader }, rest } })
  w:run(30*s)
  -- Its own view: it leads, and all are in sync, for nobody may tell it otherwise.
  local _, err = produce(kafka[index_of(leader)], "x", { acks = "all", within = 2 })
  t.equal(err.code, "REQUEST_TIMED_OUT")
  t.is_true(produce(kafka[index_of(rest[1])], "y") ~= nil)
  w:heal()
  w:run(15*s)
  t.equal(values(fetch(kafka[index_of(leader)], 0)), "y")
  judged(history)
end)

t.test("log: too few in sync: acks = all is refused, acks = 1 is not; an unclean election forgets", function()
  for _, unclean in ipairs { false, true } do
    local w, kafka, history = cluster { topics = { t = { min_insync = 2, unclean = unclean } } }
    local leader = leader_of(kafka)
    local rest = { other(leader) }
    rest[2] = other(leader, rest[1])
    local node = kafka[index_of(leader)]
    t.is_true(produce(node, "all") ~= nil)
    -- The followers fall behind one after the other, while the controller is heard of.
    for _, name in ipairs(rest) do
      w:inject(lab.fault.drop { type = "replicate", from = name, to = leader })
    end
    w:run(20*s)
    t.equal(#metadata { node }.topics.t.partitions[1].isr, 1)
    local _, err = produce(node, "refused")
    t.equal(err.code, "NOT_ENOUGH_REPLICAS")
    t.is_true(err.definite)
    t.is_true(produce(node, "only here", { acks = 1 }) ~= nil)
    w:run(2*s)
    w:heal()
    w:inject(lab.fault.crash(leader))
    w:run(20*s)
    local alive = kafka[index_of(rest[1])]
    local got, problem = fetch(alive, 0)
    if unclean then
      t.equal(values(got), "all")
    else
      t.equal(problem.code, "LEADER_NOT_AVAILABLE")
      w:inject(lab.fault.restart(leader))
      w:run(10*s)
      got = fetch(alive, 0)
      t.equal(values(got), "all only here")
    end
    judged(history)
  end
end)

t.test("log: what an idempotent producer sends again is there once; another one's twice", function()
  for _, idempotent in ipairs { true, false } do
    local w, kafka, history = cluster()
    local shop = w:service("shop", {
      filters = { lab.stream.producer { to = kafka, idempotent = idempotent, request_timeout = 1 } },
    })
    -- Answers to the producer are lost half of the time.
    w:inject(lab.fault.loss { from = { "kafka-1", "kafka-2", "kafka-3" }, to = "shop", probability = 0.5 })
    local acknowledged = 0
    for i = 1, 20 do
      local put = shop:call { type = "produce", topic = "t", key = "k", value = i, timeout = 100 }
      acknowledged = acknowledged + (put and 1 or 0)
    end
    w:heal()
    local got = fetch(kafka[1], 0)
    t.equal(acknowledged, 20)
    if idempotent then
      t.equal(#got.records, 20)
      for i = 1, 20 do t.equal(got.records[i].value, i) end
    else
      t.is_true(#got.records > 20)
    end
    judged(history)
  end
end)

t.test("log: retention by time and size, and compaction, on all replicas", function()
  local w, kafka, history = cluster {
    retention_check = 10,
    topics = {
      t = { retention = 60, segment_bytes = 10 },
      state = { compact = true, segment_bytes = 10, tombstones = 30 },
    },
  }
  for i = 1, 10 do produce(kafka[1], ("v%03d"):format(i)) end
  for i = 1, 10 do
    kafka[1]:call { type = "produce", topic = "state", partition = 0, key = "k" .. i % 2, value = i, acks = "all" }
  end
  w:run(50*s)
  t.equal(fetch(kafka[1], 0).start, 0)
  w:run(30*s)
  local _, err = fetch(kafka[1], 0)
  t.equal(err.code, "OFFSET_OUT_OF_RANGE")
  local left = kafka[1]:call { type = "fetch", topic = "state", partition = 0, offset = 0 }
  t.is_true(#left.records < 10)
  t.equal(left.records[#left.records].value, 10)
  for i = 1, 3 do t.equal(kafka[i]:state().partitions["t/0"].start, kafka[1]:state().partitions["t/0"].start) end
  local v = lab.check.stream { history = history, topics = { t = { retention = 60 }, state = { compact = true } } }
  t.equal(v.verdict, "ok", v.message)
end)

-- Consumers of a group, each a service that works on a record for a while.
local function consumers(w, kafka, history, count, options)
  local done, nodes = {}, {}
  for i = 1, count do
    nodes[i] = w:service("worker-" .. i, {
      handler = function(r, context)
        if r.type ~= "record" then return true end
        if options.poison and r.value == options.poison then return nil, { code = "malformed", message = "poison" } end
        context:sleep(options.work or 0.05)
        done[r.value] = (done[r.value] or 0) + 1
        return true
      end,
      filters = { lab.stream.consumer {
        from = kafka, group = "g", topics = { "t" }, commit = options.commit or "after", history = history,
        assignor = options.assignor, session = options.session or 9, heartbeat = 1,
        poll_interval = options.poll_interval or 30, instance = options.static and ("worker-" .. i) or nil,
        failed = options.failed, dead_letter = options.dead_letter,
        poll_records = options.poll_records,
      } },
    })
  end
  return done, nodes
end

local function count(done)
  local different, all = 0, 0
  for _, n in pairs(done) do different, all = different + 1, all + n end
  return different, all
end

t.test("groups: whatever the assignor, a consumer crashes in mid-work and every record is done", function()
  for _, assignor in ipairs { "range", "round_robin", "sticky", "cooperative_sticky" } do
    local w, kafka, history = cluster { partitions = 6 }
    local done = consumers(w, kafka, history, 3, { assignor = assignor })
    w:run(10*s)
    for i = 1, 60 do produce(kafka[1], i, { partition = i % 6 }) end
    w:inject(lab.fault.crash("worker-2"))
    w:run(40*s)
    t.equal(count(done), 60, assignor)
    local described = kafka[1]:call { type = "describe_group", group = "g" }
    t.equal(#described.members, 2)
    t.equal(kafka[1]:call({ type = "lag", group = "g" }).lag, 0)
    judged(history, { g = "at_least_once" })
  end
end)

t.test("groups: a static member that bounces causes no rebalance, a dynamic one does", function()
  for _, static in ipairs { true, false } do
    local w, kafka, history = cluster { partitions = 4 }
    consumers(w, kafka, history, 2, { static = static, session = 20 })
    w:run(15*s)
    local before = kafka[1]:call({ type = "describe_group", group = "g" }).generation
    w:inject(lab.fault.crash("worker-1"))
    w:run(3*s)
    w:inject(lab.fault.restart("worker-1"))
    w:run(30*s)
    local after = kafka[1]:call({ type = "describe_group", group = "g" }).generation
    t.equal(after > before, not static)
    judged(history)
  end
end)

t.test("groups: the coordinator crashes, and the group goes on where it was", function()
  for seed = 1, 3 do
    local w, kafka, history = cluster { partitions = 3, seed = seed, session = 6 }
    local done = consumers(w, kafka, history, 3, { session = 20 })
    w:run(10*s)
    for broker = 1, 3 do
      for i = 1, 10 do produce(kafka[broker], broker * 100 + i, { partition = i % 3 }) end
      w:inject(lab.fault.crash("kafka-" .. broker))
      w:run(20*s)
      w:inject(lab.fault.restart("kafka-" .. broker))
      w:run(20*s)
    end
    t.equal(count(done), 30)
    judged(history, { g = "at_least_once" })
  end
end)

t.test("groups: who works longer than the poll interval has to leave, and does work twice", function()
  local w, kafka, history = cluster { partitions = 2 }
  local done, nodes = consumers(w, kafka, history, 2, {
    work = 4, poll_interval = 10, poll_records = 10, commit = "auto",
  })
  w:run(10*s)
  for i = 1, 10 do produce(kafka[1], i, { partition = i % 2 }) end
  w:run(200*s)
  local kicked = nodes[1]:state().filters[1].kicked + nodes[2]:state().filters[1].kicked
  local different, all = count(done)
  t.equal(different, 10)
  t.is_true(kicked > 0)
  t.is_true(all > 10, "nothing was done twice")
  judged(history, { g = "at_least_once" })
end)

t.test("groups: a poison record blocks its partition, is skipped, or becomes a dead letter", function()
  for _, failed in ipairs { "block", "skip", "dead_letter" } do
    local w, kafka, history = cluster { topics = { t = { partitions = 1, min_insync = 2 }, dead = { min_insync = 2 } } }
    local done = consumers(w, kafka, history, 1, {
      poison = 3, failed = failed, dead_letter = failed == "dead_letter" and "dead" or nil,
    })
    w:run(5*s)
    for i = 1, 5 do produce(kafka[1], i) end
    w:run(20*s)
    t.equal(count(done), failed == "block" and 2 or 4, failed)
    local dead = kafka[1]:call { type = "fetch", topic = "dead", partition = 0, offset = 0 }
    t.equal(#dead.records, failed == "dead_letter" and 1 or 0)
    if failed == "dead_letter" then t.equal(dead.records[1].value, 3) end
  end
end)

t.test("groups: committed before the work, a crash skips; after it, it repeats", function()
  for _, commit in ipairs { "before", "after" } do
    local w, kafka, history = cluster()
    local done = consumers(w, kafka, history, 1, { commit = commit, work = 1 })
    w:run(5*s)
    for i = 1, 5 do produce(kafka[1], i) end
    w:run(2.5*s)
    w:inject(lab.fault.crash("worker-1"))
    w:inject(lab.fault.restart("worker-1"))
    w:run(40*s)
    local v = judged(history, { g = commit == "before" and "at_most_once" or "at_least_once" })
    t.equal(count(done), commit == "before" and 4 or 5)
    t.equal(v.skipped, commit == "before" and 1 or 0)
  end
end)

t.test("log: under crashes, partitions, slow brokers and skewed clocks the promises hold", function()
  for seed = 1, 6 do
    local w, kafka, history = cluster { seed = seed, partitions = 2, session = 4 }
    local done = consumers(w, kafka, history, 2, { assignor = seed % 2 == 0 and "cooperative_sticky" or "range" })
    local shop = w:service("shop", { slots = 4, filters = { lab.stream.producer { to = kafka, request_timeout = 1 } } })
    local acknowledged, failures = {}, {}
    for i = 1, 60 do
      w:at(w:now() + i * 0.7, function()
        local put, err = shop:call { type = "produce", topic = "t", key = i, value = i, timeout = 150 }
        acknowledged[#acknowledged + 1] = put and i
        failures[#failures + 1] = err and tostring(err)
      end)
    end
    local now = w:now()
    w:at(now + 5, lab.fault.crash("kafka-" .. seed % 3 + 1), 8)
    local function broker(n) return "kafka-" .. (seed + n) % 3 + 1 end
    w:at(now + 16, lab.fault.partition { sides = { { broker(1) }, { broker(2), broker(0) } } }, 10)
    w:at(now + 20, lab.fault.slow { target = "worker-1", factor = 20 }, 10)
    w:at(now + 28, lab.fault.clock_skew { target = "kafka-1", by = 3600 }, 10)
    w:at(now + 30, lab.fault.crash("worker-2"), 5)
    w:run(120*s)
    local v = judged(history, { g = "at_least_once" })
    t.equal(#acknowledged, 60, table.concat(failures, "; "))
    t.equal(v.lost, 0)
    t.equal(count(done), 60)
  end
end)

t.test("log: the same seed gives the same digest", function()
  local function once()
    local w, kafka = cluster { seed = 9 }
    for i = 1, 5 do produce(kafka[1], i) end
    w:inject(lab.fault.crash("kafka-2"))
    w:run(20*s)
    return w:digest()
  end
  t.equal(once(), once())
end)

-- ---- shards

local function shard_service(options)
  local w = lab.world { seed = 1 }
  local history = lab.history()
  local api = w:service("api", { slots = 32, filters = { lab.stream.shard_service {
    streams = { s = lab.stream.shards { shards = options.shards or 1, reshard_time = 1 } }, history = history } } })
  return w, api, history
end

t.test("shards: a reader that takes parents first keeps each key's order, one that does not is found out", function()
  for _, order in ipairs { "parent_first", "any" } do
    local w, api, history = shard_service {}
    local seen = {}
    w:service("app", { handler = function(r) seen[#seen + 1] = r.data return true end,
      filters = { lab.stream.shard_consumer {
      from = api, stream = "s", app = "app", order = order, poll = 0.5, limit = 2, history = history } } })
    for i = 1, 30 do
      api:call { type = "put_record", stream = "s", key = "k", data = i }
      if i == 15 then api:call { type = "split", stream = "s", shard = "shardId-000000000000" } end
    end
    w:run(60*s)
    t.equal(#seen, 30)
    local sorted = true
    for i = 2, 30 do sorted = sorted and seen[i] > seen[i - 1] end
    t.equal(sorted, order == "parent_first")
    local v = lab.check.stream { history = history, topics = { s = { records_per_second = 1000 } } }
    t.equal(v.rule, order == "any" and "parents_first" or nil)
  end
end)

t.test("shards: a batch of which a part is throttled says so, and what crashed comes back", function()
  local w, api = shard_service {}
  local records = {}
  for i = 1, 500 do records[i] = { key = "k", data = i } end
  local failed = 0
  for _ = 1, 3 do
    local answer = api:call { type = "put_records", stream = "s", records = records, timeout = 20 }
    failed = failed + answer.failed
    if answer.failed > 0 then t.equal(answer.records[500].code, "ProvisionedThroughputExceededException") end
  end
  t.equal(failed, 500)
  records[501] = { key = "k", data = 501 }
  local _, err = api:call { type = "put_records", stream = "s", records = records }
  t.equal(err.code, "ValidationException")
  w:inject(lab.fault.crash("api"))
  w:inject(lab.fault.restart("api"))
  w:run(1*s)
  t.equal(api:call({ type = "list_shards", stream = "s" })[1].records, 1000)
  _, err = api:call { type = "describe", stream = "u" }
  t.equal(err.code, "ResourceNotFoundException")
end)

t.test("shards: a consumer that crashes goes on from its checkpoint", function()
  local w, api, history = shard_service {}
  local seen = {}
  w:service("app", {
    handler = function(r, context) context:sleep(0.3) seen[r.data] = (seen[r.data] or 0) + 1 return true end,
    filters = { lab.stream.shard_consumer { from = api, stream = "s", app = "app", limit = 5, history = history } },
  })
  for i = 1, 20 do api:call { type = "put_record", stream = "s", key = "k", data = i } end
  w:run_until(function() return seen[8] end)
  w:inject(lab.fault.crash("app"))
  w:inject(lab.fault.restart("app"))
  w:run(30*s)
  t.equal(count(seen), 20)
  local _, all = count(seen)
  t.is_true(all > 20)
end)

-- ---- delivery

local function delivery(options)
  local w = lab.world { seed = 1 }
  local got = { objects = {}, records = 0, failed = 0 }
  w:service("sink", { handler = function(r)
    if options.refuses and options.refuses(r, w) then return nil, { code = "unavailable", message = "closed" } end
    got.objects[r.key or r.request_id] = #r.records
    got.records = got.records + #r.records
    if options.answer then return options.answer(r) end
    return true
  end })
  w:service("failed", { handler = function(r) got.failed = got.failed + #r.records return true end })
  options.stream.to = "sink"
  local stream = w:service("stream", { filters = { lab.stream.delivery(options.stream) } })
  return w, stream, got
end

t.test("delivery: by size or by time, whichever is first", function()
  local w, stream, got = delivery { stream = { buffer_bytes = 50, buffer_time = 10 } }
  for _ = 1, 4 do stream:call { type = "put_record", data = ("x"):rep(10) } end
  w:run(9*s)
  t.equal(got.records, 0)
  w:run(2*s)
  t.equal(got.records, 4)
  for _ = 1, 5 do stream:call { type = "put_record", data = ("x"):rep(10) } end
  w:run(0.1*s)
  t.equal(got.records, 9)
  t.equal(stream:call({ type = "status" }).batches, 2)
  local _, err = stream:call { type = "put_record", data = ("x"):rep(1024001) }
  t.equal(err.code, "ValidationException")
end)

t.test("delivery: it tries for a while, then the batch goes where the failed go, or is dropped", function()
  for _, failed_to in ipairs { "failed", false } do
    local w, stream, got = delivery {
      refuses = function() return true end,
      stream = { buffer_time = 1, retry = 20, failed_to = failed_to or nil },
    }
    stream:call { type = "put_record", data = "x" }
    w:run(15*s)
    t.equal(got.failed, 0)
    w:run(60*s)
    t.equal(got.failed, failed_to and 1 or 0)
    t.equal(stream:call({ type = "status" }).dropped, failed_to and 0 or 1)
  end
end)

t.test("delivery: a search index refuses some, and only those are sent again", function()
  local first = true
  local w, stream, got = delivery {
    answer = function(r)
      if not first then return true end
      first = false
      return { failed = { r.records[2].id } }
    end,
    stream = { sink = "search", buffer_time = 1 },
  }
  for i = 1, 3 do stream:call { type = "put_record", data = i } end
  w:run(10*s)
  t.equal(got.records, 4)
  t.equal(stream:call({ type = "status" }).delivered, 3)
end)

t.test("delivery: what it has taken survives a crash", function()
  local w, stream, got = delivery { stream = { buffer_time = 10 } }
  for i = 1, 3 do stream:call { type = "put_record", data = i } end
  w:inject(lab.fault.crash("stream"))
  w:inject(lab.fault.restart("stream"))
  w:run(30*s)
  t.equal(got.records, 3)
end)

assert(t.summary())

local t = require "expect"

-- Events of type Paid.
local function paid(...)
  local events = {}
  for i, amount in ipairs { ... } do events[i] = { type = "Paid", data = { amount = amount } } end
  return events
end

-- A store, and what it says at the end of its history.
local function store(options)
  options = options or {}
  local w = lab.world { seed = options.seed or 1 }
  local history = lab.history()
  local es = w:service("es", {
    time = 0.5*ms, slots = 8,
    filters = { lab.event.store {
      history = history, snapshot_every = options.snapshot_every,
      apply = function(state, event)
        state.balance = (state.balance or 0) + event.data.amount
        return state
      end,
    } },
  })
  return w, es, history
end

local function append(es, stream, events, expected)
  return es:call { type = "append", stream = stream, events = events, expected = expected, timeout = 5 }
end

local function restart(w, name, after)
  w:inject(lab.fault.crash(name))
  w:run(after or 1)
  w:inject(lab.fault.restart(name))
  w:run(1)
end

-- Sums by stream.
local function sums(event, rows)
  return { [event.stream] = (rows:get(event.stream) or 0) + event.data.amount }
end

t.test("event: mistakes are named", function()
  t.raises(function() lab.event.log { aply = print } end, "did you mean 'apply'")
  t.raises(function() lab.event.store { snapshot_every = 3 } end, "needs `apply`")
  t.raises(function() lab.event.projection { store = "es" } end, "apply")
  t.raises(function() lab.event.projection { store = "es", apply = sums, checkpoint = "never" } end, "checkpoint")
  t.raises(function() lab.event.outbox { handle = sums, to = { queu = "mq" } } end, "did you mean 'queue'")
  t.raises(function() lab.event.outbox { handle = sums, to = { queue = "mq" } } end, "target")
  t.raises(function() lab.event.outbox { handle = sums, to = { bus = "b", node = "n" } } end, "one of")
  t.raises(function() lab.event.inbox { window = 0 } end, "window")
  t.raises(function() lab.event.saga { sagas = {} } end, "sagas")
  t.raises(function() lab.event.saga { sagas = { s = { steps = {} } } } end, "needs steps")
  t.raises(function() lab.event.saga { sagas = { s = { steps = { { name = "a" } } } } } end, "needs a text as its 'to'")
  t.raises(function()
    lab.event.saga { sagas = { s = { steps = { { name = "a", to = "x", compensaton = "b" } } } } }
  end, "did you mean 'compensation'")
  t.raises(function()
    lab.event.saga { sagas = { s = { steps = { { name = "a", to = "x" }, { name = "a", to = "x" } } } } }
  end, "two steps")
  local log = lab.event.log()
  t.raises(function() log:append("s", {}) end, "events")
  t.raises(function() log:append("s", paid(1), { expected = "nothing" }) end, "expected")
  t.raises(function() lab.check.saga(lab.history(), {}) end, "at least one step")
end)

t.test("log: an error of apply is told, and changes nothing", function()
  local log = lab.event.log { apply = function(_, event)
    if event.type == "Bad" then error("cannot read it", 0) end
    if event.type == "Worse" then return nil, { code = "malformed", message = "no" } end
    if event.type == "Worst" then return print end
    return { n = event.version }
  end }
  log:append("s", paid(1, 2))
  local state, version, applied = log:state("s")
  t.equal({ state, version, applied }, { { n = 2 }, 2, 2 })
  for _, case in ipairs { { "Bad", "crashed" }, { "Worse", "malformed" }, { "Worst", "crashed" } } do
    local bad = lab.event.log { apply = function() return nil, { code = case[2], message = "x" } end }
    bad:append("s", { { type = case[1] } })
    t.equal(select(2, bad:state("s")).code, case[2])
  end
  log:append("s", { { type = "Bad" } })
  t.matches(select(2, log:state("s")).message, "cannot read it")
  t.equal(log:state("s", { version = 2 }), { n = 2 })
  log:append("s", { { type = "Worst" } })
  t.equal(select(2, log:snapshot("s")).code, "crashed")
  t.equal(log:size(), 4)
end)

t.test("store: two writers with one expected version, and only one of them writes", function()
  local w, es = store()
  append(es, "a", paid(10))
  local won, lost = 0, 0
  for _ = 1, 5 do
    w:spawn(function()
      local done, err = append(es, "a", paid(1), 1)
      if done then won = won + 1 else
        t.equal({ err.code, err.definite }, { "WrongExpectedVersion", true })
        lost = lost + 1
      end
    end)
  end
  w:run(1)
  t.equal({ won, lost }, { 1, 4 })
  t.equal(es:call { type = "state", stream = "a" }, { state = { balance = 11 }, version = 2, applied = 2 })
end)

t.test("store: what was answered is there after a crash, and nobody has seen what is not", function()
  for seed = 1, 8 do
    for _, disk in ipairs { "synced", "prefix", "all" } do
      local w, es = store { seed = seed }
      local answered, seen = {}, 0
      for i = 1, 20 do
        w:at(i * 0.01, function()
          if append(es, "s-" .. i % 3, paid(i)) then answered[#answered + 1] = i end
        end)
      end
      w:spawn(function()
        while true do
          local page = es:call { type = "read_all", from = seen + 1, wait = 1, timeout = 2 }
          if page then for _, event in ipairs(page.events) do seen = event.position end end
        end
      end)
      w:at(0.1 + seed * 0.0007, lab.fault.crash("es", { disk = disk }))
      w:run(1)
      w:inject(lab.fault.restart("es"))
      w:run(3)
      local there = {}
      for _, event in ipairs(es:call { type = "read_all" }.events) do there[event.data.amount] = true end
      for _, i in ipairs(answered) do t.is_true(there[i], "event " .. i .. " was answered and is lost") end
      t.is_true(es:call { type = "read_all" }.head >= seen, "an event that somebody saw is gone")
    end
  end
end)

t.test("store: torn writes, full disks and failed syncs lose nothing that was answered", function()
  local w, es = store()
  append(es, "a", paid(1))
  w:inject(lab.fault.disk_torn("es"))
  w:spawn(function() append(es, "a", paid(2, 3, 4)) end)
  w:run(0.0013)
  restart(w, "es")
  t.equal(es:call { type = "state", stream = "a" }.state.balance, 1)
  append(es, "a", paid(5), 1)
  restart(w, "es")
  t.equal(es:call { type = "state", stream = "a" }, { state = { balance = 6 }, version = 2, applied = 2 })

  local id = w:inject(lab.fault.disk_full("es"))
  local none, err = append(es, "a", paid(7))
  t.equal({ none, err.code, err.definite }, { nil, "disk_full", true })
  t.equal(es:call { type = "state", stream = "a" }.version, 2)
  w:heal(id)
  t.equal(append(es, "a", paid(8), 2).version, 3)
end)

t.test("store: state, snapshots, diff, undo and revert, as requests", function()
  local w, es = store { snapshot_every = 10 }
  for i = 1, 25 do append(es, "a", paid(i)) end
  t.equal(es:call { type = "load", stream = "a" }, { version = 20, state = { balance = 210 } })
  t.equal(es:call { type = "state", stream = "a" }, { state = { balance = 325 }, version = 25, applied = 5 })
  t.equal(es:call { type = "state", stream = "a", replay = true }.applied, 25)
  t.equal(es:call { type = "diff", stream = "a", from = 24, to = 25 },
    { { path = { "balance" }, from = 300, to = 325 } })
  t.equal(es:call { type = "undo", stream = "a", version = 25 }.version, 26)
  t.equal(select(2, es:call { type = "undo", stream = "a", version = 3 }).code, "conflict")
  t.equal(es:call { type = "revert", stream = "a", version = 2 }.version, 27)
  restart(w, "es")
  t.equal(es:call { type = "state", stream = "a" }.state, { balance = 3 })
  t.equal(es:call { type = "load", stream = "a", at_most = 15 }.version, 10)
  t.equal(select(2, es:call { type = "read", stream = "b" }).code, "StreamNotFound")
  t.equal(select(2, es:call { type = "append", stream = "a", events = { {} } }).code, "InvalidArgument")
  t.equal(select(2, es:call { type = "append", events = paid(1) }).code, "InvalidArgument")
  t.equal(es:call { type = "remove", stream = "a" }, true)
  restart(w, "es")
  t.equal(select(2, append(es, "a", paid(1))).code, "StreamDeleted")
end)

t.test("store: a subscription catches up, goes on live, and survives crashes of both ends", function()
  local w, es = store()
  for i = 1, 5 do append(es, "a", paid(i)) end
  local got = {}
  w:service("mail", { handler = function(r)
    got[#got + 1] = r.event.version
    return true
  end })
  es:call { type = "subscribe", name = "mails", to = "mail", wait = 0.5 }
  w:run(1)
  t.equal(got, { 1, 2, 3, 4, 5 })
  append(es, "a", paid(6))
  w:run(1)
  t.equal(#got, 6)
  w:inject(lab.fault.crash("mail"))
  append(es, "a", paid(7, 8))
  w:run(60) -- longer than all retries: that a node is down does not park anything
  restart(w, "es")
  w:inject(lab.fault.restart("mail"))
  w:run(3)
  t.equal(got, { 1, 2, 3, 4, 5, 6, 7, 8 })
  t.equal(es:call { type = "parked", name = "mails" }, {})
  t.equal(es:call { type = "unsubscribe", name = "mails" }, true)
  t.equal(select(2, es:call { type = "parked", name = "mails" }).code, "not_found")
end)

t.test("store: a poisonous event is parked after its retries, and can be tried again", function()
  local w, es = store()
  local bad, got = true, {}
  w:service("mail", { handler = function(r)
    if bad and r.event.data.amount == 2 then return nil, { code = "malformed", message = "no" } end
    got[#got + 1] = { r.event.data.amount, r.attempt }
    return true
  end })
  append(es, "a", paid(1, 2, 3))
  es:call { type = "subscribe", name = "mails", to = "mail", retries = 3, wait = 1 }
  w:run(2.5)
  t.equal(got, { { 1, 1 } }) -- it holds up what comes after it
  w:run(2)
  t.equal(got, { { 1, 1 }, { 3, 1 } })
  t.equal(es:call { type = "parked", name = "mails" }[1].data.amount, 2)
  restart(w, "es")
  bad = false
  t.equal(es:call { type = "replay_parked", name = "mails" }, 1)
  w:run(1)
  t.equal(got[3][1], 2)
  t.equal(es:call { type = "parked", name = "mails" }, {})
end)

-- A store and a projection of it; payments at random moments, and crashes of the projection.
local function projected(options)
  local w, es, history = store { seed = options.seed }
  local view = w:service("view", { filters = { lab.event.projection {
    store = "es", apply = sums, history = history, name = "view", time = 20*ms, retry = 0.1, wait = 1,
    checkpoint = options.checkpoint, checkpoint_every = options.checkpoint_every, batch = 4,
  } } })
  for i = 1, 60 do
    w:at(i * 0.05 + w:random() * 0.01, function() append(es, "s-" .. i % 4, paid(i)) end)
  end
  for _ = 1, 4 do
    local at = 0.3 + w:random() * 3
    w:at(at, lab.fault.crash("view"))
    w:at(at + 0.2, lab.fault.restart("view"))
  end
  w:run(15)
  local events = es:call { type = "read_all" }.events
  local rows = view:call { type = "query" }
  return lab.check.events(history, { consumers = { "view" } }), lab.check.projection(events, rows, sums), w, view, es
end

t.test("projection: each event has its effect once, whenever the projection crashes", function()
  for seed = 1, 8 do
    local once, fold, _, view = projected { seed = seed }
    t.equal(once.verdict, "ok", once.message)
    t.equal(fold.verdict, "ok", fold.message)
    t.equal({ view:call { type = "status" }.lag, fold.events, fold.rows }, { 0, 60, 4 })
  end
end)

t.test("projection: a checkpoint apart from the rows applies twice, or loses, and the checkers see it", function()
  local after, before = {}, {}
  for seed = 1, 8 do
    local once, fold = projected { seed = seed, checkpoint = "after", checkpoint_every = 20 }
    after[tostring(once.rule)] = true
    t.equal(once.verdict, fold.verdict == "ok" and once.verdict or "violated")
    once, fold = projected { seed = seed, checkpoint = "before" }
    before[tostring(once.rule)] = true
    t.equal(fold.verdict, once.verdict)
  end
  t.is_true(after.twice and not after.lost)
  t.is_true(before.lost and not before.twice)
end)

t.test("projection: lag, waiting for a position, rebuilding, and an event it cannot apply", function()
  local w, es = store()
  local broken = false
  local view = w:service("view", { slots = 4, filters = { lab.event.projection {
    store = "es", time = 0.1, batch = 1, wait = 1, retry = 0.5,
    apply = function(event, rows)
      if event.type == "Odd" then return nil, { code = "malformed", message = "what is this?" } end
      if broken then return { [event.stream] = -1 } end
      return sums(event, rows)
    end,
  } } })
  local at
  for i = 1, 10 do at = append(es, "a", paid(i)).position end
  w:run(0.5)
  local status = view:call { type = "status" }
  t.is_true(status.lag >= 4 and status.lag <= 8, "lag " .. status.lag)
  local none, err = view:call { type = "get", key = "a", at_least = at, wait = 0.1 }
  t.equal({ none, err.code }, { nil, "stale" })
  t.equal(view:call { type = "get", key = "a", at_least = at, wait = 5, timeout = 6 }, 55)
  t.equal(select(2, view:call { type = "get", key = "b" }).code, "not_found")
  t.equal(view:call { type = "query", prefix = "a", contains = "55" }, { { key = "a", value = 55 } })
  t.equal(view:call { type = "query", prefix = "b" }, {})

  broken = true
  view:call { type = "rebuild" }
  w:run(0.5)
  t.equal(view:call { type = "get", key = "a" }, 55) -- the old rows, until the new ones have caught up
  w:run(2)
  t.equal(view:call { type = "get", key = "a" }, -1)
  broken = false
  view:call { type = "rebuild" }
  w:run(0.5)
  restart(w, "view") -- a rebuild that was not done is forgotten
  t.equal(view:call { type = "get", key = "a" }, -1)
  view:call { type = "rebuild" }
  w:run(3)
  t.equal(view:call { type = "get", key = "a" }, 55)

  append(es, "a", { { type = "Odd", data = {} } })
  append(es, "a", paid(5))
  w:run(3)
  t.equal(view:call { type = "get", key = "a" }, 55)
  t.matches(view:call { type = "status" }.failure, "what is this")
end)

t.test("projection: with on_error = skip what it cannot apply is put aside and kept", function()
  local w, es = store()
  local view = w:service("view", { filters = { lab.event.projection { store = "es", on_error = "skip",
    apply = sums, wait = 1 } } })
  append(es, "a", paid(1))
  append(es, "a", { { type = "Odd" } })
  append(es, "a", paid(2))
  w:run(2)
  restart(w, "view")
  t.equal(view:call { type = "get", key = "a" }, 3)
  t.equal(view:call { type = "skipped" }[1].type, "Odd")
end)

-- A shop with an outbox that feeds a store, under crashes of both.
local function outboxed(options)
  local w = lab.world { seed = options.seed }
  local history = lab.history()
  local es = w:service("es", { slots = 8, filters = { lab.event.store {} } })
  local shop = w:service("shop", { slots = 8, filters = { lab.event.outbox {
    name = "shop", to = { store = "es" }, publishing = options.publishing, history = history,
    retry = 0.2, timeout = 0.5,
    handle = function(order, rows)
      if rows:get(order.key) then return nil, { code = "conflict", message = "there is one" } end
      return { rows = { [order.key] = order.n }, events = { { type = "Ordered", data = { n = order.n } } } }
    end,
  } } })
  if options.slow then w:inject(lab.fault.disk_slow { target = "shop", factor = options.slow }) end
  for i = 1, 40 do
    w:at(i * 0.05, function()
      for _ = 1, options.tries or 20 do -- the client insists, with the same id
        if shop:call { type = "order", id = "r" .. i, key = "o" .. i, n = i, timeout = 0.3 } then return end
        w:sleep(0.3)
      end
    end)
  end
  for _, name in ipairs { "shop", "es", "shop" } do
    local at = 0.3 + w:random() * 1.5
    w:at(at, lab.fault.crash(name))
    w:at(at + 0.3, lab.fault.restart(name))
  end
  w:run(20)
  local events = es:call { type = "read", stream = "shop" } or {}
  local count, rows = {}, 0
  for _, e in ipairs(events) do count[e.data.n] = (count[e.data.n] or 0) + 1 end
  local missing, extra, twice = 0, 0, 0
  for i = 1, 40 do
    local row = shop:call { type = "get", key = "o" .. i }
    if row then rows = rows + 1 end
    if row and not count[i] then missing = missing + 1 end
    if count[i] and not row then extra = extra + 1 end
    if (count[i] or 0) > 1 then twice = twice + 1 end
  end
  return { rows = rows, missing = missing, extra = extra, twice = twice }, lab.check.events(history,
    { settled = false, complete = false }), shop
end

t.test("outbox: the state and the events agree, whatever crashes, and each order is there once", function()
  for seed = 1, 8 do
    local found, once, shop = outboxed { seed = seed }
    t.equal(found, { rows = 40, missing = 0, extra = 0, twice = 0 })
    t.equal(once.verdict, "ok", once.message)
    t.equal(shop:call { type = "outbox" }, {})
  end
end)

t.test("outbox: two writes instead of one lose events, or invent some", function()
  local missing, extra = 0, 0
  for seed = 1, 12 do
    missing = missing + outboxed { seed = seed, publishing = "commit_first" }.missing
    local found = outboxed { seed = seed, publishing = "publish_first", slow = 30, tries = 1 }
    extra = extra + found.extra + found.twice
  end
  t.is_true(missing > 0, "no event was lost")
  t.is_true(extra > 0, "no event came twice or of nothing")
end)

t.test("outbox: it brings events to queues, buses and nodes, and parks what is refused", function()
  local w = lab.world { seed = 1 }
  local mq = w:service("mq", { slots = 8, filters = { lab.queue.broker {
    queues = { q = lab.queue.standard(), f = lab.queue.fifo() } } } })
  local seen = {}
  w:service("node", { handler = function(r)
    if r.event.data == "bad" then return nil, { code = "malformed", message = "no" } end
    seen[#seen + 1] = r.event.id
    return true
  end })
  w:service("target", { filters = { lab.event.outbox { name = "target", handle = function(m)
    return { rows = { got = m.type .. " " .. tostring(m.data) } }
  end } } })
  w:service("bus", { filters = { lab.topic.bus { rules = { { name = "all", targets = { { to = "target" } } } } } } })
  w:service("reader", { filters = { lab.event.outbox { name = "reader", handle = function(m)
    return { rows = { got = m.type .. " " .. m.id } }
  end } } })
  w:service("topic", { filters = { lab.topic.fanout { subscriptions = {
    { name = "r", to = "reader", protocol = "function" } } } } })
  local function send(name, to, group, attempts)
    local s = w:service(name, { filters = { lab.event.outbox { name = name, to = to, attempts = attempts,
      handle = function(m)
        return { events = { { type = "Told", data = m.data, group = group } }, answer = "told" }
      end } } })
    t.equal(s:call { type = "tell", data = "x" }, "told")
    return s
  end
  send("a", { queue = "mq", target = "q" })
  send("b", { queue = "mq", target = "f" }, "g")
  send("c", { bus = "bus" })
  send("e", { topic = "topic" })
  local d = send("d", { node = "node" }, nil, 2)
  d:call { type = "tell", data = "bad" }
  d:call { type = "tell", data = "y" }
  w:run(5)
  t.equal(mq:call { type = "receive", queue = "q" }[1].body.id, "a-1")
  t.equal(mq:call { type = "receive", queue = "f" }[1].body.data, "x")
  t.equal(w:find("target"):call { type = "get", key = "got" }, "Told x")
  t.equal(w:find("reader"):call { type = "get", key = "got" }, "Told e-1")
  t.equal(seen, { "d-1", "d-3" })
  t.equal(d:call { type = "parked" }[1].data, "bad")
  restart(w, "d")
  t.equal(#d:call { type = "parked" }, 1)
end)

t.test("inbox: one answer for one id, also at the same time, across crashes, and to the edge of the window", function()
  local w = lab.world { seed = 1 }
  local count = 0
  local till = w:service("till", { time = 0.1, slots = 4, filters = { lab.event.inbox { window = 10 } },
    handler = function(r)
      if r.fail then return nil, { code = "malformed", message = "no" } end
      count = count + 1
      return count
    end })
  local function pay(id, fail) return till:call { type = "pay", id = id, fail = fail } end
  local both = {}
  for _ = 1, 3 do
    w:spawn(function()
      local answer = pay "a"
      both[#both + 1] = answer
    end)
  end
  w:run(1)
  t.equal({ both, count }, { { 1, 1, 1 }, 1 })
  t.equal(select(2, pay("b", true)).code, "malformed")
  t.equal(pay "b", 2) -- what failed may be tried again
  restart(w, "till", 0.1)
  t.equal({ pay "a", pay "b", pay(nil), pay(nil) }, { 1, 2, 3, 4 })
  w:run(11)
  t.equal(pay "a", 5)
  local lost = w:service("lost", { time = 0.1, filters = { lab.event.inbox { remember = "before" } },
    handler = function() return true end })
  w:spawn(function() lost:call { type = "pay", id = "a" } end)
  w:run(0.05)
  restart(w, "lost", 0.1)
  local _, err = lost:call { type = "pay", id = "a" }
  t.equal({ err.code, err.definite }, { "in_doubt", false })
end)

-- Orders over stock, bank and parcels, each a participant; some are refused.
local kSteps = {
  { action = "reserve", compensation = "release" },
  { action = "pay", compensation = "refund" },
  { action = "ship" },
}
local function participant(w, name, history, refuses)
  local undo = { release = "reserve", refund = "pay" }
  return w:service(name, { time = 20*ms, slots = 4, filters = { lab.event.outbox { name = name, history = history,
    handle = function(m, rows)
      local row = rows:get(m.saga) or {}
      if undo[m.type] then
        if not row.done then return { rows = { [m.saga] = { refused = true } }, answer = { empty = true } } end
        return { rows = { [m.saga] = { undone = true } } }
      end
      if row.refused then return nil, { code = "conflict", message = "it was taken back before it came" } end
      if refuses and refuses(m) then return nil, { code = "refused", message = "no" } end
      return { rows = { [m.saga] = { done = true } } }
    end } } })
end

local function orders(options)
  local w = lab.world { seed = options.seed }
  local history = lab.history()
  participant(w, "stock", history)
  participant(w, "bank", history, function(m) return m.data.n % 4 == 0 end)
  participant(w, "parcels", history)
  local sagas = w:service("sagas", { slots = 32, filters = { lab.event.saga { history = history,
    durable = options.durable, sagas = { order = { wait = 0.1, steps = {
      { name = "reserve", to = "stock", compensation = "release", timeout = 0.5 },
      { name = "pay", to = "bank", compensation = "refund", timeout = 0.5, pivot = true },
      { name = "ship", to = "parcels", timeout = 0.5 } } } } } } })
  for i = 1, 30 do
    w:at(i * 0.05, function()
      for _ = 1, options.tries or 30 do
        local done, err = sagas:call { type = "start", saga = "order", id = "o" .. i, data = { n = i }, timeout = 5 }
        if done or err.code == "SagaAborted" then return end
        w:sleep(0.5)
      end
    end)
  end
  -- Their clocks differ, and the history is one.
  if options.seed % 2 == 0 then w:inject(lab.fault.clock_drift { target = "stock", ppm = 100000 }) end
  local names = { "sagas", "stock", "bank", "parcels" }
  for i = 1, 5 do
    local name = options.who or names[w:random(4)]
    local at = 0.2 + w:random() * 2
    w:at(at, lab.fault.crash(name))
    w:at(at + 0.1 + 0.1 * i, lab.fault.restart(name))
  end
  w:run(60)
  return lab.check.saga(history, kSteps), sagas
end

t.test("saga: all or nothing, whoever crashes, and it goes on after its own crash", function()
  for seed = 1, 8 do
    local verdict, sagas = orders { seed = seed }
    t.equal(verdict.verdict, "ok", verdict.message)
    t.equal(verdict.done + verdict.compensated, 30)
    local counts = sagas:call { type = "sagas" }
    t.equal({ counts.running, counts.compensating, counts.stuck }, { 0, 0, 0 })
  end
end)

t.test("saga: an orchestrator that forgets leaves halves, and the checker sees them", function()
  local found = 0
  for seed = 1, 6 do
    local verdict = orders { seed = seed, durable = false, who = "sagas", tries = 1 }
    if verdict.verdict == "violated" then found = found + 1 end
  end
  t.is_true(found >= 5, "found " .. found)
end)

t.test("saga: an id is one saga, a deadline aborts, and a wrong name is not found", function()
  local w = lab.world { seed = 1 }
  local asked = {}
  w:service("slow", { time = 0.2, slots = 9, handler = function(r)
    asked[#asked + 1] = r.type
    return r.step
  end })
  w:service("dead", { time = 100, slots = 9 })
  local sagas = w:service("sagas", { slots = 9, filters = { lab.event.saga { sagas = {
    one = { steps = { { name = "a", to = "slow", action = "do" } } },
    late = { deadline = 3, steps = { { name = "a", to = "slow", action = "do", compensation = "undo" },
      { name = "b", to = "dead", timeout = 1, attempts = 100 } } } } } } })
  local function start(saga, id) return sagas:call { type = "start", saga = saga, id = id, timeout = 10 } end
  local a, b
  w:spawn(function() a = start("one", "x") end)
  w:spawn(function() b = start("one", "x") end)
  w:run(1)
  t.equal({ a.results, b.state, #asked }, { { a = "a" }, "done", 1 })
  t.equal(start("one", "x").state, "done")
  local begun = w:now()
  local _, err = start("late", "y")
  t.equal(err.code, "SagaAborted")
  t.matches(err.message, "deadline")
  t.near(w:now() - begun, 3.2, 0.2)
  t.equal(asked, { "do", "do", "undo" })
  t.equal(select(2, start("two", "z")).code, "not_found")
  t.equal(select(2, sagas:call { type = "start", saga = "one" }).code, "InvalidArgument")
  t.equal(sagas:call { type = "start", saga = "one", id = "w", wait = false }.state, "running")
end)

t.test("saga: what is stuck is resumed by somebody, also after a crash", function()
  local w = lab.world { seed = 1 }
  local broken = true
  w:service("a", { slots = 4, handler = function(r)
    if r.type == "undo" and broken then error "no" end
    return true
  end })
  w:service("b", { handler = function() return nil, { code = "conflict", message = "no" } end })
  local sagas = w:service("sagas", { slots = 4, filters = { lab.event.saga { sagas = { s = { undo_attempts = 3,
    steps = { { name = "do", to = "a", compensation = "undo" }, { name = "more", to = "b" } } } } } } })
  local _, err = sagas:call { type = "start", saga = "s", id = "x", timeout = 30 }
  t.equal({ err.code, err.definite }, { "SagaStuck", false })
  restart(w, "sagas")
  broken = false
  t.equal(sagas:call { type = "resume", id = "x" }, true)
  w:run(1)
  t.equal(sagas:call { type = "status", id = "x" }.state, "compensated")
  t.equal(select(2, sagas:call { type = "resume", id = "x" }).code, "not_found")
end)

-- Choreography: nobody is in charge; each participant reacts to events on a bus.
t.test("saga: by choreography over a bus, all or nothing, under crashes", function()
  for seed = 1, 4 do
    local w = lab.world { seed = seed }
    local history = lab.history()
    local function party(name, on)
      w:service(name, { time = 10*ms, slots = 4, filters = { lab.event.outbox { name = name, to = { bus = "bus" },
        history = history, retry = 0.2, timeout = 0.5,
        handle = function(m, rows)
          local react = on[m.type]
          if not react then return nil end
          return react(m, rows)
        end } } })
    end
    local function event(kind, m) return { { type = kind, saga = m.saga, n = m.n } } end
    party("stock", {
      Placed = function(m) return { rows = { [m.saga] = true }, events = event("Reserved", m) } end,
      Declined = function(m) return { rows = { [m.saga] = false }, events = event("Released", m) } end,
    })
    party("bank", {
      Reserved = function(m)
        if m.n % 3 == 0 then return { events = event("Declined", m) } end
        return { rows = { [m.saga] = true }, events = event("Paid", m) }
      end,
    })
    party("orders", {
      place = function(m) return { events = event("Placed", m) } end,
      Paid = function(m) return { rows = { [m.saga] = "done" } } end,
      Released = function(m) return { rows = { [m.saga] = "cancelled" } } end,
    })
    local rules = {}
    for i, rule in ipairs { { "stock", "Placed" }, { "stock", "Declined" }, { "bank", "Reserved" },
      { "orders", "Paid" }, { "orders", "Released" } } do
      rules[i] = { name = "r" .. i, pattern = { detail_type = { rule[2] } }, targets = { { to = rule[1] } } }
    end
    w:service("bus", { slots = 8, filters = { lab.topic.bus { rules = rules } } })
    for i = 1, 20 do
      w:at(i * 0.05, function()
        for _ = 1, 20 do
          if w:find("orders"):call { type = "place", id = "p" .. i, saga = "o" .. i, n = i, timeout = 0.3 } then
            return
          end
          w:sleep(0.3)
        end
      end)
    end
    for _, name in ipairs { "stock", "bank", "orders" } do
      local at = 0.2 + w:random()
      w:at(at, lab.fault.crash(name))
      w:at(at + 0.3, lab.fault.restart(name))
    end
    w:run(60)
    for i = 1, 20 do
      t.equal(w:find("orders"):call { type = "get", key = "o" .. i }, i % 3 == 0 and "cancelled" or "done")
    end
    local verdict = lab.check.saga(history, { { action = "Placed", compensation = "Declined" } })
    t.equal(verdict.verdict, "ok", verdict.message)
    t.equal({ verdict.done, verdict.compensated }, { 14, 6 })
  end
end)

t.test("event: the same seed is the same run", function()
  local function run()
    local _, _, w = projected { seed = 5 }
    return w:digest()
  end
  t.equal(run(), run())
end)

assert(t.summary())

local t = require "expect"

-- A broker with a queue `q`, its dead letters, and a recorded history.
local function broker(options)
  options = options or {}
  local w = lab.world { seed = options.seed or 1 }
  local make = lab.queue[options.order or "standard"]
  local dead = make()
  local queues = {
    q = make {
      visibility = options.visibility or 30, dead_letter = dead, max_receives = 3,
      content_dedup = options.order == "fifo" or nil,
    },
    dead = dead,
  }
  local history = lab.history()
  local mq = w:service("mq", {
    time = 1*ms, slots = 8,
    filters = { lab.queue.broker { queues = queues, durable = options.durable, history = history } },
  })
  return w, mq, function() return lab.check.queue(history, queues) end
end

-- A worker: receives, works for a while, deletes. `poison` is a body that makes it crash in mid-work.
local function worker(w, mq, done, options)
  options = options or {}
  w:spawn(function()
    while true do
      local got = mq:call { type = "receive", queue = "q", wait = 5, max = 1, timeout = 10 }
      for _, m in ipairs(got or {}) do
        if not (options.crashes and options.crashes(m)) then
          w:sleep(options.work or 0.1)
          done[#done + 1] = m.body
          mq:call { type = "delete", queue = "q", receipt = m.receipt }
        end
      end
      w:sleep(0.01)
    end
  end)
end

t.test("queue: mistakes are named", function()
  t.raises(function() lab.queue.standard { visibility = 13 * 3600 } end, "bad option 'visibility'.*'sqs%-2024' allows")
  t.raises(function() lab.queue.standard { retention = 59 } end, "bad option 'retention'")
  t.raises(function() lab.queue.standard { delay = 901 } end, "bad option 'delay'")
  t.raises(function() lab.queue.standard { wait = 21 } end, "bad option 'wait'")
  t.raises(function() lab.queue.standard { max_receives = 3 } end, "go together")
  t.raises(function() lab.queue.standard { dead_letter = lab.queue.fifo(), max_receives = 3 } end,
    "is a standard queue")
  t.raises(function() lab.queue.standard { dead_letter = lab.queue.standard(), max_receives = 1001 } end,
    "1 to 1000")
  t.raises(function() lab.queue.standard { dead_letter = lab.queue.standard(), max_receives = 0 } end, "max_receives")
  t.raises(function() lab.queue.standard { profile = "sqs-1999" } end, "profile")
  t.raises(function() lab.queue.standard { visibilty = 3 } end, "did you mean 'visibility'")
  t.raises(function() lab.queue.standard { access = { owners = "1" } } end, "owner and statements")
  t.raises(function() lab.queue.broker { queues = { q = 5 } } end, "names and queues")
  local q = lab.queue.standard { dead_letter = lab.queue.standard(), max_receives = 3 }
  t.raises(function() lab.queue.broker { queues = { q = q } } end, "dead%-letter queue of 'q' is not among them")
  t.raises(function() lab.queue.broker { exchanges = { e = { kind = "topics" } } } end, "direct, topic")
  local unbound = { e = { kind = "topic", bindings = { { queue = "x" } } } }
  t.raises(function() lab.queue.broker { exchanges = unbound } end, "no queue")
  t.raises(function() lab.queue.jobs():repeats { name = "x", cron = "61 * * * *" } end, "minute")
  t.raises(function() lab.queue.jobs { kind = "utube", ttr = 5 } end, "utubettl")
end)

t.test("queue: what every order of queue promises", function()
  for _, order in ipairs { "standard", "fifo", "priority", "fair" } do
    local q = lab.queue[order]()
    local function send(body, now)
      local fifo = order == "fifo"
      return q:send(body, { group = fifo and "g" or nil, dedup = fifo and body or nil, now = now })
    end
    for i = 1, 5 do send("m" .. i, 0) end
    local got = q:receive { max = 10, now = 1 }
    t.equal(#got, 5, order)
    for i, m in ipairs(got) do t.equal({ m.body, m.receives, m.id }, { "m" .. i, 1, "queue-" .. i }, order) end
    t.equal(q:receive { now = 30.9 }, {})
    for i = 1, 4 do t.equal(q:delete(got[i].receipt, { now = 30.9 }), true) end
    local again = q:receive { max = 10, now = 31 }
    t.equal({ #again, again[1].body, again[1].receives }, { 1, "m5", 2 }, order)
    t.equal(q:change_visibility(again[1].receipt, 0, { now = 31 }), true)
    t.equal(q:counts { now = 31 }.visible, 1)
    t.equal(q:churn { count = 100, now = 40 }, 100)
    t.equal(q:churn { count = 100, now = 40 }, 100)
    q:purge()
    t.equal(q:counts().visible, 0)
  end
end)

t.test("queue: limits of a profile are overridable", function()
  local q = lab.queue.standard { message_bytes = 10, in_flight = 1 }
  local _, err = q:send("12345678901")
  t.equal(err.code, "InvalidParameterValue")
  t.equal(err.definite, true)
  q:send("1234567890"); q:send("b")
  t.equal(#q:receive(), 1)
  _, err = q:receive()
  t.equal(err.code, "OverLimit")
  t.is_true(lab.queue.standard { profile = "sqs-2025" }:send(("x"):rep(300000)).id ~= nil)
  t.is_true(lab.queue.standard { profile = "none", retention = 1, wait = 1000 } ~= nil)
end)

t.test("queue: fourteen days pass in a blink", function()
  local q = lab.queue.standard { retention = 14 * 24 * 3600 }
  q:send("old", { now = 0 })
  t.equal(q:receive { now = 14 * 24 * 3600 - 1, visibility = 0 }[1].body, "old")
  t.equal(q:receive { now = 14 * 24 * 3600 }, {})
  t.equal(q:counts().expired, 1)
end)

t.test("broker: a long poll returns when a message comes, and empty after its time", function()
  local w, mq = broker()
  w:spawn(function() w:sleep(7); mq:call { type = "send", queue = "q", body = "x" } end)
  local got = mq:call { type = "receive", queue = "q", wait = 20, timeout = 30 }
  t.equal(got[1].body, "x")
  t.near(w:now(), 7, 0.1)
  t.equal(mq:call { type = "receive", queue = "q", wait = 20, timeout = 30 }, {})
  t.near(w:now(), 27, 0.1)
  -- What is in flight appears when its timeout is over.
  t.equal(mq:call { type = "receive", queue = "q", wait = 20, timeout = 30 }[1].receives, 2)
  t.near(w:now(), 37, 0.1)
  local _, err = mq:call { type = "receive", queue = "q", wait = 21 }
  t.equal(err.code, "InvalidParameterValue")
end)

t.test("broker: bad input has the published error and loses nothing", function()
  local _, mq = broker()
  local function code(request)
    local _, err = mq:call(request)
    return err and err.code
  end
  mq:call { type = "send", queue = "q", body = "x" }
  t.equal(code { type = "send", queue = "q", body = ("x"):rep(262145) }, "InvalidParameterValue")
  t.equal(code { type = "send", queue = "q" }, "MissingParameter")
  t.equal(code { type = "send", queue = "nope", body = "x" }, "QueueDoesNotExist")
  t.equal(code { type = "send", body = "x" }, "MissingParameter")
  t.equal(code { type = "send", queue = "q", body = "x", delay = "soon" }, "InvalidParameterValue")
  t.equal(code { type = "delete", queue = "q", receipt = "garbage" }, "ReceiptHandleIsInvalid")
  t.equal(code { type = "delete", queue = "q" }, "MissingParameter")
  t.equal(code { type = "change_visibility", queue = "q", receipt = "1-0-1", visibility = 5 }, "MessageNotInflight")
  t.equal(code { type = "receive", queue = "q", max = 11 }, "InvalidParameterValue")
  t.equal(code { type = "receive", queue = "q", max = 0 }, "InvalidParameterValue")
  t.equal(code { type = "receive", queue = "q", max = 1.5 }, "InvalidParameterValue")
  t.equal(code { type = "send_batch", queue = "q", entries = {} }, "EmptyBatchRequest")
  local function entries(n, id, body)
    local list = {}
    for i = 1, n do list[i] = { id = id or tostring(i), body = body or "y" } end
    return list
  end
  t.equal(code { type = "send_batch", queue = "q", entries = entries(11) }, "TooManyEntriesInBatchRequest")
  t.equal(code { type = "send_batch", queue = "q", entries = entries(2, "same") }, "BatchEntryIdsNotDistinct")
  t.equal(code { type = "send_batch", queue = "q", entries = entries(1, ("i"):rep(81)) }, "InvalidBatchEntryId")
  local long = entries(3, nil, ("z"):rep(100000))
  t.equal(code { type = "send_batch", queue = "q", entries = long }, "BatchRequestTooLong")
  local one_bad = { { id = "good", body = "y" }, { id = "bad" } }
  local batch = mq:call { type = "send_batch", queue = "q", entries = one_bad }
  t.equal({ batch.successful[1].id, batch.failed[1].id, batch.failed[1].code }, { "good", "bad", "MissingParameter" })
  t.equal(mq:call { type = "attributes", queue = "q" }.visible, 2)
  local got = mq:call { type = "receive", queue = "q", max = 10 }
  t.equal(#got, 2)
  local gone = mq:call { type = "delete_batch", queue = "q", entries = {
    { id = "1", receipt = got[1].receipt }, { id = "2", receipt = "garbage" } } }
  t.equal({ gone.successful[1].deleted, gone.failed[1].code }, { true, "ReceiptHandleIsInvalid" })
end)

t.test("broker: a consumer that crashes in mid-work loses nothing", function()
  for _, order in ipairs { "standard", "fifo" } do
    local w, mq, judge = broker { order = order, visibility = 5 }
    local done, crashed = {}, 0
    worker(w, mq, done, {
      crashes = function(m)
        if m.receives > 1 or tonumber(m.body) % 5 ~= 0 then return false end
        crashed = crashed + 1
        return true
      end,
    })
    worker(w, mq, done)
    for i = 1, 40 do
      mq:call { type = "send", queue = "q", body = tostring(i), group = order == "fifo" and "g" .. i % 3 or nil }
    end
    w:run(120)
    t.equal(#done, 40, order)
    t.is_true(crashed > 0, "some crashed")
    local verdict = judge()
    t.equal(verdict.verdict, "ok", verdict.message)
    t.equal(verdict.loss_judged, true)
  end
end)

t.test("broker: a poison message is tried three times and put aside, and can be redriven", function()
  local w, mq, judge = broker { visibility = 2 }
  local done, tries = {}, 0
  worker(w, mq, done, {
    crashes = function(m)
      if m.body ~= "poison" then return false end
      tries = tries + 1
      return true
    end,
  })
  for _, body in ipairs { "a", "poison", "b" } do mq:call { type = "send", queue = "q", body = body } end
  w:run(30)
  t.equal(done, { "a", "b" })
  t.equal(tries, 3)
  t.equal(mq:call { type = "attributes", queue = "dead" }.visible, 1)
  t.equal(judge().verdict, "ok")
  t.equal(mq:call { type = "redrive", queue = "dead", to = "q" }, 1)
  w:run(30)
  t.equal(tries, 6)
  local _, err = mq:call { type = "redrive", queue = "dead", to = "dead" }
  t.equal(err.code, "InvalidParameterValue")
end)

t.test("broker: a crash of the broker loses nothing that was accepted, unless it is not durable", function()
  for _, durable in ipairs { true, false } do
    local w, mq = broker { durable = durable, order = "fifo" }
    for i = 1, 20 do mq:call { type = "send", queue = "q", body = tostring(i), group = "g" } end
    local got = mq:call { type = "receive", queue = "q", max = 2 }
    mq:call { type = "delete", queue = "q", receipt = got[1].receipt }
    w:run(1)
    w:inject(lab.fault.crash "mq"); w:inject(lab.fault.restart "mq"); w:run(1)
    if durable then
      t.equal(mq:call { type = "attributes", queue = "q" }.visible, 19)
      local again = mq:call { type = "receive", queue = "q" }
      t.equal({ again[1].body, again[1].receives, again[1].id }, { "2", 2, got[2].id })
      -- Dedup ids are remembered, of deleted messages too.
      t.equal(mq:call { type = "send", queue = "q", body = "1", group = "g" }.duplicate, true)
      t.equal(mq:call { type = "send", queue = "q", body = "20", group = "g" }.duplicate, true)
      t.equal(mq:call { type = "send", queue = "q", body = "21", group = "g" }.sequence, 21)
    else
      t.equal(mq:call { type = "attributes", queue = "q" }.visible, 0)
    end
  end
end)

t.test("broker: counts may be told late, as real ones are", function()
  local w = lab.world { seed = 1 }
  local q = lab.queue.standard { counts_lag = 60 }
  local mq = w:service("mq", { filters = { lab.queue.broker { queues = { q = q } } } })
  local function visible() return mq:call { type = "attributes", queue = "q" }.visible end
  t.equal(visible(), 0)
  mq:call { type = "send", queue = "q", body = "x" }
  t.equal(visible(), 0)
  w:run(60)
  t.equal(visible(), 1)
end)

t.test("broker: access policies name who may do what", function()
  local w = lab.world { seed = 1 }
  local q = lab.queue.standard { access = {
    owner = "111",
    statements = {
      { effect = "allow", principals = { "222/*" }, actions = { "SendMessage" } },
      { effect = "deny", principals = { "222/mallory" }, actions = { "*" } },
    },
  } }
  local mq = w:service("mq", { filters = { lab.queue.broker { queues = { q = q } } } })
  local function code(type, as)
    local _, err = mq:call { type = type, queue = "q", body = "x", as = as }
    return err and err.code or "ok"
  end
  t.equal(code("send", "111/alice"), "ok")
  t.equal(code("send", "222/bob"), "ok")
  t.equal(code("receive", "222/bob"), "AccessDenied")
  t.equal(code("send", "222/mallory"), "AccessDenied")
  t.equal(code("send", nil), "AccessDenied")
  t.equal(code("receive", "111/alice"), "ok")
end)

t.test("broker: exchanges route to queues, and the alternate takes the rest", function()
  local w = lab.world { seed = 1 }
  local function q() return lab.queue.standard() end
  local mq = w:service("mq", { filters = { lab.queue.broker {
    queues = { eu = q(), all = q(), rest = q() },
    exchanges = {
      orders = {
        kind = "topic", alternate = "lost",
        bindings = { { queue = "eu", key = "order.eu.#" }, { queue = "all", key = "order.#" } },
      },
      lost = { kind = "fanout", bindings = { { queue = "rest" } } },
    },
  } } })
  t.equal(mq:call { type = "publish", exchange = "orders", key = "order.eu.paid", body = "1" }.routed, { "eu", "all" })
  t.equal(mq:call { type = "publish", exchange = "orders", key = "order.us", body = "2" }.routed, { "all" })
  t.equal(mq:call { type = "publish", exchange = "orders", key = "mail", body = "3" }.routed, { "rest" })
  t.equal(mq:call { type = "unbind", exchange = "orders", queue = "all", key = "order.#" }, true)
  t.equal(mq:call { type = "bind", exchange = "orders", queue = "rest", key = "order.*" }, true)
  t.equal(mq:call { type = "publish", exchange = "orders", key = "order.us", body = "4" }.routed, { "rest" })
  local _, err = mq:call { type = "publish", exchange = "nope", key = "", body = "4" }
  t.equal(err.code, "not_found")
end)

t.test("broker: messages are pushed to consumers, in turn, and come back from those that fail", function()
  local w, mq = broker { visibility = 5 }
  local seen = {}
  for _, name in ipairs { "good", "bad" } do
    w:service(name, { time = 10*ms, slots = 4, handler = function(m)
      seen[#seen + 1] = name .. ":" .. m.body
      if name == "bad" then return nil, "crashed" end
      return true
    end })
    t.equal(mq:call { type = "consume", queue = "q", to = name, prefetch = 1 }, true)
  end
  for i = 1, 4 do mq:call { type = "send", queue = "q", body = tostring(i) } end
  w:run(10)
  local good = {}
  for _, s in ipairs(seen) do
    if s:match "^good" then good[#good + 1] = s:match ":(.*)" end
  end
  table.sort(good)
  local deleted = mq:call { type = "attributes", queue = "q" }.deleted
  t.equal(deleted + mq:call { type = "attributes", queue = "dead" }.visible, 4)
  t.is_true(#good >= 2)
end)

t.test("broker: a request waits for its reply, or for the end of its patience", function()
  local w, mq = broker()
  w:spawn(function()
    local got = mq:call { type = "receive", queue = "q", wait = 20, timeout = 30 }
    w:sleep(0.5)
    mq:call { type = "reply", correlation = got[1].attributes.correlation, body = got[1].body * 2 }
    mq:call { type = "delete", queue = "q", receipt = got[1].receipt }
  end)
  t.equal(mq:call { type = "request", queue = "q", body = 21, timeout = 10 }, 42)
  local _, err = mq:call { type = "request", queue = "q", body = 1, reply_within = 2, timeout = 10 }
  t.equal(err.code, "timeout")
  t.equal(mq:call { type = "reply", correlation = "q/2", body = 1 }, false)
end)

t.test("broker: job queues feed workers at a rate, with retries and cron", function()
  local w = lab.world { seed = 1 }
  local mq = w:service("mq", { slots = 8, filters = { lab.queue.broker {
    jobs = { mails = lab.queue.jobs { rate = 50, attempts = 3, backoff = 1, jitter = "none", ttr = 10 } },
  } } })
  local sent, failed = 0, 0
  for _ = 1, 4 do
    w:spawn(function()
      while true do
        local job = mq:call { type = "take", jobs = "mails", wait = 5, timeout = 10 }
        if job then
          if job.data == "bounces" then
            failed = failed + 1
            mq:call { type = "fail", jobs = "mails", id = job.id, take = job.take }
          else
            sent = sent + 1
            mq:call { type = "ack", jobs = "mails", id = job.id, take = job.take }
          end
        end
      end
    end)
  end
  mq:call { type = "put", jobs = "mails", data = "bounces" }
  for i = 1, 500 do mq:call { type = "put", jobs = "mails", data = i } end
  local from, before = w:now(), sent
  w:run(5)
  t.near((sent - before) / (w:now() - from), 50, 3)
  w:run(30)
  t.equal({ sent, failed }, { 500, 3 })
  t.equal(mq:call { type = "kick", jobs = "mails", count = 5 }, 1)
  local _, err = mq:call { type = "ack", jobs = "mails", id = 2, take = 1 }
  t.equal(err.code, "not_found")
end)

t.test("broker: the same run gives the same digest", function()
  local function run()
    local w, mq = broker { seed = 5, order = "fifo", visibility = 3 }
    local done = {}
    for _ = 1, 3 do worker(w, mq, done, { work = 0.5, crashes = function() return w:random() < 0.1 end }) end
    for i = 1, 50 do mq:call { type = "send", queue = "q", body = tostring(i), group = "g" .. i % 4 } end
    w:at(5, lab.fault.crash "mq")
    w:at(6, lab.fault.restart "mq")
    w:run(60)
    return w:digest(), #done
  end
  local digest, done = run()
  t.equal(run(), digest)
  t.is_true(done >= 40, "most are done")
end)

t.test("broker: a fifo queue takes 300 requests of a kind a second, a batch counts as one", function()
  local w = lab.world { seed = 1, latency = 0 }
  local fifo = lab.queue.fifo { content_dedup = true }
  local free = lab.queue.fifo { requests = 0, content_dedup = true }
  local queues = { fifo = fifo, standard = lab.queue.standard(), free = free }
  local mq = w:service("mq", { filters = { lab.queue.broker { queues = queues, durable = false } } })
  local n = 0
  local function burst(queue, count, type)
    local refused, code = 0, nil
    for _ = 1, count do
      n = n + 1
      local group = queue ~= "standard" and "g" or nil
      local request = { type = type or "send", queue = queue, body = "m" .. n, group = group }
      if type == "send_batch" then
        request.entries = {}
        for i = 1, 10 do request.entries[i] = { id = tostring(i), body = n .. "/" .. i, group = group } end
      end
      local ok, err = mq:call(request)
      if not ok then refused, code = refused + 1, err.code end
    end
    return refused, code
  end
  t.equal({ burst("fifo", 310) }, { 10, "RequestThrottled" })
  t.equal({ burst("fifo", 1, "receive") }, { 0 }) -- another kind has a bucket of its own
  w:run(0.5)
  t.equal({ burst("fifo", 160, "send_batch") }, { 10, "RequestThrottled" })
  t.equal(mq:call { type = "attributes", queue = "fifo" }.sent, 300 + 1500)
  t.equal({ burst("standard", 1000) }, { 0 })
  t.equal({ burst("free", 1000) }, { 0 })
end)

t.test("broker: jobs repeat by interval and cron line until they are cancelled", function()
  local w = lab.world { seed = 1 }
  local mq = w:service("mq", { filters = { lab.queue.broker { jobs = { jobs = lab.queue.jobs() } } } })
  local done = {}
  w:service("worker", { handler = function(job)
    done[job.data] = (done[job.data] or 0) + 1
    return true
  end, filters = { lab.queue.consumer { from = "mq", jobs = "jobs" } } })
  t.equal(mq:call { type = "repeat", jobs = "jobs", name = "a", every = 10, data = "every" }, true)
  t.equal(mq:call { type = "repeat", jobs = "jobs", name = "b", cron = "*/2 * * * *", data = "cron" }, true)
  w:run(601)
  t.equal(done, { every = 60, cron = 5 })
  t.equal(mq:call { type = "cancel", jobs = "jobs", name = "a" }, true)
  t.equal(mq:call { type = "cancel", jobs = "jobs", name = "a" }, false)
  w:run(600)
  t.equal(done, { every = 60, cron = 10 })
  local function code(request)
    request.type, request.jobs = "repeat", "jobs"
    local _, err = mq:call(request)
    return err and err.code
  end
  t.equal(code { every = 1 }, "malformed")
  t.equal(code { name = "x" }, "malformed")
  t.equal(code { name = "x", every = 0 }, "malformed")
  t.equal(code { name = "x", every = 1, cron = "* * * * *" }, "malformed")
  t.equal(code { name = "x", cron = "61 * * * *" }, "malformed")
end)

t.test("queue: the limits on what is in flight are those that are published", function()
  for order, limit in pairs { standard = 120000, fifo = 20000 } do
    local q = lab.queue[order] { batch = limit + 1 }
    for i = 1, limit + 1 do
      local fifo = order == "fifo"
      q:send("x", { group = fifo and "g" .. i or nil, dedup = fifo and tostring(i) or nil, now = 0 })
    end
    t.equal(#q:receive { max = limit, now = 1 }, limit, order)
    local got, err = q:receive { now = 1 }
    t.equal(order == "fifo" and #got or err.code, order == "fifo" and 0 or "OverLimit")
    t.equal(#q:receive { now = 31 }, 1, order)
  end
end)

t.test("queue: a dead-letter queue takes from 1 to 1000 receives, and exactly so many are given", function()
  for _, max in ipairs { 1, 2, 1000 } do
    local dead = lab.queue.standard()
    local q = lab.queue.standard { visibility = 1, dead_letter = dead, max_receives = max }
    q:send("poison", { now = 0 })
    local receives = 0
    for second = 1, max + 3 do receives = receives + #q:receive { now = second } end
    t.equal({ receives, dead:counts { now = max + 3 }.visible }, { max, 1 })
  end
end)

t.test("queue: a fifo queue refuses a stale receipt, and more time is more time for the receipt, too", function()
  local q = lab.queue.fifo { content_dedup = true, visibility = 30 }
  q:send("a", { group = "g", now = 0 })
  local first = q:receive { now = 0 }[1]
  local _, err = q:delete(first.receipt, { now = 30 })
  t.equal({ err.code, err.definite }, { "InvalidParameterValue", true })
  local second = q:receive { now = 30 }[1]
  t.equal(second.receives, 2)
  _, err = q:delete(first.receipt, { now = 31 })
  t.equal(err.code, "InvalidParameterValue")
  _, err = q:change_visibility(first.receipt, 60, { now = 31 })
  t.equal(err.code, "InvalidParameterValue")
  t.equal(q:counts { now = 31 }.in_flight, 1)
  t.equal(q:change_visibility(second.receipt, 60, { now = 50 }), true)
  t.equal(q:delete(second.receipt, { now = 109 }), true)
  t.equal(q:counts { now = 109 }.in_flight, 0)
end)

t.test("broker: after a crash no id is given again, and no receipt from before it deletes anything", function()
  for _, durable in ipairs { true, false } do
    local w, mq = broker { durable = durable }
    mq:call { type = "send", queue = "q", body = "before" }
    local old = mq:call { type = "receive", queue = "q" }[1]
    if durable then mq:call { type = "delete", queue = "q", receipt = old.receipt } end
    w:run(1)
    w:inject(lab.fault.crash "mq"); w:inject(lab.fault.restart "mq"); w:run(1)
    local sent = mq:call { type = "send", queue = "q", body = "after" }
    t.is_true(sent.id ~= old.id, sent.id .. " is new")
    t.is_true(sent.sequence > old.sequence, "numbers ascend")
    local new = mq:call { type = "receive", queue = "q" }[1]
    t.equal(new.body, "after")
    t.equal(mq:call { type = "delete", queue = "q", receipt = old.receipt }, false)
    t.equal(mq:call { type = "attributes", queue = "q" }.in_flight, 1)
  end
end)

assert(t.summary())

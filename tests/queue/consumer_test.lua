local t = require "expect"

-- A broker, `count` workers of `work` seconds a message, and the history that the checker judges.
local function shop(options)
  local w = lab.world { seed = options.seed or 1 }
  local history = lab.history()
  local dead = lab.queue.standard()
  local queues = { jobs = lab.queue.standard { visibility = 10, dead_letter = dead, max_receives = 5 }, dead = dead }
  local mails = lab.queue.jobs { attempts = 3, backoff = 1, jitter = "none", concurrency = 2 }
  local mq = w:service { name = "mq", slots = 16,
    filters = { lab.queue.broker { queues = queues, jobs = { mails = mails }, history = history } } }
  local done = {}
  local consumer = { from = "mq", queue = not options.jobs and "jobs" or nil, jobs = options.jobs }
  for key, value in pairs(options.consumer or {}) do consumer[key] = value end
  local workers = w:fleet { name = "worker", count = options.count or 2, slots = consumer.concurrency or 1,
    handler = function(request, context)
      context:sleep(options.work or 1)
      local item = request
      local body = request.type == "job" and item.data or item.body
      if options.fails and options.fails(body) then return nil, "bad" end
      done[body] = (done[body] or 0) + 1
      return true
    end, filters = { lab.queue.consumer(consumer) } }
  return w, mq, workers, done, function() return lab.check.queue(history, queues) end
end

local function total(done)
  local n = 0
  for _, times in pairs(done) do n = n + times end
  return n
end

local function send(mq, n)
  for i = 1, n do t.is_true(mq:call { type = "send", queue = "jobs", body = "job " .. i } ~= nil, "sent") end
end

t.test("consumer: workers share a queue, one message each at a time", function()
  local w, mq, workers, done, judge = shop { count = 3 }
  send(mq, 9)
  w:run(1.5)
  for _, worker in ipairs(workers) do t.equal(worker:state().filters[1].working, 1) end
  w:run(2)
  t.equal(total(done), 9)
  local c = mq:call { type = "attributes", queue = "jobs" }
  t.equal({ c.deleted, c.visible, c.in_flight }, { 9, 0, 0 })
  t.equal(judge().verdict, "ok")
end)

t.test("consumer: it begins as many at once as it may, and not more", function()
  local w, mq, workers, done = shop { count = 1, consumer = { concurrency = 4, batch = 3 } }
  send(mq, 8)
  w:run(0.9)
  t.equal({ workers[1]:state().filters[1].working, mq:call { type = "attributes", queue = "jobs" }.visible }, { 4, 4 })
  w:run(2)
  t.equal(total(done), 8)
end)

t.test("consumer: a crash in mid-work loses nothing, and repeats what was under way", function()
  local w, mq, _, done, judge = shop { count = 2 }
  send(mq, 20)
  w:at(2.5, lab.fault.crash "worker-1")
  w:at(4, lab.fault.restart "worker-1")
  w:run(60)
  t.equal(total(done), 20)
  t.equal(mq:call { type = "attributes", queue = "jobs" }.timed_out, 1)
  t.equal(judge().verdict, "ok")
end)

t.test("consumer: while the broker is away it asks again, and then goes on", function()
  local w, mq, workers, done = shop {}
  send(mq, 20)
  w:at(2.5, lab.fault.crash "mq")
  w:at(20, lab.fault.restart "mq")
  w:run(90)
  t.is_true(workers[1]:state().filters[1].failed_asks > 5, "it asked in vain")
  for i = 1, 20 do t.is_true((done["job " .. i] or 0) >= 1, "job " .. i) end
  t.equal(mq:call { type = "attributes", queue = "jobs" }.visible, 0)
end)

t.test("consumer: an error leaves the message to its timeout, or to `retry`, and then to the dead letters", function()
  for _, case in ipairs { { retry = nil, from = 45, to = 55 }, { retry = 1, from = 8, to = 12 } } do
    local w, mq = shop { count = 1, fails = function() return true end, consumer = { retry = case.retry } }
    send(mq, 1)
    w:run(case.from)
    t.equal(mq:call { type = "attributes", queue = "dead" }.visible, 0, "after " .. case.from)
    w:run(case.to - w:now())
    w:run(1)
    t.equal(mq:call { type = "attributes", queue = "dead" }.visible, 1, "after " .. case.to)
  end
end)

t.test("consumer: with `extend` slow work is not done twice", function()
  for _, extend in ipairs { true, false } do
    local w, mq, _, done = shop { count = 2, work = 35, consumer = { visibility = 10, extend = extend } }
    send(mq, 1)
    w:run(300)
    t.equal(done["job 1"] == 1, extend)
    t.equal(mq:call { type = "attributes", queue = "jobs" }.timed_out == 0, extend)
  end
end)

t.test("consumer: of a job queue it acknowledges what is done and reports what failed", function()
  local w, mq, _, done = shop { jobs = "mails", fails = function(body) return body == "bounces" end }
  for _, data in ipairs { "a", "bounces", "b" } do mq:call { type = "put", jobs = "mails", data = data } end
  w:run(30)
  t.equal({ done.a, done.b, done.bounces }, { 1, 1, nil })
  t.equal(mq:call { type = "kick", jobs = "mails", count = 9 }, 1)
end)

t.test("consumer: mistakes are named", function()
  t.raises(function() lab.queue.consumer { from = "mq" } end, "either a queue or jobs")
  t.raises(function() lab.queue.consumer { from = "mq", queue = "a", jobs = "b" } end, "either a queue or jobs")
  t.raises(function() lab.queue.consumer { from = "mq", queue = "a", extend = true } end, "visibility above 0")
  t.raises(function() lab.queue.consumer { from = "mq", queue = "a", concurrency = 0 } end, "concurrency")
end)

assert(t.summary())

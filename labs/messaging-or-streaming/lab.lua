return {
  title = "A queue or a stream?",
  minutes = 30,
  summary = [[
The same work through a queue and through a log: a second reader, a slow job, a poison message, order, scaling, a crash.
Eight questions, each asked of both.]],
  after = { "queues", "dead-letters", "log-streams", "consumer-groups" },
  steps = {
    {
      name = "second_reader",
      title = "A second application",
      text = [[
Billing reads 12 orders. Some minutes later marketing wants to read them, too. First from a queue, then from a log.]],
      code = [[
function both(partitions, options)
  options = options or {}
  w = lab.world{ seed = 9 }
  dead = lab.queue.standard()
  mq = w:service("mq", { slots = 16, filters = { lab.queue.broker{ queues = { dead = dead,
    orders = lab.queue.standard{ visibility = 5, dead_letter = dead, max_receives = 3,
      retention = options.queue_keeps } } } } })
  kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, rebalance_delay = 1, session = 6,
    retention_check = 10,
    topics = { orders = { partitions = partitions or 3, min_insync = 2, retention = options.log_keeps } } })
  w:run(6)
  by_queue, by_log = {}, {}
end
function send(count, key)
  for i = 1, count do
    mq:call{ type = "send", queue = "orders", body = i }
    kafka[1]:call{ type = "produce", topic = "orders", key = key or i, partition = not key and i % 3 or nil, value = i,
      acks = "all", timeout = 5 }
  end
end
-- Workers of both kinds: work(value, worker) gives the seconds, or false for what cannot be processed.
function queue_worker(n, work)
  w:spawn(function()
    while true do
      for _, m in ipairs(mq:call{ type = "receive", queue = "orders", wait = 20, timeout = 30 } or {}) do
        local seconds = work(m.body, n)
        if seconds == nil then return end
        if seconds then
          w:sleep(seconds)
          by_queue[#by_queue + 1] = { value = m.body, at = w:now() }
          mq:call{ type = "delete", queue = "orders", receipt = m.receipt }
        end
      end
    end
  end)
end
function log_worker(n, work, group)
  return w:service("log-" .. (group or "g") .. "-" .. n, {
    filters = { lab.stream.consumer{ from = kafka, group = group or "g", topics = { "orders" }, commit = "after",
      session = 9, heartbeat = 1 } },
    handler = function(r, context)
      if r.type ~= "record" then return true end
      local seconds = work(r.value, n)
      if not seconds then return nil, { code = "malformed", message = "no price" } end
      context:sleep(seconds)
      by_log[#by_log + 1] = { value = r.value, at = w:now(), group = group }
      return true
    end })
end
function at_once() return 0.01 end
both()
queue_worker(1, at_once); log_worker(1, at_once, "billing")
send(12)
w:run(5*min)
marketing_queue = #mq:call{ type = "receive", queue = "orders", max = 10 }
before = #by_log
log_worker(1, at_once, "marketing")
w:run(60)
marketing_log = #by_log - before
marketing_queue, marketing_log]],
      predict = {
        question = "How many orders does marketing find in the log?",
        unit = "orders",
        tolerance = 0.5,
        answer = function(env) return env.marketing_log end,
      },
      hints = {
        "`marketing_queue` and `marketing_log`.",
        "Who deletes in a queue, and who in a log?",
        "The log keeps all 12 for seven days, whoever has read them.",
      },
      check = function(t, env)
        t.equal(env.marketing_queue, 0, "orders left in the queue")
        t.equal(env.marketing_log, 12, "orders that marketing reads from the log")
      end,
      explain = [[
All 12; the queue has none, because billing deleted them. A queue is a list of what is still to be done; a log is a
list of what happened. (For several readers of a queue one puts a topic in front, with a queue for each, and that
beforehand: see fan-out.)]],
    },
    {
      name = "one_slow",
      title = "One job of ten takes long",
      text = [[
Three workers, 30 jobs, 0.1 s each; but job 6 takes 20 s. When is the last of the *other* 29 done?]],
      code = [[
function last_of_others(done, slow)
  local last = 0
  for _, d in ipairs(done) do if d.value ~= slow then last = math.max(last, d.at) end end
  return last - start
end
both()
function one_slow(value) return value == 6 and 20 or 0.1 end
for n = 1, 3 do queue_worker(n, one_slow); log_worker(n, one_slow) end
w:run(6)
start = w:now()
send(30)
w:run(60)
queue_last, log_last = last_of_others(by_queue, 6), last_of_others(by_log, 6)
queue_last, log_last]],
      predict = {
        question = "And through the log with three partitions: after how many seconds is the last of the other 29 " ..
          "done?",
        unit = "s",
        tolerance = 4,
        answer = function(env) return env.log_last end,
      },
      hints = {
        "`queue_last` and `log_last` are the seconds from the first send on.",
        "Who is behind job 6 in its partition?",
        "Everything with the same partition waits for 20 s; in the queue the other workers take it.",
      },
      check = function(t, env)
        t.that((env.queue_last or 99) < 5, "the queue is done with the others soon", tostring(env.queue_last))
        t.that((env.log_last or 0) > 15, "in the log some wait behind the slow one", tostring(env.log_last))
      end,
      explain = function(env)
        return ([[
%.1f s, and %.1f s through the queue. Head-of-line blocking is the price of order. For jobs that vary, a queue; for
events of which each key's order matters, a log.]]):format(env.log_last, env.queue_last)
      end,
    },
    {
      name = "order",
      title = "One account, three workers",
      text = [[
30 bookings of one account (one key), three workers, and work that takes 10 ms to 200 ms. In which order are they
finished?]],
      code = [[
function disorder(done)
  local n = 0
  for i = 2, #done do if done[i].value < done[i - 1].value then n = n + 1 end end
  return n
end
both()
function varying(value) return 0.01 + (value * 7 % 20) / 100 end
for n = 1, 3 do queue_worker(n, varying); log_worker(n, varying) end
w:run(6)
send(30, "account 7")
w:run(60)
queue_disorder, log_disorder = disorder(by_queue), disorder(by_log)
queue_disorder, log_disorder, #by_queue, #by_log]],
      predict = {
        question = "How many bookings are finished before an earlier one, with the log?",
        unit = "bookings",
        tolerance = 0.5,
        answer = function(env) return env.log_disorder end,
      },
      hints = {
        "`queue_disorder` and `log_disorder`.",
        "One key, one partition, one reader.",
        "None. And two of the three workers have nothing to do.",
      },
      check = function(t, env)
        t.equal(env.log_disorder, 0, "bookings out of order with the log")
        t.that((env.queue_disorder or 0) > 3, "the queue's are out of order", tostring(env.queue_disorder))
      end,
      explain = function(env)
        return ([[
None, and %d with the standard queue, which promises no order. A fifo queue with the account as its group has the log's
order, and its waiting, too.]]):format(env.queue_disorder)
      end,
    },
    {
      name = "poison",
      title = "A poison message",
      text = "30 orders, two workers; order 4 fails whenever it is tried. The queue has dead letters after 3 receives.",
      code = [[
both()
function poison(value) if value == 4 then return false end return 0.01 end
for n = 1, 2 do queue_worker(n, poison); log_worker(n, poison) end
w:run(6)
send(30)
w:run(60)
queue_done, log_done = #by_queue, #by_log
print("dead letters: " .. mq:call{ type = "attributes", queue = "dead" }.visible)
queue_done, log_done]],
      predict = {
        question = "How many of the 30 are done through the log after a minute?",
        unit = "orders",
        tolerance = 1,
        answer = function(env) return env.log_done end,
      },
      hints = {
        "`queue_done` and `log_done`.",
        "Order 4 is the second of ten in its partition.",
        "20 in the two others, and one before it: 21.",
      },
      check = function(t, env)
        t.equal(env.queue_done, 29, "orders done through the queue")
        t.that((env.log_done or 30) < 29, "the log's partition is stuck", tostring(env.log_done))
      end,
      explain = function(env)
        return ([[
%d: its partition stands still, while the queue set it aside after three attempts and did the rest. A log has no count
of attempts; the consumer has to have an answer of its own (skip, or a dead-letter topic).]]):format(env.log_done)
      end,
    },
    {
      name = "scale",
      title = "Ten workers",
      text = "300 jobs of 0.1 s, ten workers each; the topic has three partitions.",
      code = [[
both(3)
function tenth() return 0.1 end
for n = 1, 10 do queue_worker(n, tenth); log_worker(n, tenth) end
w:run(8)
start = w:now()
send(300)
w:run(60)
queue_time, log_time = last_of_others(by_queue), last_of_others(by_log)
queue_time, log_time]],
      predict = {
        question = "After how many seconds is the log's group done?",
        unit = "s",
        tolerance = 3,
        answer = function(env) return env.log_time end,
      },
      hints = {
        "`queue_time` and `log_time`.",
        "Three partitions, so three of the ten work.",
        "100 records of a bit more than 0.1 s each.",
      },
      check = function(t, env)
        t.that((env.log_time or 0) > (env.queue_time or 99) * 2, "three partitions are slower than ten workers",
          ("%s s and %s s"):format(tostring(env.log_time), tostring(env.queue_time)))
      end,
      explain = function(env)
        return ([[
%.1f s; the queue's ten workers took %.1f s. A queue scales with its workers, a log with its partitions, which one
chooses beforehand.]]):format(env.log_time, env.queue_time)
      end,
    },
    {
      name = "crash",
      title = "A crash in mid-work",
      text = [[
Worker 1 of each kind dies during its fifth job. The queue hides a message for 5 s; the group's session is 9 s.]],
      code = [[
both()
function dies(kind)
  local jobs = 0
  return function(value, n)
    if n == 1 then
      jobs = jobs + 1
      if jobs == 5 then
        crashed = w:now()
        if kind == "queue" then return nil end
        w:spawn(function() w:inject(lab.fault.crash("log-g-1")) end)
      end
    end
    return 0.3
  end
end
for n = 1, 2 do queue_worker(n, dies("queue")); log_worker(n, dies("log")) end
w:run(6)
send(30)
w:run(90)
function different(done)
  local seen, n = {}, 0
  for _, d in ipairs(done) do if not seen[d.value] then seen[d.value] = true; n = n + 1 end end
  return n
end
queue_all, log_all = different(by_queue), different(by_log)
queue_all, log_all]],
      predict = {
        question = "How many of the 30 jobs are lost by the two crashes together?",
        unit = "jobs",
        tolerance = 0.5,
        answer = function(env) return 60 - env.queue_all - env.log_all end,
      },
      hints = {
        "`queue_all` and `log_all` count different jobs that were done.",
        "The queue's message comes back by itself; the log's partition gets another reader.",
        "None.",
      },
      check = function(t, env)
        t.equal(env.queue_all, 30, "jobs done through the queue")
        t.equal(env.log_all, 30, "jobs done through the log")
      end,
      explain = [[
None: both are at least once. The queue brings back the one message, after its own timeout. The log notices that a
*reader* is gone, moves its partitions, and reads on from the last commit. Both may do a job twice; neither can know.]],
    },
    {
      name = "keep",
      title = "Yesterday's message",
      text = [[
An order that nobody has read. By default a queue keeps it for 4 days, a log for 7. Here a minute stands for a day: 4
minutes and 7. We look after 3, 5 and 8 of them.]],
      code = [[
both(1, { queue_keeps = 4*min, log_keeps = 7*min })
send(1, "k")
kept = {}
for _, day in ipairs{ 3, 5, 8 } do
  w:run_until(day * min)
  local at = mq:call{ type = "attributes", queue = "orders" }
  local first = kafka[1]:call{ type = "list_offsets", topic = "orders", partition = 0, time = "earliest" }
  kept[day] = { queue = at.visible + at.in_flight, log = first["end"] - first.offset }
  print("after " .. day .. " days", "queue " .. kept[day].queue, "log " .. kept[day].log)
end]],
      predict = {
        question = "After 8 days: is the order in the log?",
        choices = { "no, it is older than 7 days", "yes: it is in the active segment, which is never taken away" },
        answer = function(env)
          return env.kept[8].log == 1 and "yes: it is in the active segment, which is never taken away"
            or "no, it is older than 7 days"
        end,
      },
      hints = {
        "`kept[day].queue` and `.log` count what is there.",
        "Retention of a log takes whole segments, and only closed ones.",
        "Nobody has appended since, so its segment is the active one.",
      },
      check = function(t, env)
        local kept = t.has(env, "kept", "table")
        t.equal(kept[3].queue, 1, "the queue after 3 days")
        t.equal(kept[5].queue, 0, "the queue after 5 days")
        t.equal(kept[5].log, 1, "the log after 5 days")
      end,
      explain = [[
Yes: seven days is a promise to keep it, none to delete it. The queue's four days are exact, and a loss if nobody works
for so long: the first alarm to set on a queue is the age of its oldest message.]],
    },
    {
      name = "broker_loss",
      title = "The broker dies",
      text = [[
The queue's broker is one node in this model (the hosted service is many), the log's are three. One broker of each
crashes for 30 s. A producer tries once a second.]],
      code = [[
both(1)
leader = kafka[1]:call{ type = "metadata" }.topics.orders.partitions[1].leader
other = leader == "kafka-1" and kafka[2] or kafka[1]
w:inject(lab.fault.crash("mq"), 30)
w:inject(lab.fault.crash(leader), 30)
queue_failed, log_failed = 0, 0
for second = 1, 40 do
  if not mq:call{ type = "send", queue = "orders", body = "x", timeout = 0.5 } then queue_failed = queue_failed + 1 end
  if not other:call{ type = "produce", topic = "orders", partition = 0, value = "x", acks = "all", timeout = 0.5 } then
    log_failed = log_failed + 1
  end
  w:run_until(math.max(w:now(), 6 + second))
end
queue_failed, log_failed]],
      predict = {
        question = "For about how many of 40 seconds can nobody append to the log? (The controller waits 6 s here.)",
        unit = "s",
        tolerance = 4,
        answer = function(env) return env.log_failed end,
      },
      hints = {
        "`queue_failed` and `log_failed` count failed attempts.",
        "The log's other brokers elect a new leader when the session of 6 s is over.",
        "About 6 to 8.",
      },
      check = function(t, env)
        t.that((env.queue_failed or 0) >= 25, "the single broker is away for its 30 s", tostring(env.queue_failed))
        t.that((env.log_failed or 99) < 15, "the log is back earlier", tostring(env.log_failed))
      end,
      explain = function(env)
        return ([[
%d s, and %d s for the single broker. That is replication and no question of queue or log: a replicated queue does the
same (and is, inside, a replicated log).]]):format(env.log_failed, env.queue_failed)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks, twice",
      text = [[
60 tasks, two workers, once through a queue and once through a log, and each fault in turn, from 20 s to 40 s.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
function through_queue(world)
  local dead = lab.queue.standard()
  return ordeal.shop(world, { count = 2, tasks = 60, work = 0.1, queues = { dead = dead,
    jobs = lab.queue.standard{ visibility = 9, dead_letter = dead, max_receives = 3 } } })
end
times = { at = 20, lasting = 20, finish = 150 }
times.build = through_queue
queue_results = ordeal.run(times)
times.build, times.more = stream_shop.log, stream_shop.faults
log_results = ordeal.run(times)
print("through the queue"); print(ordeal.table(queue_results))
print("through the log"); print(ordeal.table(log_results))]],
      predict = {
        question = "One worker is cut off for 20 s. Where does the unluckiest task wait longer?",
        choices = { "in the queue", "in the log" },
        answer = function(env)
          return env.queue_results.partition.late > env.log_results.partition.late and "in the queue" or "in the log"
        end,
      },
      hints = {
        "`queue_results.partition.late` and `log_results.partition.late`, in seconds.",
        "The queue has one message hidden with the lost worker. And the log?",
        "All partitions of the lost worker wait until the group has noticed and moved them.",
      },
      check = function(t, env)
        for name, results in pairs { queue = t.has(env, "queue_results", "table"),
          log = t.has(env, "log_results", "table") } do
          t.that(#results >= 9, "nine faults or more through the " .. name, #results .. " rows")
          for _, row in ipairs(results) do
            t.that(row.missing <= row.dead, "every task is done through the " .. name .. ", or put aside",
              ("%d are neither after %s"):format(row.missing - row.dead, row.fault))
          end
        end
      end,
      explain = function(env)
        local q, l = env.queue_results, env.log_results
        return ([[
A worker that is cut off: %.1f s through the queue, %.1f s through the log; the loss of a broker: %.1f s and %.1f s.
Both lose nothing, but look at the queue's duplicates: every copy of a receive counts as one, and %d task was put aside
as if it were poison. A queue's fault costs the messages it hits, a log's costs whole partitions; but the log has its
data in three places and the one broker of the queue has not.]]):format(q.partition.late, l.partition.late,
          q["broker loss"].late, l["broker loss"].late, q.duplicates.dead)
      end,
    },
  },
  finish = [[
A queue: jobs, each once, by whoever is free; retries and dead letters; scales with workers. A log: facts, in order, for
anybody, again and again; scales with partitions. Many systems have both: the log for what happened, a queue for what is
to be done about it.]],
}

-- Order and "exactly once": what a fifo queue promises, what it costs, and what it cannot promise.

return {
  title = "Order, and sending twice",
  minutes = 20,
  after = { "queues" },
  summary = [[
Two prices for one shirt, in the wrong order; a payment that is sent twice; a group that waits for its first message.
You will see what a fifo queue does about each, at what price, and why "exactly once" still is the consumer's work.]],

  steps = {
    {
      name = "overtaken",
      title = "The old price comes last",
      text = [[
A standard queue and two messages about the same shirt: first the price becomes 10, then 20. Worker A takes the
first one and crashes. Worker B takes the second, writes it to the shop and deletes it. Later the first message
comes back, and B does that, too.]],
      code = [[
q = lab.queue.standard()
q:send("price 10", { now = 0 }); q:send("price 20", { now = 0 })
a = q:receive{ now = 1 }[1]
b = q:receive{ now = 1 }[1]
price = b.body
q:delete(b.receipt, { now = 2 })
late = q:receive{ now = 40 }[1]
price = late.body]],
      predict = {
        question = "What does the shirt cost in the end?",
        choices = { "price 10", "price 20" },
        answer = function(env) return env.price end,
      },
      hints = {
        "A standard queue in `q`, two messages, and the last thing that was written in `price`.",
        "Which message is written last?",
        "`.go` types the code.",
      },
      check = function(t, env)
        local q = t.has(env, "q", "Queue")
        t.that(q:counts { now = 40 }.sent == 2, "two messages were sent", q:counts { now = 40 }.sent .. " were")
        t.that(q:counts { now = 40 }.received == 3, "there were three receives, one of them in vain",
          q:counts { now = 40 }.received .. " receives")
        t.that(type(env.price) == "string", "`price` is what was written last", tostring(env.price))
      end,
      explain = [[
The old price wins, and stays. Nothing was lost, nothing was late by more than 40 s, and the shop is wrong for
good. With several consumers, order is a promise that somebody has to keep on purpose.]],
    },
    {
      name = "groups",
      title = "One at a time, for each group",
      text = [[
A fifo queue keeps the order of each group: here, of each article. While a message of a group is in flight, the
rest of the group is withheld; other groups are not. Worker A takes one message, then B takes one, then C.]],
      code = [[
q = lab.queue.fifo{ content_dedup = true }
q:send("shirt 10", { group = "shirt", now = 0 })
q:send("shirt 20", { group = "shirt", now = 0 })
q:send("shoes 50", { group = "shoes", now = 0 })
a = q:receive{ now = 1 }[1]
b = q:receive{ now = 1 }[1]
c = q:receive{ now = 1 }[1]
b]],
      predict = {
        question = "A got `shirt 10`. What does C get?",
        choices = { "shirt 20", "shoes 50", "nothing" },
        answer = function(env) return env.c and env.c.body or "nothing" end,
      },
      hints = {
        "A fifo queue with `content_dedup`, two messages of the group `shirt`, one of `shoes`.",
        "B cannot have `shirt 20` while A has `shirt 10`. What is left for B, and then for C?",
        "B gets `shoes 50`, and both groups have a message in flight.",
      },
      check = function(t, env)
        local q = t.has(env, "q", "Queue")
        t.that(tostring(q):match "fifo" ~= nil, "`q` is a fifo queue", tostring(q))
        local flying = q:counts { now = 1 }.in_flight
        t.that(flying == 2, "two messages are in flight", flying .. " are")
      end,
      explain = [[
Nothing: one message of each group is in flight, and `shirt 20` waits for `shirt 10` to be deleted or to come
back. So a worker that crashes with the first price delays the second one, in place of letting it overtake.]],
    },
    {
      name = "one_group",
      title = "What order costs",
      text = [[
60 messages, 1 s of work each, six workers. Once all messages have one group, once they have six.]],
      code = [[
function hours(groups)
  w = lab.world{ seed = 1 }
  local jobs = lab.queue.fifo{ content_dedup = true }
  mq = w:service("mq", { slots = 8, filters = { lab.queue.broker{ queues = { jobs = jobs } } } })
  finished = 0
  for i = 1, 60 do mq:call{ type = "send", queue = "jobs", body = "job " .. i, group = "g" .. i % groups } end
  for worker = 1, 6 do
    w:spawn(function()
      while true do
        for _, m in ipairs(mq:call{ type = "receive", queue = "jobs", wait = 20, timeout = 30 } or {}) do
          w:sleep(1)
          mq:call{ type = "delete", queue = "jobs", receipt = m.receipt }
          finished = w:now()
        end
      end
    end)
  end
  w:run(3*min)
  return finished
end
one, six = hours(1), hours(6)
chart = require "chart"
print(chart.bars({ { "one group", one }, { "six groups", six } }, { unit = "s" }))]],
      predict = {
        question = "With six groups the work is done after some 10 s. When is it done with one group?",
        unit = "s",
        tolerance = 3,
        answer = function(env) return env.one end,
      },
      hints = {
        "`one` and `six` are the times at which the last message was done.",
        "How many of the six workers can work at a time if all messages are of one group?",
        "One: 60 messages, one after the other.",
      },
      check = function(t, env)
        t.that(type(env.one) == "number" and type(env.six) == "number", "`one` and `six` are times",
          ("%s and %s"):format(tostring(env.one), tostring(env.six)))
        t.that(env.one > 5 * env.six, "one group takes more than five times as long",
          ("%.1f s and %.1f s"):format(env.one, env.six))
      end,
      explain = function(env)
        return ([[
%.1f s and %.1f s. A group is a lane with one driver: order within it means no two at work in it. Make groups as
small as the order you need: one for each article, customer, account; never one for everything.]])
          :format(env.one, env.six)
      end,
    },
    {
      name = "twice",
      title = "Sent twice",
      text = [[
A sender that gets no answer sends again: with the same deduplication id, so that the queue can tell. A fifo queue
remembers ids for 5 minutes. This payment is sent at 0 s, again at 200 s, again at 400 s and again at 600 s. Each
message is paid and deleted as soon as it is there.]],
      code = [[
q = lab.queue.fifo()
paid = {}
for _, now in ipairs{ 0, 200, 400, 600 } do
  q:send("pay 30", { group = "anna", dedup = "order 7", now = now })
  for _, m in ipairs(q:receive{ now = now }) do
    paid[#paid + 1] = now
    q:delete(m.receipt, { now = now })
  end
end
#paid]],
      predict = {
        question = "How often does Anna pay?",
        unit = "times",
        tolerance = 0.3,
        answer = function(env) return #env.paid end,
      },
      hints = {
        "`paid` lists the times at which a message came out.",
        "Does the send at 200 s start the 5 minutes anew?",
        "The id is remembered from the send that was accepted: from 0 s to 300 s, then from the next accepted one.",
      },
      check = function(t, env)
        local q, paid = t.has(env, "q", "Queue"), t.has(env, "paid", "table")
        t.that(q:counts { now = 600 }.sent + q:counts { now = 600 }.duplicates == 4, "the payment was sent four times",
          ("%d were"):format(q:counts { now = 600 }.sent + q:counts { now = 600 }.duplicates))
        t.that(#paid >= 1, "it was paid", "it was not")
      end,
      explain = function(env)
        return ([[
%d times, at %s s. The window counts from the send that was accepted and is not extended by duplicates: at 300 s,
to the nanosecond, the id is forgotten. Deleting the message makes no difference. So a sender may retry for five
minutes, and not longer.]]):format(#env.paid, table.concat(env.paid, " s and "))
      end,
    },
    {
      name = "exactly_once",
      title = "And yet twice",
      text = [[
A fifo queue, ten payments, one worker, no duplicates sent. The worker books a payment, which takes 1 s, then
deletes the message. At 5.5 s the broker's node stops for a minute and is back then, with all its messages.]],
      code = [[
w = lab.world{ seed = 1 }
mq = w:service("mq", { filters = { lab.queue.broker{ queues = { pay = lab.queue.fifo{ content_dedup = true } } } } })
booked = {}
for i = 1, 10 do mq:call{ type = "send", queue = "pay", body = "payment " .. i, group = "all" } end
w:spawn(function()
  while true do
    for _, m in ipairs(mq:call{ type = "receive", queue = "pay", wait = 10, timeout = 15 } or {}) do
      w:sleep(1)
      booked[m.body] = (booked[m.body] or 0) + 1
      mq:call{ type = "delete", queue = "pay", receipt = m.receipt }
    end
    w:sleep(10*ms)
  end
end)
w:at(5.5*s, lab.fault.crash("mq")); w:at(65*s, lab.fault.restart("mq"))
w:run(3*min)
total = 0
for _, times in pairs(booked) do total = total + times end
total]],
      predict = {
        question = "How many bookings are there for the ten payments?",
        unit = "bookings",
        tolerance = 0.4,
        answer = function(env) return env.total end,
      },
      hints = {
        "`total` sums up how often each payment was booked.",
        "What is the worker doing at 5.5 s, and what becomes of its delete?",
        "The payment of 5.5 s is booked, its delete finds nobody, and after the restart the message is there again.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local booked, n = t.has(env, "booked", "table"), 0
        for _ in pairs(booked) do n = n + 1 end
        t.that(n == 10, "all ten payments are booked", n .. " are")
        t.that(type(env.total) == "number" and env.total > 10, "one of them twice", tostring(env.total) .. " bookings")
      end,
      explain = function(env)
        return ([[
%d. The queue delivered in order and swallowed every duplicate that a sender could make. But booking and deleting
are two things in two places, and whatever comes between them repeats the first. "Exactly once" is at-least-once
delivery and a consumer that recognises what it has done: it books under the message's id, and a second booking of
the same id does nothing. That is the build-it lab `at-least-once-consumer`.]]):format(env.total)
      end,
    },
    {
      name = "ordeal",
      title = "Order under faults",
      text = [[
Three workers, four groups, a message every half second with its number as deduplication id; who gets no answer sends
again. Nine faults in turn, from 20 s to 50 s. `backwards` counts messages that were done, for the first time, after a
later one of their group.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local dead = lab.queue.fifo()
  local last, backwards = {}, 0
  local system = ordeal.shop(w, {
    queues = { dead = dead, jobs = lab.queue.fifo{ visibility = 10, dead_letter = dead, max_receives = 5 } },
    message = function(i) return { group = "g" .. i % 4, dedup = "task " .. i } end,
    done = function(key, m)
      if m.sequence < (last[m.group] or 0) and m.receives == 1 then backwards = backwards + 1 end
      last[m.group] = math.max(last[m.group] or 0, m.sequence)
    end })
  system.backwards = function() return backwards end
  return system
end
back = 0
results = ordeal.run{ build = build, at = 20.2, lasting = 30, finish = 300, judge = function(system)
  back = back + system.backwards()
  return system.judge().verdict
end }
print(ordeal.table(results))]],
      predict = {
        question = "In all nine runs together, how many messages are done after a later one of their group?",
        unit = "messages",
        tolerance = 0.4,
        answer = function(env) return env.back end,
      },
      hints = {
        "`back` is their number, `results` has a row for each fault.",
        "What does the queue do with the rest of a group while one of it is in flight?",
        "It withholds it, whatever happens to the worker.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        t.that(type(env.back) == "number", "`back` counts them", tostring(env.back))
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every message is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "order, dedup and in-flight hold after " .. row.fault, tostring(row.verdict))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
%d. The price is in the delays: a crash holds up a whole group, and with it a quarter of the work, for the visibility
timeout (%.1f s; the poison message %.1f s, once for each of its tries). `twice` need not be zero: it is %d after
the broker's loss. What was sent twice is swallowed; what was done twice is the consumer's own affair.]]):format(
          env.back, r["consumer crash"].late, r["poison message"].late, r["broker loss"].twice)
      end,
    },
  },
  finish = [[
Fifo queues order groups, not everything; they recognise what is sent again within five minutes, not later; and they
make the consumer's work possible, not superfluous.]],
}

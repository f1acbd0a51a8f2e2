-- Long polling: waiting for a message without asking all the time, and the trap of a short timeout.

return {
  title = "Long polling: waiting without asking",
  minutes = 15,
  after = { "queues" },
  summary = [[
A worker that has nothing to do asks the queue whether there is something. You will count what asking costs, in
requests and in delay, let the queue hold the question until there is an answer, and lose a message for half a
minute by being impatient.]],

  steps = {
    {
      name = "asking",
      title = "Is there something? No.",
      text = [[
One message every 10 s. One worker, which asks, works for as good as no time, and if there was nothing asks again
after 100 ms. Ten minutes. A queue service is paid by the request.]],
      code = [[
function shop(ask)
  w = lab.world{ seed = 1 }
  mq = w:service("mq", { slots = 8, filters = { lab.queue.broker{ queues = { jobs = lab.queue.standard() } } } })
  requests, delays = 0, {}
  w:spawn(function()
    while true do
      w:sleep(10)
      mq:call{ type = "send", queue = "jobs", body = w:now() }
    end
  end)
  w:spawn(function()
    while true do
      requests = requests + 1
      for _, m in ipairs(ask() or {}) do
        delays[#delays + 1] = w:now() - m.body
        mq:call{ type = "delete", queue = "jobs", receipt = m.receipt }
      end
    end
  end)
  w:run(10*min)
  local sum = 0
  for _, delay in ipairs(delays) do sum = sum + delay end
  return { requests = requests, delay = sum / #delays, messages = #delays }
end
often = shop(function()
  local got = mq:call{ type = "receive", queue = "jobs" }
  if #got == 0 then w:sleep(0.1) end
  return got
end)
often]],
      predict = {
        question = "How many receive requests for the 60 messages?",
        unit = "requests",
        tolerance = 600,
        answer = function(env) return env.often.requests end,
      },
      hints = {
        "`often` is what `shop` returns for a worker that asks every 100 ms.",
        "Ten minutes are 600 s.",
        "Somewhat less than 10 a second, because each request takes a millisecond, too.",
      },
      check = function(t, env)
        local often = t.has(env, "often", "table")
        t.that((often.messages or 0) >= 55, "the messages of ten minutes come out", tostring(often.messages) .. " did")
        t.that(often.requests > 3000, "there are thousands of requests", tostring(often.requests))
      end,
      explain = function(env)
        return ([[
%d requests, of which %d brought something: %.0f for each message. The delay is small, %.0f ms on average. One
could ask less often.]]):format(env.often.requests, env.often.messages, env.often.requests / env.often.messages,
          1000 * env.often.delay)
      end,
    },
    {
      name = "seldom",
      title = "Asking less often",
      text = [[The same, asking every 5 s.]],
      code = [[
seldom = shop(function()
  local got = mq:call{ type = "receive", queue = "jobs" }
  if #got == 0 then w:sleep(5 + w:random()) end
  return got
end)
seldom]],
      predict = {
        question = "What is the average delay of a message now?",
        unit = "s",
        tolerance = 0.8,
        answer = function(env) return env.seldom.delay end,
      },
      hints = {
        "`seldom` is what `shop` returns for a worker that sleeps 5 s and a bit when there was nothing.",
        "A message comes at some moment of the 5 to 6 s between two questions.",
        "On average half of the time between two questions.",
      },
      check = function(t, env)
        local seldom = t.has(env, "seldom", "table")
        t.that(seldom.requests < 400, "there are some hundred requests", tostring(seldom.requests))
        t.that(seldom.delay > 1, "the messages wait for seconds", ("%.2f s"):format(seldom.delay))
      end,
      explain = function(env)
        return ([[
%.1f s, for %d requests. Asking is a trade: half of the interval as delay, or many requests. It need not be one.]])
          :format(env.seldom.delay, env.seldom.requests)
      end,
    },
    {
      name = "waiting",
      title = "Let the question wait",
      text = [[
With `wait` the queue keeps the question and answers when a message comes, or after that time with nothing. 20 s
is the longest that is allowed. (The call's own timeout must be longer.)]],
      code = [[
waiting = shop(function() return mq:call{ type = "receive", queue = "jobs", wait = 20, timeout = 30 } end)
chart = require "chart"
print(chart.table{ columns = { "asking", { title = "requests" }, { title = "delay", format = "%.4f s" } }, rows = {
  { "every 0.1 s", often.requests, often.delay }, { "every 5 s", seldom.requests, seldom.delay },
  { "long poll", waiting.requests, waiting.delay } } })]],
      predict = {
        question = "How many receive requests now?",
        unit = "requests",
        tolerance = 12,
        answer = function(env) return env.waiting.requests end,
      },
      hints = {
        "`waiting` is what `shop` returns for a worker that asks with `wait = 20`.",
        "A message comes every 10 s, before the 20 s are over.",
        "Each request is answered by the next message: one for each of the 60.",
      },
      check = function(t, env)
        local waiting = t.has(env, "waiting", "table")
        t.that(waiting.requests < 100, "there are as many requests as messages", tostring(waiting.requests))
        t.that(waiting.delay < 0.05, "the messages wait for milliseconds", ("%.3f s"):format(waiting.delay))
      end,
      explain = function(env)
        return ([[
%d requests and %.1f ms: fewer than asking every 5 s, and quicker than asking every 0.1 s. While a question waits
it holds no slot of the service. There is hardly a reason to poll in any other way.]]):format(env.waiting.requests,
          1000 * env.waiting.delay)
      end,
    },
    {
      name = "impatient",
      title = "A client that hangs up",
      text = [[
Somebody has forgotten the second part: the client's own timeout is the usual 1 s. So it asks with `wait = 20`,
hangs up after 1 s, and asks again. The queue's visibility timeout is 30 s.]],
      code = [[
impatient = shop(function() return mq:call{ type = "receive", queue = "jobs", wait = 20 } end)
impatient]],
      predict = {
        question = "What is the average delay of a message?",
        choices = { "milliseconds", "about a second", "tens of seconds" },
        answer = function(env)
          local delay = env.impatient.delay
          return delay < 0.1 and "milliseconds" or delay < 5 and "about a second" or "tens of seconds"
        end,
      },
      hints = {
        "`impatient` is what `shop` returns for a worker whose call has `wait = 20` and no `timeout`.",
        "The client has hung up. Does the queue know?",
        "The queue answers the oldest question first. Who listens to that answer, and what happens to the message?",
      },
      check = function(t, env)
        local impatient = t.has(env, "impatient", "table")
        t.that(impatient.requests > 300, "there are hundreds of requests", tostring(impatient.requests))
        t.that(impatient.delay > 5, "messages are very late", ("%.1f s"):format(impatient.delay))
      end,
      explain = function(env)
        return ([[
%.0f s on average. The queue holds up to 20 questions of a client that has long hung up, and gives the message to
the oldest. Nobody listens; the message counts as received, is hidden for 30 s, and then may go to the next dead
question. Each of these also counts for the dead-letter limit. A client must be more patient than what it asks
for.]]):format(
          env.impatient.delay)
      end,
    },
    {
      name = "ordeal",
      title = "Polls that nobody hears",
      text = [[
Three workers that poll with `wait = 20`, a message every half second for a minute, a visibility timeout of 10 s. Nine
faults in turn, from 20 s to 50 s: among others one worker is cut off while the queue holds its question.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local dead = lab.queue.standard()
  return ordeal.shop(w, { work = 0.05, consumer = { wait = 20*s }, queues = { dead = dead,
    jobs = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 4 } } })
end
results = ordeal.run{ build = build, at = 20.2, lasting = 30, finish = 240,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "How late is the message that the queue gives to the worker that is cut off?",
        unit = "s",
        tolerance = 3,
        answer = function(env) return env.results.partition.late end,
      },
      hints = {
        "`results.partition.late` is the longest delay.",
        "The queue answers a question that was asked before the partition. Who hears it?",
        "Nobody; the message is hidden for 10 s and then goes to one of the others.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every message is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "the queue keeps its promises after " .. row.fault, tostring(row.verdict))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
%.1f s, and %.1f s after a crash: a long poll is a promise to somebody who may have gone, and the queue does not learn
that its answer reached nobody. That is why a poll ends after 20 s at most: it bounds for how long a queue can hold the
question of the dead, one message for each.]]):format(r.partition.late, r["consumer crash"].late)
      end,
    },
  },
  finish = [[
Wait at the queue, not beside it: `wait = 20`, a client timeout above that, and batches of up to 10 where there is
more than one message to get.]],
}

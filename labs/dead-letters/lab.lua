-- Dead letters: what to do with a message that nobody can process.

local function days(seconds) return seconds / 86400 end

return {
  title = "Dead letters: a message that breaks every worker",
  minutes = 15,
  after = { "queues" },
  summary = [[
One message in the queue makes each worker that takes it crash. Without a limit it comes back for ever; with one
it ends in a queue of its own, where somebody can look at it. You will also lose one there.]],

  steps = {
    {
      name = "poison",
      title = "It comes back, and back",
      text = [[
Five workers; the ninth of twenty jobs cannot be parsed, and the worker that tries it crashes and needs 10 s to start
again. The queue has a visibility timeout of 5 s and no idea of what a bad message is. An hour passes.]],
      code = [[
function shop(queues)
  w = lab.world{ seed = 1 }
  mq = w:service("mq", { slots = 8, filters = { lab.queue.broker{ queues = queues } } })
  done, crashes, fixed = 0, 0, false
  for i = 1, 20 do mq:call{ type = "send", queue = "jobs", body = i == 9 and "p0is0n" or "job " .. i } end
  for worker = 1, 5 do
    w:spawn(function()
      while true do
        for _, m in ipairs(mq:call{ type = "receive", queue = "jobs", wait = 20, timeout = 30 } or {}) do
          w:sleep(0.5)
          if m.body == "p0is0n" and not fixed then
            crashes = crashes + 1
            w:sleep(10)
          else
            done, last = done + 1, m
            mq:call{ type = "delete", queue = "jobs", receipt = m.receipt }
          end
        end
      end
    end)
  end
end
shop{ jobs = lab.queue.standard{ visibility = 5 } }
w:run(1*h)
crashes]],
      predict = {
        question = "How many crashes does the one message cause in an hour?",
        unit = "crashes",
        tolerance = 120,
        answer = function(env) return env.crashes end,
      },
      hints = {
        "`shop{ jobs = ... }`, an hour, and `crashes` counts.",
        "How long after a worker took it can the next one take it?",
        "5 s after each receive somebody idle takes it: 3600 / 5.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(env.w:now() >= 3600, "an hour has passed", ("it is %.0f s"):format(env.w:now()))
        t.that(env.done == 19, "the other 19 jobs are done", tostring(env.done) .. " are done")
        t.that(type(env.crashes) == "number" and env.crashes > 100, "the message causes hundreds of crashes",
          tostring(env.crashes))
      end,
      explain = function(env)
        return ([[
%d: one every 5 s, and it would go on for the 4 days of its retention. At any time two of five workers are down
because of one message. In a queue with order it would be worse: nothing behind it would ever be done.]])
          :format(env.crashes)
      end,
    },
    {
      name = "three_strikes",
      title = "Three times, and out",
      text = [[
A dead-letter queue is an ordinary queue of the same type. A message that was received `max_receives` times and
comes up once more is moved there in place of being received.]],
      code = [[
dead = lab.queue.standard()
shop{ jobs = lab.queue.standard{ visibility = 5, dead_letter = dead, max_receives = 3 }, dead = dead }
w:run(1*h)
letters = mq:call{ type = "attributes", queue = "dead" }.visible
chart = require "chart"
print(chart.bars({ { "done", done }, { "crashes", crashes }, { "dead letters", letters } }, { unit = "messages" }))]],
      predict = {
        question = "How many crashes now?",
        unit = "crashes",
        tolerance = 0.5,
        answer = function(env) return env.crashes end,
      },
      hints = {
        "The same shop, with two queues: `jobs`, whose `dead_letter` is `dead`, and `dead` itself.",
        "Is it moved at the third receive, or in place of the fourth?",
        "Received three times, moved in place of the fourth receive.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(env.letters == 1, "one dead letter", tostring(env.letters))
        t.that(env.crashes == 3 and env.done == 19, "three crashes and 19 jobs done",
          ("%s crashes, %s done"):format(tostring(env.crashes), tostring(env.done)))
      end,
      explain = [[
Exactly three. It is moved when the number of receives would exceed the limit, so a limit of 3 gives a message
three chances. A limit of 1 sounds strict, but then a good message whose answer got lost on the network is dead at
once: the queue counts receives and cannot know whether anybody got them.]],
    },
    {
      name = "redrive",
      title = "After the fix",
      text = [[
The parser is fixed: `p0is0n` can be read now. Dead letters can be sent back to where they came from.]],
      code = [[
fixed = true
back = mq:call{ type = "redrive", queue = "dead", to = "jobs" }
w:run(1*min)
last]],
      predict = {
        question = "It was received three times before. What does its `receives` say when it is done now?",
        choices = { "1", "4", "5" },
        answer = function(env) return tostring(env.last.receives) end,
      },
      hints = {
        "The request is `redrive`, from the queue `dead` to the queue `jobs`.",
        "If the count went on, what would happen to it at the next receive?",
        "Set `fixed`, redrive, and let a minute pass; `last` is the last message that was done.",
      },
      check = function(t, env)
        t.that(env.back == 1, "one message was sent back", tostring(env.back))
        local last = t.has(env, "last", "table")
        t.that(last.body == "p0is0n" and env.done == 20, "the last of 20 jobs that were done is the poison message",
          ("%d were done, the last was %s"):format(env.done, tostring(last.body)))
      end,
      explain = function(env)
        return ([[
%d: it goes back as a new message, with a new id (%s) and a new count, or it would be dead again at once. Redrive
without a fix only moves the crashes to another day.]]):format(env.last.receives, env.last.id)
      end,
    },
    {
      name = "lost",
      title = "Lost in the dead-letter queue",
      text = [[
Retention: a queue throws away what nobody deleted in time, 4 days by default. This message waits in `jobs` for 3.9
days because all workers are down. Then it is received once, which is the limit, and becomes a dead letter. Both
queues have the 4 days.]],
      code = [[
day = 24*h
dead = lab.queue.standard{ retention = 4*day }
jobs = lab.queue.standard{ retention = 4*day, dead_letter = dead, max_receives = 1 }
jobs:send("an order", { now = 0 })
jobs:receive{ now = 3.9*day }
jobs:receive{ now = 3.9*day + 60 }
moved = dead:counts{ now = 3.9*day + 60 }.visible
for hour = 3.9*24, 30*24, 0.1 do
  if dead:counts{ now = hour*h }.visible == 0 and hour*h > 3.9*day + 60 then gone = hour*h; break end
end
(gone - 3.9*day) / h]],
      predict = {
        question = "For how many hours is it in the dead-letter queue before it is gone?",
        unit = "h",
        tolerance = 1.5,
        answer = function(env) return (env.gone - 3.9 * 86400) / 3600 end,
      },
      hints = {
        "`gone` is the time at which `dead` is empty.",
        "From when does the dead-letter queue count the age of the message?",
        "From the first send: it is 3.9 days old when it arrives.",
      },
      check = function(t, env)
        t.has(env, "dead", "Queue")
        t.that(env.moved == 1, "the message became a dead letter", tostring(env.moved))
        t.that(type(env.gone) == "number", "`gone` is when it was thrown away", tostring(env.gone))
      end,
      explain = function(env)
        return ([[
%.1f hours, not 4 days: a dead letter of a standard queue keeps the age it has (%.1f days). Give dead-letter
queues the longest retention, 14 days, and an alarm on their first message: the one who should look at it is
asleep, too.]])
          :format((env.gone - 3.9 * 86400) / 3600, days(3.9 * 86400))
      end,
    },
    {
      name = "ordeal",
      title = "Good letters among the dead",
      text = [[
A limit of two receives, three workers of 0.4 s, a visibility timeout of 5 s, a job every half second for a minute. Nine
faults in turn, from 20 s to 50 s; the slow worker is twenty times slower. All jobs but the poison are good ones.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local dead = lab.queue.standard()
  return ordeal.shop(w, { queues = { dead = dead,
    jobs = lab.queue.standard{ visibility = 5, dead_letter = dead, max_receives = 2 } } })
end
results = ordeal.run{ build = build, at = 20.2, lasting = 30, finish = 240,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "A crash takes one receive of the job in the worker's hands. How many good jobs does it put aside?",
        unit = "jobs",
        tolerance = 0.4,
        answer = function(env) return env.results["consumer crash"].dead end,
      },
      hints = {
        "`results[\"consumer crash\"].dead` counts what lies in the dead-letter queue.",
        "The job has one more receive, and two other workers are well.",
        "None.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        t.that(results["poison message"].dead == 1, "the poison message is put aside",
          results["poison message"].dead .. " were")
        for _, row in ipairs(results) do
          t.that(row.missing <= row.dead, "what is not done lies among the dead letters",
            ("%d are not done and %d put aside after %s"):format(row.missing, row.dead, row.fault))
          t.that(row.verdict == "ok", "the queue keeps its promises after " .. row.fault, tostring(row.verdict))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
%d: one receive is lost, the second one works. But a limit counts receives, whatever they came to nothing by: where
messages of the network are doubled, so are questions, and %d good jobs are put aside, %d of which nobody has done. Each
of them waits for somebody who looks, and is fine when redriven. A low limit makes the dead-letter queue a list of
incidents; a high one, a list of bad messages.]])
          :format(r["consumer crash"].dead, r.duplicates.dead, r.duplicates.missing)
      end,
    },
  },
  finish = [[
A dead-letter queue turns an endless failure into one message that waits for somebody. It is part of a queue's
design, not of its repair: same type, longer retention, an alarm, and a way back.]],
}

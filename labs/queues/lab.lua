-- Queues: a received message is only hidden; what that means for workers that crash, are slow, or are too few.

-- How often the job was begun that was begun most often.
local function most_begun(env)
  local most = 0
  for _, times in pairs(env.begun) do most = math.max(most, times) end
  return most
end

local function count(list)
  local n = 0
  for _ in pairs(list) do n = n + 1 end
  return n
end

return {
  title = "A queue between those who ask and those who work",
  minutes = 20,
  after = { "quickstart" },
  summary = [[
A queue keeps work until somebody has done it. You receive messages without deleting them, let a worker crash with
one in its hands, give workers too little time, and see what a queue does with more work than there are workers.]],

  steps = {
    {
      name = "hidden",
      title = "Received is not deleted",
      text = [[
Nothing leaves a queue by being received. The message is hidden from everybody else for a while, the visibility
timeout, and whoever works on it deletes it when the work is done. This one is received at 1 s, and nobody deletes
it. (At the prompt a queue takes the time as an argument, so there is nothing to wait for.)]],
      code = [[
q = lab.queue.standard{ visibility = 30 }
q:send("resize photo 7", { now = 0 })
first = q:receive{ now = 1 }
for second = 2, 60 do
  local again = q:receive{ now = second }
  if #again > 0 then back, seen = second, again[1].receives; break end
end
back]],
      predict = {
        question = "At which second can somebody receive it again?",
        unit = "s",
        tolerance = 0.5,
        answer = function(env) return env.back end,
      },
      hints = {
        "You need a queue in `q`, and in `back` the second at which its message came again.",
        "The 30 s count from when?",
        "They count from the receive, not from the send. `.go` types the code.",
      },
      check = function(t, env)
        local q = t.has(env, "q", "Queue")
        t.that(type(env.back) == "number", "`back` is the second at which the message came again",
          "it is " .. tostring(env.back))
        t.that(q:counts { now = env.back }.received >= 2, "the message was received twice",
          q:counts { now = env.back }.received .. " receives")
      end,
      explain = function(env)
        return ([[
At %d s: 30 s after the receive at 1 s, to the nanosecond. It now says `receives = %d`. So a crash of the worker
costs time and no message: the queue need not know whether the worker is dead or slow. That is also its weakness.]])
          :format(
          env.back, env.seen)
      end,
    },
    {
      name = "receipts",
      title = "Who may delete",
      text = [[
The first worker was only slow. At 40 s it is done and deletes what it received at 1 s, with the receipt it got then.
But the second worker has the message since 31 s.]],
      code = [[
q = lab.queue.standard{ visibility = 30 }
q:send("resize photo 7", { now = 0 })
slow = q:receive{ now = 1 }[1]
other = q:receive{ now = 31 }[1]
deleted = q:delete(slow.receipt, { now = 40 })
left = q:counts{ now = 40 }.in_flight]],
      predict = {
        question = "What does the first worker's delete do?",
        choices = { "the message is deleted", "an error", "nothing, and no error" },
        answer = function(env)
          if env.deleted == nil then return "an error" end
          return env.deleted and "the message is deleted" or "nothing, and no error"
        end,
      },
      hints = {
        "Receive at 1 s as `slow`, at 31 s as `other`, and delete with the receipt of `slow`.",
        "A receipt names one receive, not one message.",
        "`.go` types the code; look at `slow.receipt` and `other.receipt`.",
      },
      check = function(t, env)
        t.has(env, "q", "Queue")
        local slow, other = t.has(env, "slow", "table"), t.has(env, "other", "table")
        t.that(slow.id == other.id, "both workers received the same message", slow.id .. " and " .. tostring(other.id))
        t.that(type(env.left) == "number", "`left` counts what is in flight after the delete", tostring(env.left))
      end,
      explain = function(env)
        return ([[
Nothing: the delete returns %s and %d message is still in flight. Each receive gives a new receipt, and only the
newest counts, or the first worker would delete what the second is working on. The photo is resized twice, which
does no harm. Paying twice would. "At least once" means: the consumer must be able to take a message twice.]]):format(
          tostring(env.deleted), env.left)
      end,
    },
    {
      name = "crash",
      title = "A worker dies with the job in its hands",
      text = [[
Now a world: a broker with the queue, three workers, 30 jobs of 1 s each. Worker 1 dies at 5 s, in mid-work. Nobody
tells the broker.]],
      code = [[
function shop(visibility, work, jobs)
  w = lab.world{ seed = 1 }
  mq = w:service("mq", { slots = 8, filters = { lab.queue.broker{
    queues = { jobs = lab.queue.standard{ visibility = visibility } } } } })
  begun, done = {}, {}
  for i = 1, jobs do mq:call{ type = "send", queue = "jobs", body = "job " .. i } end
  for worker = 1, 3 do
    w:spawn(function()
      while true do
        for _, m in ipairs(mq:call{ type = "receive", queue = "jobs", wait = 20, timeout = 30 } or {}) do
          begun[m.body] = (begun[m.body] or 0) + 1
          w:sleep(work)
          if worker == 1 and w:now() > 5 then return end
          done[m.body] = done[m.body] or w:now()
          mq:call{ type = "delete", queue = "jobs", receipt = m.receipt }
        end
      end
    end)
  end
end
shop(30, 1, 30)
w:run(2*min)
last = 0
for job, at in pairs(done) do last = math.max(last, at) end
last]],
      predict = {
        question = "From 5 s on two workers are left for some 15 jobs of 1 s. When is the last of the 30 jobs done?",
        unit = "s",
        tolerance = 2,
        answer = function(env) return env.last end,
      },
      hints = {
        "`last` is the time at which the last job was done, `done` says when each was.",
        "Which job is the last one, and from when on can somebody else have it?",
        "The dead worker received it before 5 s, so it comes back 30 s after that, and then takes 1 s.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(count(t.has(env, "done", "table")) == 30, "all 30 jobs are done", count(env.done) .. " are done")
        local most = most_begun(env)
        t.that(most == 2, "one job was begun twice", "the most any was begun is " .. most)
        t.that(type(env.last) == "number" and env.last > 10, "`last` is when the last one was done", tostring(env.last))
      end,
      explain = function(env)
        local others = 0
        for _, at in pairs(env.done) do
          if at < env.last then others = math.max(others, at) end
        end
        return ([[
At %.1f s. 29 jobs were done by %.1f s; the one in the hands of the dead worker stays hidden until its timeout is
over. Nothing is lost and nobody had to notice the crash. A shorter timeout would bring it back sooner. So why not
2 s?]])
          :format(env.last, others)
      end,
    },
    {
      name = "too_short",
      title = "A timeout shorter than the work",
      text = [[
The same shop with a visibility timeout of 2 s, and a single job, which takes 5 s. Worker 1 dies at 5 s as before;
the other two live. Ten minutes pass. (The cure would be to extend the timeout while one works:
`change_visibility`.)]],
      code = [[
shop(2, 5, 1)
w:run(10*min)
times = begun["job 1"]
times]],
      predict = {
        question = "How often is the one job begun in ten minutes?",
        unit = "times",
        tolerance = 60,
        answer = function(env) return env.times end,
      },
      hints = {
        "Call `shop` with a timeout of 2, work of 5 and 1 job; ten minutes; `times` is `begun[\"job 1\"]`.",
        "At 5 s the first worker deletes it, with the receipt of 0 s. Who has the job then?",
        "Somebody else has it, so the delete does nothing. And when that one has finished?",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(env.w:now() >= 600, "ten minutes have passed", ("it is %.0f s"):format(env.w:now()))
        t.that(type(env.times) == "number" and env.times > 50, "the job is begun again and again",
          tostring(env.times) .. " times")
      end,
      explain = function(env)
        local visible = env.mq:call { type = "attributes", queue = "jobs" }
        return ([[
%d times, and it is still there (%d in flight or waiting): it was done over and over, and never deleted, because
whoever finishes has a stale receipt. When there is one worker, or a long line, this mistake does not show: a
receipt is good until somebody else receives the message. So it shows first on a quiet night with many idle
workers. The timeout must be longer than the slowest work, or be extended on the way.]])
          :format(env.times, visible.in_flight + visible.visible)
      end,
    },
    {
      name = "backlog",
      title = "More work than workers",
      text = [[
Ten workers, each 1 s a job: ten jobs a second. 12 jobs a second come in for a minute, then 5 a second. Nobody is
turned away: the queue takes it all.]],
      code = [[
w = lab.world{ seed = 1 }
mq = w:service("mq", { slots = 8, filters = { lab.queue.broker{ queues = { jobs = lab.queue.standard() } } } })
for worker = 1, 10 do
  w:spawn(function()
    while true do
      for _, m in ipairs(mq:call{ type = "receive", queue = "jobs", wait = 20, timeout = 30 } or {}) do
        w:sleep(1)
        mq:call{ type = "delete", queue = "jobs", receipt = m.receipt }
      end
    end
  end)
end
w:spawn(function()
  while true do
    mq:call{ type = "send", queue = "jobs", body = "job" }
    w:sleep(w:now() < 60 and 1/12 or 1/5)
  end
end)
depth = {}
for second = 1, 120 do
  w:run(1*s)
  depth[second] = mq:call{ type = "attributes", queue = "jobs" }.visible
end
chart = require "chart"
print(chart.timeline{ rows = { { label = "waiting", values = depth, reduce = "max" } }, from = 0, to = 120 })]],
      predict = {
        question = "How many jobs wait at 60 s?",
        unit = "jobs",
        tolerance = 35,
        answer = function(env) return env.depth[60] end,
      },
      hints = {
        "`depth[second]` is how many messages are visible at that second.",
        "12 come in and 10 go out a second, for 60 s.",
        "Two too many each second; a call takes a millisecond or two on the network, too.",
      },
      check = function(t, env)
        local depth = t.has(env, "depth", "table")
        t.that(#depth == 120, "120 numbers in `depth`", #depth .. " numbers")
        t.that(depth[60] > 50, "jobs pile up in the first minute", tostring(depth[60]) .. " wait at 60 s")
        t.that(depth[120] < 20, "and are worked off in the second", tostring(depth[120]) .. " wait at 120 s")
      end,
      explain = function(env)
        return ([[
%d. A queue turns too much load into waiting: at 60 s a new job waits about %.0f s for its turn, and no one is
refused. That is what queues are for, if the waiting is all right and the peak ends. The number of visible
messages is the signal to watch, and what autoscaling of workers goes by.]]):format(env.depth[60], env.depth[60] / 10)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
Three workers of 0.4 s, a job every half second for a minute, and each of nine faults in turn, from 20 s to 50 s: the
first worker crashes, is slow, is cut off; a job cannot be done; the broker is away; the network doubles messages; the
broker's clock is wrong. `ordeal` builds the shop anew for each; a checker reads what the broker did.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local dead = lab.queue.standard()
  return ordeal.shop(w, { queues = { dead = dead,
    jobs = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 4 } } })
end
results = ordeal.run{ build = build, at = 20.2, lasting = 30, finish = 240,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "After which of these is no job late by the visibility timeout or more?",
        choices = { "consumer crash", "broker loss", "partition", "clock skew" },
        answer = function(env)
          for _, name in ipairs { "consumer crash", "broker loss", "partition", "clock skew" } do
            if env.results[name].late < 9 then return name end
          end
          return "consumer crash"
        end,
      },
      hints = {
        "`results` has a row for each fault, with the longest delay in `late`.",
        "Which of the four does the queue measure its timeouts without?",
        "Timeouts are measured on the monotonic clock; the wall clock may say what it likes.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every job is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "the queue keeps its promises after " .. row.fault, tostring(row.verdict))
        end
        t.that(results["poison message"].dead == 1, "the poison message is put aside",
          results["poison message"].dead .. " were")
      end,
      explain = function(env)
        local r = env.results
        return ([[
Clock skew. The crash costs the visibility timeout (%.1f s), the broker's loss its length (%.1f s), and nothing is lost
in any row; what is paid for that stands under `twice`: %d jobs when messages of the network are doubled, %d when the
broker goes away between the work and its delete.]]):format(r["consumer crash"].late,
          r["broker loss"].late, r.duplicates.twice, r["broker loss"].twice)
      end,
    },
  },
  finish = [[
A queue delivers at least once: it hides what was received and brings it back when nobody deletes it. Next: messages
that make every worker crash (dead-letters), order and "exactly once" (fifo-and-dedup), and waiting cheaply
(long-polling). `labs/at-least-once-consumer` is one to build.]],
}

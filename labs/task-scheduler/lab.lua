-- A task scheduler: cron lines and overlap, two schedulers and one task, leases, retries in step, midnight.

local function count(list)
  local n = 0
  for _ in pairs(list) do n = n + 1 end
  return n
end

return {
  title = "A task scheduler: at the right time, once",
  minutes = 30,
  after = { "queues", "fifo-and-dedup" },
  summary = [[
Every minute a report, every night a thousand invoices, in ten minutes a reminder. You let a task overtake itself,
run two schedulers with clocks that disagree, give work away for a while and get it back, and see what happens when
everybody tries again at the same moment.]],

  steps = {
    {
      name = "overlap",
      title = "The task that overtook itself",
      text = [[
A report is due every minute, as a cron line says, and takes 90 s. Ten workers are there. Twenty minutes; `most` is
how many reports run at the same time. Then the same without overlap: a time passes if the last report is not done.]],
      code = [[
function reports(overlap)
  w = lab.world{ seed = 1, keep = 1000 }
  running, most, finished = 0, 0, 0
  mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ jobs = { reports = lab.queue.jobs{} } } } })
  w:fleet("worker", 10, { handler = function(_, context)
    running = running + 1
    most = math.max(most, running)
    context:sleep(90)
    running, finished = running - 1, finished + 1
    return true
  end, filters = { lab.queue.consumer{ from = "mq", jobs = "reports" } } })
  mq:call{ type = "repeat", jobs = "reports", name = "report", cron = "* * * * *", data = "report", overlap = overlap }
  w:run(20*min)
  return { most = most, finished = finished }
end
freely, alone = reports(true), reports(false)
chart = require "chart"
print(chart.table{ columns = { "overlap", { title = "at the same time" }, { title = "finished" } },
  rows = { { "yes", freely.most, freely.finished }, { "no", alone.most, alone.finished } } })]],
      predict = {
        question = "Without overlap: how many reports are finished after twenty minutes?",
        unit = "reports",
        tolerance = 0.6,
        answer = function(env) return env.alone.finished end,
      },
      hints = {
        "`freely` and `alone` have `most` and `finished`.",
        "A report that begins at minute 1 ends at 2:30. Which full minute is the next at which none runs?",
        "Minute 3, and so on: one every two minutes, the first at minute 1.",
      },
      check = function(t, env)
        local freely, alone = t.has(env, "freely", "table"), t.has(env, "alone", "table")
        t.that(freely.most == 2, "with overlap two run at the same time", tostring(freely.most))
        t.that(alone.most == 1, "without it one at a time", tostring(alone.most))
      end,
      explain = function(env)
        return ([[
%d, of 20 that were due; with overlap %d, two at a time on the same tables. If the report once takes ten minutes,
overlap makes it ten reports that hinder each other. A repeated task needs an answer to "and if the last one still
runs?", and a number for how late it may be before somebody is called.]])
          :format(env.alone.finished, env.freely.finished)
      end,
    },
    {
      name = "two",
      title = "Two schedulers, one task",
      text = [[
One scheduler is a single point of failure, so there are two, on two nodes. Both put the task into a fifo queue when
their wall clock reaches a full minute, with the task and the minute as deduplication id. The second one's clock is
10 s ahead; then 6 minutes ahead. An hour each.]],
      code = [[
function hour(skew)
  w = lab.world{ seed = 1, keep = 1000 }
  runs = {}
  mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { tasks = lab.queue.fifo() } } } })
  for i = 1, 2 do
    w:node{ name = "scheduler-" .. i, code = function(node)
      local last
      function node.on_start(env) env:timer("tick", 1) end
      function node.on_timer(env)
        local minute = math.floor(env:wall_now() / 60)
        if minute ~= last then
          last = minute
          env:call("mq", { type = "send", queue = "tasks", body = minute, group = "report",
            dedup = "report at minute " .. minute, timeout = 5 }, function() end)
        end
        env:timer("tick", 1)
      end
    end }
  end
  w:inject(lab.fault.clock_skew{ target = "scheduler-2", by = skew })
  w:service("worker", { time = 5*s, handler = function(request)
    runs[request.body] = (runs[request.body] or 0) + 1
    return true
  end, filters = { lab.queue.consumer{ from = "mq", queue = "tasks" } } })
  w:run(1*h)
  local twice = 0
  for _, n in pairs(runs) do if n > 1 then twice = twice + 1 end end
  return twice
end
ten_seconds, six_minutes = hour(10), hour(6*min)
rows = { { "10 s apart", ten_seconds }, { "6 min apart", six_minutes } }
print(chart.bars(rows, { unit = "minutes with two reports" }))]],
      predict = {
        question = "With clocks 6 minutes apart, for how many of the minutes does the report run twice?",
        choices = { "none", "a few", "nearly all" },
        answer = function(env)
          return env.six_minutes == 0 and "none" or env.six_minutes < 30 and "a few" or "nearly all"
        end,
      },
      hints = {
        "`ten_seconds` and `six_minutes` count minutes whose report ran twice.",
        "For how long does a fifo queue remember a deduplication id?",
        "Five minutes: what the slower clock sends six minutes later is new.",
      },
      check = function(t, env)
        t.that(env.ten_seconds == 0, "with clocks 10 s apart no report runs twice", tostring(env.ten_seconds))
        t.that(type(env.six_minutes) == "number", "`six_minutes` counts them", tostring(env.six_minutes))
        t.that(count(t.has(env, "runs", "table")) >= 59, "an hour of reports ran", count(env.runs) .. " ran")
      end,
      explain = function(env)
        return ([[
%d. The id is what makes two schedulers one, and it works as long as both ask within its window of five minutes. Clocks
that differ by more break it; a table with a row for each run (task, minute), written with "if it is not there", has
no window. Electing a leader does not help by itself: the old one may not know yet that it is none.]]):format(
          env.six_minutes)
      end,
    },
    {
      name = "lease",
      title = "On loan",
      text = [[
A worker takes a task for a time to run (`ttr`); if it is not done by then, somebody else may take it. 20 tasks of
45 s, five workers, one of which dies at 60 s and stays dead. Once with a ttr of 30 s, once with 60 s.]],
      code = [[
function lease(ttr)
  w = lab.world{ seed = 1, keep = 1000 }
  local begun, done, last = {}, {}, 0
  local broker = lab.queue.broker{ jobs = { tasks = lab.queue.jobs{ ttr = ttr } } }
  local mq = w:service("mq", { slots = 20, filters = { broker } })
  for i = 1, 20 do mq:call{ type = "put", jobs = "tasks", data = "task " .. i } end
  w:fleet("worker", 5, { handler = function(request, context)
    local task = request.data
    begun[task] = (begun[task] or 0) + 1
    context:sleep(45)
    if not done[task] then done[task], last = true, w:now() end
    return true
  end, filters = { lab.queue.consumer{ from = "mq", jobs = "tasks" } } })
  w:at(60, lab.fault.crash "worker-1")
  w:run(20*min)
  local times, finished = 0, 0
  for _, n in pairs(begun) do times = times + n end
  for _ in pairs(done) do finished = finished + 1 end
  return { begun = times, done = finished, last = last }
end
short, long = lease(30), lease(60)
rows = { { "30 s", short.begun, short.done, short.last }, { "60 s", long.begun, long.done, long.last } }
print(chart.table{ rows = rows,
  columns = { "ttr", { title = "begun" }, { title = "done" }, { title = "the last at", format = "%.0f s" } } })]],
      predict = {
        question = "With a ttr of 60 s: how often is a task begun, for the 20 tasks?",
        unit = "times",
        tolerance = 0.6,
        answer = function(env) return env.long.begun end,
      },
      hints = {
        "`short` and `long` have `begun`, `done` and `last`.",
        "Which task is begun a second time if 60 s are enough?",
        "Only the one in the hands of the worker that dies.",
      },
      check = function(t, env)
        local short, long = t.has(env, "short", "table"), t.has(env, "long", "table")
        t.that(long.done == 20, "all 20 tasks are done with 60 s", tostring(long.done))
        t.that(short.begun > 2 * long.begun, "with 30 s work is begun again and again",
          ("%s times"):format(tostring(short.begun)))
      end,
      explain = function(env)
        return ([[
%d: one of them because of the crash. With 30 s it is %d: whoever finishes after 45 s has lost the task to somebody
else and may not acknowledge it (`not_taken`), so the same %d tasks are done over and over and the others never get
their turn. A lease is longer than the slowest
work, or is extended on the way (`touch`); and a crash costs as long as the lease is. Those are the two ends to pull
at.]]):format(env.long.begun, env.short.begun, env.short.done)
      end,
    },
    {
      name = "herd",
      title = "All together now",
      text = [[
A provider is down for a minute. 300 tasks fail at once, and each tries again after 1, 2, 4, 8 ... s, at most 30.
Then it is up and does 20 calls a second, five wait, more are refused. Once without jitter, once with.]],
      code = [[
function herd(jitter)
  w = lab.world{ seed = 1, keep = 1000 }
  local calls, ok, last = {}, 0, 0
  for second = 1, 180 do calls[second] = 0 end
  local provider = w:service("provider", { time = 50*ms, queue_limit = 5, handler = function()
    ok, last = ok + 1, w:now()
    return true
  end })
  local jobs = lab.queue.jobs{ backoff = 1, backoff_max = 30, jitter = jitter, ttr = 60 }
  local mq = w:service("mq", { slots = 400, filters = { lab.queue.broker{ jobs = { tasks = jobs } } } })
  for i = 1, 300 do mq:call{ type = "put", jobs = "tasks", data = i } end
  w:inject(lab.fault.crash "provider")
  w:fleet("worker", 300, { handler = function(_, context)
    local second = math.floor(w:now()) + 1
    if calls[second] then calls[second] = calls[second] + 1 end
    return context:call(provider, { type = "do", timeout = 5 })
  end, filters = { lab.queue.consumer{ from = "mq", jobs = "tasks", wait = 300*s } } })
  w:at(60, lab.fault.restart "provider")
  w:run(15*min)
  local refused = 0
  for second = 61, 180 do refused = refused + calls[second] end
  return { calls = calls, after = refused, ok = ok, last = last }
end
together, spread = herd("none"), herd("full")
print(chart.timeline{ from = 0, to = 180, rows = {
  { label = "calls, no jitter", values = together.calls, reduce = "max" },
  { label = "calls, jitter", values = spread.calls, reduce = "max" } } })]],
      predict = {
        question = "Which of the two has all 300 done first?",
        choices = { "without jitter", "with jitter", "about the same time" },
        answer = function(env)
          local difference = env.together.last - env.spread.last
          return math.abs(difference) < 10 and "about the same time" or difference < 0 and "without jitter"
            or "with jitter"
        end,
      },
      hints = {
        "`together` and `spread` have `calls` by second, and `last`, when the last task was done.",
        "What does the provider do with 300 calls in one moment?",
        "It takes six and refuses the others, which meet again 30 s later.",
      },
      check = function(t, env)
        local together, spread = t.has(env, "together", "table"), t.has(env, "spread", "table")
        t.that(spread.ok == 300, "with jitter all 300 are done within 15 minutes", tostring(spread.ok))
        local most = 0
        for _, n in ipairs(spread.calls) do most = math.max(most, n) end
        t.that(type(together.last) == "number" and together.last > spread.last, "without it, it takes longer",
          ("%.0f s and %.0f s"):format(together.last, spread.last))
      end,
      explain = function(env)
        return ([[
With jitter at %.0f s; without, only %d of the 300 were done after a quarter of an hour, the last one at %.0f s. Equal
waits keep in step what has failed at the same moment: every 30 s all of them knock, six come in. Jitter (each wait is
drawn between zero and its bound) turns the knocking into a queue.]]):format(env.spread.last, env.together.ok,
          env.together.last)
      end,
    },
    {
      name = "midnight",
      title = "Midnight",
      text = [[
A thousand customers have a task at midnight: 0 0 * * *. Each takes the database for 100 ms; at most ten run at once
(`concurrency = 10`). Then the same with a delay of its own for each customer, within an hour.]],
      code = [[
function night(spread)
  w = lab.world{ seed = 1, keep = 1000 }
  local waits, most, waiting = {}, 0, 0
  local jobs = lab.queue.jobs{ concurrency = 10 }
  local mq = w:service("mq", { slots = 50, filters = { lab.queue.broker{ jobs = { nightly = jobs } } } })
  w:fleet("worker", 20, { time = 100*ms, handler = function(request)
    waits[#waits + 1] = w:now() - request.data
    return true
  end, filters = { lab.queue.consumer{ from = "mq", jobs = "nightly" } } })
  w:at(60, function()
    for i = 1, 1000 do
      local delay = spread and w:random() * 3600 or 0
      mq:call{ type = "put", jobs = "nightly", data = w:now() + delay, delay = delay }
    end
  end)
  w:run(70*min)
  table.sort(waits)
  return { n = #waits, p99 = waits[math.ceil(#waits * 0.99)] }
end
sharp, spread = night(false), night(true)
print(chart.bars({ { "all at midnight", sharp.p99 }, { "within the hour", spread.p99 } }, { unit = "s late (p99)" }))]],
      predict = {
        question = "All at midnight: how late are the latest (p99)?",
        unit = "s",
        tolerance = 2.5,
        answer = function(env) return env.sharp.p99 end,
      },
      hints = {
        "`sharp.p99` and `spread.p99` are the delays that one in a hundred exceeds.",
        "1000 tasks, ten at once, 100 ms each.",
        "100 a second: ten seconds, and the calls take their time, too.",
      },
      check = function(t, env)
        local sharp, spread = t.has(env, "sharp", "table"), t.has(env, "spread", "table")
        t.that(sharp.n == 1000 and spread.n == 1000, "all 1000 tasks ran", ("%s and %s"):format(tostring(sharp.n),
          tostring(spread.n)))
        t.that(spread.p99 < sharp.p99 / 5, "spread over the hour hardly any waits", ("%.2f s"):format(spread.p99))
      end,
      explain = function(env)
        return ([[
%.1f s with a bound of ten; without the bound the database would have met a thousand. Spread over an hour it is
%.2f s, with the same ten workers mostly idle. Nobody needs the invoices at 00:00:00. A scheduler for many offers a
window ("some time in this hour") as its usual choice, and the exact minute only to who asks.]]):format(env.sharp.p99,
          env.spread.p99)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
120 tasks, each at its own second of a minute, in a queue on disk with a delay each; two workers of 400 ms; each fault
in turn, from 20 s to 50 s. `late` is how long after its second a task was done.]],
      code = [[
function build(w)
  local sent, done, finished = {}, {}, {}
  local dead = lab.queue.standard()
  local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { dead = dead,
    tasks = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 4 } } } } })
  w:fleet("worker", 2, { time = 400*ms, handler = function(request)
    local key = request.body
    if key == "poison" then return nil, "crashed" end
    done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
    return true
  end, filters = { lab.queue.consumer{ from = "mq", queue = "tasks" } } })
  w:spawn(function()
    for i = 1, 120 do
      local key = "task " .. i
      sent[key] = w:now() + i / 2
      mq:call{ type = "send", queue = "tasks", body = key, delay = i / 2 }
      sent[key] = math.max(sent[key], w:now())
    end
  end)
  return { consumer = "worker-1", broker = "mq", sent = sent, done = done, finished = finished,
    dead = function() return mq:call{ type = "attributes", queue = "dead" }.visible end,
    poison = function() mq:call{ type = "send", queue = "tasks", body = "poison" } end }
end
ordeal = require "ordeal"
results = ordeal.run{ build = build, at = 20, lasting = 30, finish = 240 }
print(ordeal.table(results))]],
      predict = {
        question = "The broker is away from 20 s to 50 s. How late is the latest task?",
        unit = "s",
        tolerance = 6,
        answer = function(env) return env.results["broker loss"].late end,
      },
      hints = {
        "`results[\"broker loss\"].late` is the longest delay.",
        "When can the task of second 20 be done at the earliest, and how much has piled up by then?",
        "At 50 s, 60 tasks are due, and two workers do five a second.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every task is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
        end
        t.that(results["clock skew"].late < 2, "a wall clock that is an hour ahead delays nothing",
          ("%.1f s"):format(results["clock skew"].late))
      end,
      explain = function(env)
        local r = env.results
        return ([[
%.0f s, and nothing is lost: delays are kept on the disk with their messages. An hour of clock skew does not matter at
all, because "in 20 s" is measured on the monotonic clock; a clock that runs a tenth fast makes everything up to a
tenth early. "At 9:00" would be another matter: it is a question to the wall clock, as in the second step.]]):format(
          r["broker loss"].late)
      end,
    },
  },
  finish = [[
Say for every task: may it overlap, may it run twice, how long may one run take, how is it tried again, and does it
have to be at that minute. The answers are a cron line, an id, a lease, a backoff with jitter, and a window.]],
}

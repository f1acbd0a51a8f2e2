-- Little's law, closed loops, percentiles and fan-out, coordinated omission, batching, a capacity estimate.

local function milliseconds(seconds) return ("%.1f ms"):format(1000 * seconds) end

local function number_in(t, list, name, key)
  t.that(type(list[key]) == "number", ("%s[%s], a number"):format(name, key), "it is " .. tostring(list[key]))
  return list[key]
end

return {
  title = "Latency and throughput",
  minutes = 25,
  after = { "quickstart" },
  summary = [[
Six sums that fit on a napkin: how much is inside, how long users wait, what an average hides, how a measurement lies,
how large a batch should be, and how many machines it takes. You guess with the formula; the simulation does not know
it.]],

  steps = {
    {
      name = "little",
      title = "How much is inside?",
      text = [[
300 requests a second come in, and an answer takes 24.4 ms on average, whatever its distribution (this one has a long
tail). We count, every 10 ms for half a minute, how many requests are on their way.]],
      code = [[
w = lab.world{ seed = 1 }
api = w:service("api", { time = lab.dist.lognormal{ median = 20*ms, sigma = 0.6 }, slots = 16 })
users = w:load{ to = api, rate = 300 }
inside = 0
for i = 1, 3000 do
  w:run(10*ms)
  inside = inside + users:outstanding() / 3000
end
inside]],
      predict = {
        question = "How many requests are on their way, on average?",
        unit = "requests",
        tolerance = 0.6,
        answer = function(env) return env.inside end,
      },
      hints = {
        "`inside` is the average of `users:outstanding()`, counted often.",
        "In one second 300 requests each spend 0.0244 s inside. How much time is that together?",
        "Rate times time: 300 a second * 0.0244 s.",
      },
      check = function(t, env)
        local users = t.has(env, "users", "Load")
        local inside = t.has(env, "inside", "number")
        local data = users:data()
        t.that(data.seconds >= 10, "at least ten seconds have passed", ("%.3g s have"):format(data.seconds))
        t.near(inside, data.ok / data.seconds * data.latency.mean, 0.5, "inside, against rate * time")
      end,
      explain = function(env)
        local data = env.users:data()
        return ([[
Counted: %.2f. Rate times time: %.0f/s * %.1f ms = %.2f. Little's law needs no assumption at all, only that what comes
in goes out. Any two of the three numbers give you the third: connections in use, requests in a queue, people in a shop.
And it tells you when somebody's three numbers cannot all be true.]]):format(env.inside, data.ok / data.seconds,
          1000 * data.latency.mean, data.ok / data.seconds * data.latency.mean)
      end,
    },
    {
      name = "clients",
      title = "Users who wait",
      text = [[
So far users came however slow the service was: an *open* loop. These wait for their answer, think for 0.95 s, and ask
again: a *closed* loop. The service takes 50 ms and does one request at a time, so at most 20 a second. What do 5, 10,
20, 40 and 80 such users get?]],
      code = [[
throughput, wait = {}, {}
for _, n in ipairs{ 5, 10, 20, 40, 80 } do
  local w = lab.world{ seed = 1 }
  local api = w:service("api", { time = lab.dist.exp{ mean = 50*ms } })
  local users = w:load{ to = api, clients = n, think = lab.dist.exp{ mean = 0.95 }, timeout = 60 }
  w:run(120)
  throughput[n], wait[n] = users:ok() / 120, users:data().latency.mean
end
chart = require "chart"
function rows(of, unit, form)
  local items = {}
  for i, n in ipairs{ 5, 10, 20, 40, 80 } do items[i] = { n .. " users", of[n] } end
  return chart.bars(items, { unit = unit, format = function(x) return form:format(x) end })
end
print(rows(throughput, "answers/s", "%.1f"))
print(rows(wait, "s to wait", "%.2f"))]],
      predict = {
        question = "80 users, at most 20 answers a second. How long does one wait for an answer, on average?",
        unit = "s",
        tolerance = 0.4,
        answer = function(env) return env.wait[80] end,
      },
      hints = {
        "`throughput` and `wait` have a number for 5, 10, 20, 40 and 80 users.",
        "Little's law for the whole circle: 80 users = throughput * (wait + think).",
        "The service is always busy, so the throughput is 20 a second: wait = 80 / 20 - 0.95.",
      },
      check = function(t, env)
        local throughput, wait = t.has(env, "throughput", "table"), t.has(env, "wait", "table")
        local most = number_in(t, throughput, "throughput", 80)
        t.that(most > 18 and most < 22, "80 users get all the service can do, 20 a second",
          ("%.1f a second"):format(most))
        t.that(number_in(t, wait, "wait", 80) > 2, "and wait for seconds", milliseconds(wait[80]))
      end,
      explain = function(env)
        return ([[
%.2f s; the formula says 80 / 20 - 0.95 = 3.05. Up to about 20 users the throughput grows with them, afterwards only
the wait does, by 50 ms for each new user. Closed loops cannot be overloaded: everybody who waits does not ask. That is
why load tests with a fixed number of clients look so civilised, and why a site with the whole Internet before it is not
one.]]):format(env.wait[80])
      end,
    },
    {
      name = "fan_out",
      title = "Ten parts to a page",
      text = [[
A service answers in 2 ms if it has the part in memory, which is nine times in ten, and in 60 ms if not. The average of
7.8 ms is a time that nobody ever sees. Now a page asks for ten parts at once and is ready when the last one is
there.]],
      code = [[
w = lab.world{ seed = 1 }
memory_or_disk = lab.dist.empirical{ values = { 2*ms, 60*ms }, weights = { 0.9, 0.1 } }
parts = w:service("parts", { time = memory_or_disk, slots = 64 })
pages, slow = 1000, 0
w:spawn(function()
  for page = 1, pages do
    local began, waiting = w:now(), {}
    for i = 1, 10 do waiting[i] = w:spawn(function() parts:call() end) end
    for i = 1, 10 do waiting[i]:await() end
    if w:now() - began > 50*ms then slow = slow + 1 end
  end
end)
w:run(120)
print(chart.bars({ { "slow parts", 10 }, { "slow pages", 100 * slow / pages } }, { unit = "%", max = 100,
  format = function(x) return ("%.0f"):format(x) end }))]],
      predict = {
        question = "One part in ten is slow. How many of the pages are?",
        unit = "%",
        tolerance = 8,
        answer = function(env) return 100 * env.slow / env.pages end,
      },
      hints = {
        "`pages` is how many were made, `slow` how many took more than 50 ms.",
        "When is a page fast? How likely is that for one part, and for ten at the same time?",
        "1 - 0.9^10.",
      },
      check = function(t, env)
        t.has(env, "parts", "Node")
        local pages, slow = t.has(env, "pages", "number"), t.has(env, "slow", "number")
        t.that(env.parts:state().served == 10 * pages, "each page has asked for ten parts",
          ("%d parts for %d pages"):format(env.parts:state().served, pages))
        t.that(slow > 0.4 * pages, "most pages have a slow part", ("%d of %d are slow"):format(slow, pages))
      end,
      explain = function(env)
        return ([[
%.0f %%: the p90 of the parts has become the median of the pages. The more a page is made of, the further out in the
tail of its parts it lives; with 100 parts the p99 of a part is what two pages in three see. So services are judged by
their p99 and p99.9, and averages are for bills.]]):format(100 * env.slow / env.pages)
      end,
    },
    {
      name = "stall",
      title = "The same pause, measured twice",
      text = [[
A service takes 5 ms, 8 at a time. After 30 s it hangs for 3 s (a garbage collection, say) and goes on; the test takes a
minute. Two people measure it: one with 4 clients that ask as fast as they are answered, one with 200 requests a second
that come whether or not the service hangs, as users do.]],
      code = [[
function pause(load)
  local w = lab.world{ seed = 1 }
  load.to, load.timeout = w:service("api", { time = 5*ms, slots = 8 }), 10
  local users = w:load(load)
  w:at(30, lab.fault.pause("api"), 3)
  w:run(60)
  return users
end
tester = pause{ clients = 4 }
users = pause{ rate = 200 }
print(users:report())
tester:percentile(99), users:percentile(99)]],
      predict = {
        question = "The tester reports a p99 of about 5.5 ms. What is the p99 of the users?",
        unit = "ms",
        tolerance = 400,
        answer = function(env) return 1000 * env.users:percentile(99) end,
      },
      hints = {
        "`tester` and `users` are loads; `load:percentile(99)` is in seconds.",
        "How many of the 12 000 requests of the users come while it hangs? And how many does the tester send then?",
        "5 % come in the 3 s and wait for 0 to 3 s, evenly. The worst 1 % of all are the worst fifth of them: "
          .. "2.4 s and more.",
      },
      check = function(t, env)
        local tester, users = t.has(env, "tester", "Load"), t.has(env, "users", "Load")
        t.that(tester:percentile(99) < 0.02, "the tester sees nothing", "its p99 is " ..
          milliseconds(tester:percentile(99)))
        t.that(users:percentile(99) > 1, "the users do", "their p99 is " .. milliseconds(users:percentile(99)))
      end,
      explain = function(env)
        return ([[
%s against %s, from the same pause. The tester's four clients wait politely: 4 slow answers among %d. Its measurement
stops when the service does, which is called coordinated omission. A request counts from the moment it was meant to be
sent. (Our loads do that: in an open loop the arrivals do not wait.)]]):format(
          milliseconds(env.tester:percentile(99)), milliseconds(env.users:percentile(99)), env.tester:ok())
      end,
    },
    {
      name = "batching",
      title = "How large a batch?",
      text = [[
A disk needs 4 ms for a write and 0.05 ms for each item in it, so it likes large batches: one item at a time it does 247
a second, a thousand at a time 18 500. 2000 items a second arrive. Each waits until its batch is full, then until the
disk has written it.]],
      code = [[
function pipeline(size)
  local w = lab.world{ seed = 1 }
  local disk = w:service("disk", { handler = function(request, context)
    context:sleep(4*ms + request.items * 50*us)
    return true
  end })
  local batch = { items = 0, done = w:channel() }
  local batcher = w:service("batcher", { slots = 100000, handler = function(_, context)
    local mine = batch
    mine.items = mine.items + 1
    if mine.items < size then return mine.done:receive() end
    batch = { items = 0, done = w:channel() }
    context:call(disk, { items = size, timeout = 60 })
    for _ = 2, size do mine.done:send(true) end
    return true
  end })
  local items = w:load{ to = batcher, rate = 2000, timeout = 60 }
  w:run(5)
  return items:data().latency.mean
end
latency = {}
for _, size in ipairs{ 1, 10, 15, 50, 200, 1000 } do latency[size] = pipeline(size) end
bars = {}
for i, size in ipairs{ 10, 15, 50, 200, 1000 } do bars[i] = { size .. " items", 1000 * latency[size] } end
print(chart.bars(bars, { unit = "ms", format = function(x) return ("%.0f"):format(x) end }))]],
      predict = {
        question = "Which batch gives the items the shortest time, on average?",
        choices = { "1", "15", "200", "1000" },
        answer = function(env)
          local best = 1
          for _, size in ipairs { 15, 200, 1000 } do
            if env.latency[size] < env.latency[best] then best = size end
          end
          return tostring(best)
        end,
      },
      hints = {
        "`latency` has the mean latency in seconds for batches of 1, 10, 15, 50, 200 and 1000 items.",
        "Two waits: for the batch to fill (long for large ones), and for the disk to be free (long where it is busy).",
        "The disk keeps up from 9 items on (2000 * (4 ms / n + 0.05 ms) < 1). Much beyond that only the filling grows.",
      },
      check = function(t, env)
        local latency = t.has(env, "latency", "table")
        for _, size in ipairs { 1, 15, 200, 1000 } do number_in(t, latency, "latency", size) end
        t.that(latency[15] < latency[1] and latency[15] < latency[200], "a batch of 15 beats 1 and 200",
          ("%s; %s and %s"):format(milliseconds(latency[15]), milliseconds(latency[1]), milliseconds(latency[200])))
      end,
      explain = function(env)
        return ([[
%s with 15, %s with 200; one by one the disk falls behind for good (%.1f s after only 5 s, and growing). A batch buys
throughput and costs latency, except where the throughput is what you lack: there it buys both. In practice: as small as
keeps up at the peak, and a timer, so that the last items of a quiet night do not wait for company.]]):format(
          milliseconds(env.latency[15]), milliseconds(env.latency[200]), env.latency[1])
      end,
    },
    {
      name = "estimate",
      title = "On a napkin",
      text = [[
A site has 20 million users a day; each makes 10 requests, the busiest hour has three times the average, and a request
is 10 ms of work for a core. Machines have 8 cores. The first line is the whole estimate; then we build it, also with a
machine less and with some more.]],
      code = [[
peak = 20e6 * 10 / (24*h) * 3
busy = peak * 10*ms
needed = math.ceil(busy / 8)
p99 = {}
for _, machines in ipairs{ needed - 1, needed, needed + 1, needed + 3 } do
  local w = lab.world{ seed = 1 }
  local app = w:fleet("app", machines, { time = lab.dist.exp{ mean = 10*ms }, slots = 8 })
  local lb = w:balancer("lb", app, { policy = lab.balance.least_connections() })
  local users = w:load{ to = lb, rate = peak, timeout = 10 }
  w:run(3)
  p99[machines] = users:percentile(99)
end
bars = {}
for i, machines in ipairs{ needed - 1, needed, needed + 1, needed + 3 } do
  bars[i] = { machines .. " machines", 1000 * p99[machines] }
end
print(chart.bars(bars, { unit = "ms p99", format = function(x) return ("%.0f"):format(x) end }))
needed]],
      predict = {
        question = "How many machines does it need at least?",
        unit = "machines",
        tolerance = 0.6,
        answer = function(env) return env.needed end,
      },
      hints = {
        "A day has 86 400 s. `needed` is the number of machines, `p99` the p99 for several numbers.",
        "Requests a second at the peak, times 10 ms: Little's law says how many cores are busy.",
        "200 million a day are 2300 a second, 7000 at the peak, 70 busy cores: 9 machines.",
      },
      check = function(t, env)
        local needed, p99 = t.has(env, "needed", "number"), t.has(env, "p99", "table")
        t.near(needed, 9, 0.5, "machines")
        t.that(number_in(t, p99, "p99", needed - 1) > 2 * number_in(t, p99, "p99", needed),
          "with one machine less the site is overloaded",
          ("p99 %s, and %s"):format(milliseconds(p99[needed - 1]), milliseconds(p99[needed])))
      end,
      explain = function(env)
        return ([[
%.0f requests a second, %.1f busy cores, %d machines. They are %.0f %% busy and still fast, for so many cores share one
queue, as it were, that one is nearly always free: the "last ten percent" of the quickstart were those of a single
server. But when one of %d machines fails, the rest has less than 100 %% (%s in 3 s, and growing). So it is %d plus what
may fail, plus what a deploy takes out, plus next year.]]):format(env.peak, env.busy, env.needed,
          100 * env.busy / (8 * env.needed), env.needed, milliseconds(env.p99[env.needed - 1]), env.needed)
      end,
    },
  },

  finish = [[
N = X * R, three times; the tail of the parts is the middle of the whole; do not let the patient hold the watch; a batch
as small as keeps up; and the number of busy cores is a multiplication.

To go on: how many clients would the tester need to see the pause? What does the p99 of `batching` say that the mean
hides? And how many machines would it take if each of them had a queue of its own (`lab.balance.random()`)?]],
}

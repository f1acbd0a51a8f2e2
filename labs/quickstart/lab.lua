-- The first lab: from a cache at the prompt to a fleet that loses a member.

-- What a load saw between two moments: answered, failed, and when the last failure was.
local function between(users, from, to)
  local series = users:data().series
  local ok, failed, last = 0, 0, from
  for i = 1, #series.ok_rate do
    local at = series.start + (i - 1) * series.interval
    if at >= from - 1e-9 and at < to - 1e-9 then
      ok = ok + series.ok_rate[i] * series.interval
      failed = failed + series.error_rate[i] * series.interval
      if series.error_rate[i] > 0 then last = at + series.interval end
    end
  end
  return math.floor(ok + 0.5), math.floor(failed + 0.5), last
end

local function failed_share(users)
  local ok, failed = between(users, 5, 10)
  return 100 * failed / (ok + failed)
end

local function mean_ms(users) return users:data().latency.mean * 1000 end

-- The backend app-2 as the balancer sees it.
local function second(lb) return lb:state().backends[2] end

return {
  title = "Quickstart: from one cache to a fleet that loses a node",
  minutes = 10,
  summary = [[
You build four small systems, break one of them, and guess each time what will happen before you look.
Nothing here is real time: a minute of simulated traffic takes a moment, and every run comes out the same.]],

  steps = {
    {
      name = "first_cache",
      title = "A cache that forgets",
      text = [[
A cache keeps a few things close at hand. When it is full, somebody has to leave: LRU throws out
the key that was used least recently. This one has room for two.]],
      code = [[
c = lab.cache.lru{ capacity = 2 }
c:put("a", 1)
c:put("b", 2)
c:get("a")
c:put("c", 3)
c:keys()]],
      predict = {
        question = "Three keys go in, two can stay. Which one is gone at the end?",
        choices = { "a", "b", "c" },
        answer = function(env)
          for _, key in ipairs { "a", "b", "c" } do
            if not env.c:contains(key) then return key end
          end
        end,
      },
      hints = {
        "Make an LRU cache in the variable `c`, with room for two keys.",
        "`c:put(key, value)` stores, `c:get(key)` looks up. " ..
          "Which lookup must happen before the third put, if `a` is to stay?",
        "Put a and b, then get a, then put c. `.go` types exactly that.",
      },
      check = function(t, env)
        local c = t.has(env, "c", "Cache")
        t.that(c:capacity() == 2, "a cache with room for 2 keys", "c has room for " .. c:capacity())
        t.that(c:contains("a") and c:contains("c") and not c:contains("b"), "a and c are in the cache, b is not",
          "its keys are: " .. table.concat(c:keys(), ", "))
      end,
      explain = [[
`a` is the oldest entry, but the `get` made it the most recently used one, so `b` was next in line. The
keys are listed with the next victim last: another put would throw out `a`.
(`help(c)` lists all that a cache can do; Tab completes names.)]],
    },
    {
      name = "popular_keys",
      title = "Why small caches work",
      text = [[
Real requests are not spread evenly: a few keys are asked for all the time, most of them hardly ever.
A zipf stream imitates that. Here are 100 000 requests for 10 000 different keys, and four caches: for
0.1 %, 1 %, 10 % and all of the keys.]],
      code = [[
keys = lab.workload.zipf{ count = 10000, skew = 0.99 }
trace = keys:trace{ requests = 100000 }
ratios = {}
for _, size in ipairs{ 10, 100, 1000, 10000 } do
  ratios[size] = lab.cache.lru{ capacity = size }:replay(trace).hit_ratio
end
ratios]],
      predict = {
        question = "The cache with 100 places can hold 1 % of the keys. How much of the requests will it answer?",
        unit = "%",
        tolerance = 8,
        answer = function(env) return 100 * env.ratios[100] end,
      },
      hints = {
        "`ratios` should be a table: from the size of a cache to the share of requests it answered.",
        "`cache:replay(trace)` runs a whole trace through a cache and returns its counters; one is `hit_ratio`.",
        "Fill `ratios[10]`, `ratios[100]`, `ratios[1000]` and `ratios[10000]`, each with a fresh lru of that capacity.",
      },
      check = function(t, env)
        local ratios = t.has(env, "ratios", "table")
        local before = 0
        for _, size in ipairs { 10, 100, 1000, 10000 } do
          local ratio = ratios[size]
          t.that(type(ratio) == "number" and ratio > 0 and ratio < 1,
            ("ratios[%d], a hit ratio between 0 and 1"):format(size), "it is " .. tostring(ratio))
          t.that(ratio > before, ("a cache of %d answers more than a smaller one"):format(size),
            ("%.3f, after %.3f"):format(ratio, before))
          before = ratio
        end
      end,
      explain = function(env)
        return ([[
Ten times the memory buys less each time: %.0f %%, %.0f %%, %.0f %%, %.0f %%. Even with room for every key it
stays below 100 %%, because the first request for each key always misses.]]):format(100 * env.ratios[10],
          100 * env.ratios[100], 100 * env.ratios[1000], 100 * env.ratios[10000])
      end,
    },
    {
      name = "first_world",
      title = "A world with one database",
      text = [[
A world is a simulated cluster. This one has a database that serves one request at a time and takes 10 ms
for it on average, and users who send 50 requests a second, at random moments. So it is busy half of the
time. Ten minutes pass.]],
      code = [[
w = lab.world{ seed = 1 }
db = w:service("db", { time = lab.dist.exp{ mean = 10*ms } })
users = w:load{ to = db, rate = 50, timeout = 10*s }
w:run(10*min)
users:report()]],
      predict = {
        question = "One request takes 10 ms of work. How long does a user wait for the answer, on average?",
        unit = "ms",
        tolerance = 4,
        answer = function(env) return mean_ms(env.users) end,
      },
      hints = {
        "You need a world in `w`, a service in `db`, a load in `users`, and ten minutes.",
        "`w:run(10*min)` lets time pass. Times are in seconds, and `ms`, `s`, `min` are numbers.",
        "Type the five lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local w, users = t.has(env, "w", "World"), t.has(env, "users", "Load")
        t.that(w:now() >= 600, "ten minutes have passed", ("it is %.3g s"):format(w:now()))
        local rate = users:data().sent / users:data().seconds
        t.that(math.abs(rate - 50) < 3, "about 50 requests a second", ("%.1f a second"):format(rate))
      end,
      explain = function(env)
        return ([[
Half of the requests find somebody in front of them, so waiting doubles the time: %.1f ms on average.
In the report, p99 is what 99 of 100 requests did not exceed: %.0f ms here. One user in a hundred waits
longer than that.]]):format(mean_ms(env.users), 1000 * env.users:percentile(99))
      end,
    },
    {
      name = "nearly_full",
      title = "The last ten percent",
      text = [[
The same database, but 90 requests a second: it is busy 90 % of the time and still faster than its users.]],
      code = [[
w = lab.world{ seed = 1 }
db = w:service("db", { time = lab.dist.exp{ mean = 10*ms } })
users = w:load{ to = db, rate = 90, timeout = 10*s }
w:run(10*min)
users:report()]],
      predict = {
        question = "At 50 requests a second waiting doubled the 10 ms. How long is the average answer at 90?",
        unit = "ms",
        tolerance = 30,
        answer = function(env) return mean_ms(env.users) end,
      },
      hints = {
        "Only the rate differs from the step before.",
        "A new world begins at time 0; the old one keeps its own time and load.",
        "The third line is `users = w:load{ to = db, rate = 90, timeout = 10*s }`, then `w:run(10*min)`.",
      },
      check = function(t, env)
        local w, users = t.has(env, "w", "World"), t.has(env, "users", "Load")
        local rate = users:data().sent / users:data().seconds
        t.that(math.abs(rate - 90) < 4, "about 90 requests a second", ("%.1f a second"):format(rate))
        t.that(w:now() >= 600, "ten minutes have passed", ("it is %.3g s"):format(w:now()))
      end,
      explain = function(env)
        return ([[
Not twice as busy, but %.0f ms and a p99 of %.0f ms. Queueing theory (M/M/1) says 1/(100-50) = 20 ms before
and 1/(100-90) = 100 ms now: what counts is how much room is left, and the last ten percent are the
expensive ones. This is why systems that look "90 %% used" feel broken.]]):format(mean_ms(env.users),
          1000 * env.users:percentile(99))
      end,
    },
    {
      name = "fleet",
      title = "A fleet behind a balancer",
      text = [[
More machines, then: three members with four slots each, so twelve requests can be served at once. A
balancer passes each request to the member with the fewest outstanding ones.]],
      code = [[
w = lab.world{ seed = 1 }
app = w:fleet("app", 3, { time = lab.dist.exp{ mean = 10*ms }, slots = 4 })
lb = w:balancer("lb", app, { policy = lab.balance.least_connections() })
users = w:load{ to = lb, rate = 400 }
w:run(5*s)
w:show()]],
      predict = {
        question = "400 requests a second, 10 ms of work each: how many of the 12 slots are busy on average?",
        unit = "slots",
        tolerance = 0.7,
        -- Little's law, without what the network takes: two hops there, two back, 250 µs each.
        answer = function(env)
          local data = env.users:data()
          return data.ok / data.seconds * (data.latency.mean - 4 * 250e-6)
        end,
      },
      hints = {
        "A fleet `app` of three, a balancer `lb` in front of it, a load `users` that sends to `lb`; five seconds.",
        "`lab.balance.least_connections()` is the policy, an option of `w:balancer(name, members, options)`.",
        "Type the six lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local w, users = t.has(env, "w", "World"), t.has(env, "users", "Load")
        local lb = t.has(env, "lb", "Node")
        t.that(#(lb:state().backends or {}) == 3, "lb is a balancer with three members", "it has " ..
          #(lb:state().backends or {}))
        t.that(w:now() == 5, "five seconds have passed", ("it is %.3g s; begin a new world"):format(w:now()))
        t.that(users:sent() > 1800 and users:errors() == 0, "400 requests a second and no errors",
          ("%d sent, %d errors"):format(users:sent(), users:errors()))
      end,
      explain = function(env)
        return ([[
Rate times time in the system is the number in the system: 400/s * 10 ms = 4. This is Little's law, and it
needs no assumption about arrivals or service times. The average answer took %.1f ms, 1 ms of it on the
network; nobody had to wait long. In the picture, `2/4` is two of four slots busy, `q` is the queue.]])
          :format(mean_ms(env.users))
      end,
    },
    {
      name = "black_hole",
      title = "Losing a node",
      text = [[
Now app-2 crashes, five seconds from the start, and is back five seconds later. The other two members
could carry the load easily: 400 a second are four busy slots, and they have eight.]],
      code = [[
w:inject(lab.fault.crash("app-2"))
w:run(20*ms)
w:messages{ last = 20*ms }
w:run(4.98*s)
w:inject(lab.fault.restart("app-2"))
w:run(5*s)
users:report()]],
      predict = {
        question = "While one of three members is down, how much of the requests fail?",
        unit = "%",
        tolerance = 8,
        answer = function(env) return failed_share(env.users) end,
      },
      hints = {
        "The world goes on from the step before; it is at 5 s. (`.again` shows what to run.)",
        "A crashed member refuses at once. What does that do to its number of outstanding requests?",
        "Inject the crash at 5 s, run for 5 s, inject the restart, run for 5 s more. `.go` does it.",
      },
      check = function(t, env)
        local w, users = t.has(env, "w", "World"), t.has(env, "users", "Load")
        local lb = t.has(env, "lb", "Node")
        t.that(w:now() >= 10, "the crash and five seconds are over", ("it is %.3g s"):format(w:now()))
        local ok, failed = between(users, 5, 10)
        t.that(failed > 0, "requests fail between 5 s and 10 s", ("%d were answered, none failed"):format(ok))
        t.that(second(lb).failed > 0, "it is app-2 that fails them", "app-2 failed none")
        t.that(w:find("app-2"):up(), "app-2 is back", "it is still down; inject lab.fault.restart(\"app-2\")")
      end,
      explain = function(env)
        local _, failed = between(env.users, 5, 10)
        return ([[
A third of the members, but %.0f %% of the requests (%d failed). The dead one refuses in half a millisecond
while the others work for ten, so it nearly always has the fewest outstanding requests, and the balancer
sends it even more. A fast failure looks like a fast server: this is the black hole of load balancing, and
it has taken down real sites. In the diagram you saw them come back as `get failed`.]]):format(
          failed_share(env.users), failed)
      end,
    },
    {
      name = "health_checks",
      title = "Asking how they are",
      text = [[
The same day again, with a balancer that asks every member twice a second how it is. Two bad answers in a
row take a member out, two good ones bring it back. Both faults are planned ahead with `w:at`.]],
      code = [[
w = lab.world{ seed = 1 }
app = w:fleet("app", 3, { time = lab.dist.exp{ mean = 10*ms }, slots = 4 })
lb = w:balancer("lb", app, {
  policy = lab.balance.least_connections(),
  checks = { interval = 0.5, timeout = 0.1, fall = 2, rise = 2 },
})
users = w:load{ to = lb, rate = 400 }
w:at(5*s, lab.fault.crash("app-2"))
w:at(10*s, lab.fault.restart("app-2"))
w:run(15*s)
users:report()]],
      predict = {
        question = "For how long after the crash do requests still fail?",
        unit = "s",
        tolerance = 0.3,
        answer = function(env)
          local _, _, last = between(env.users, 5, 15)
          return last - 5
        end,
      },
      hints = {
        "Only the balancer differs: it has `checks`.",
        "The checks come every 0.5 s and two must fail: how long can that take at most, how long at least?",
        "Type the lines as they are shown, or `.go`; the report's second sparkline shows when requests failed.",
      },
      check = function(t, env)
        local w, users = t.has(env, "w", "World"), t.has(env, "users", "Load")
        local lb = t.has(env, "lb", "Node")
        t.that(w:now() >= 15, "15 seconds have passed", ("it is %.3g s"):format(w:now()))
        local _, failed = between(users, 5, 10)
        local share = failed_share(users)
        t.that(second(lb).failed > 0, "app-2 crashes and fails some requests", "app-2 failed none")
        t.that(share < 20, "checks keep the failures below 20 % of the requests while app-2 is down",
          ("%.0f %% failed (%d requests); has the balancer checks?"):format(share, failed))
        t.that(second(lb).state == "up", "app-2 is in service again", "it is " .. second(lb).state)
      end,
      explain = function(env)
        local _, failed, last = between(env.users, 5, 15)
        return ([[
After about %.1f s it was over: %d requests failed, and from then on the other two members took everything, with
app-2 still down. Checking more often finds a crash sooner, and costs more messages and more false alarms;
you choose. A retry in front of the balancer would hide most of the rest.]]):format(last - 5, failed)
      end,
    },
    {
      name = "picture",
      title = "Keep the picture",
      text = [[
You know the report by now: rates, errors by code (and whether the request may have happened all the
same), percentiles, and sparklines over the time with the fault below them. It stays an object, so keep
it; its numbers are there, too.]],
      code = [[
report = users:report()
print(w:show())
print(report)]],
      hints = {
        "`users:report()` returns the report; give it a name.",
        "A report is shown by `print(report)` and has `report.text`.",
        "Type `report = users:report()`.",
      },
      check = function(t, env)
        local report = t.has(env, "report", "table")
        t.that(type(report.text) == "string", "report is what users:report() returned", "it is another table")
        t.that(report.text:find("crash app-2", 1, true) ~= nil, "the crash of app-2 is in the report",
          "it is not; is `users` the load of the step before?")
      end,
      explain = [[
If you like to see it in colour, with plots to zoom into and a diagram of all messages, write it as a page
and open it in a browser:

  report:html("quickstart.html")]],
    },
  },

  finish = [[
You have a cache, a workload, a world, a fleet, a fault and a report: the parts that all other labs are made of.

To go on by yourself: what does `lab.balance.round_robin()` do in the black hole? What if two of three crash?
Change a line, run it again; `w:digest()` tells whether two runs were the same to the last message. `help()`
lists everything there is, and `.save mine.lua` keeps what you typed as a script.]],
}

-- Seven limiters, what each lets through, and the day on which the service itself becomes slow.

local function count_passed(list)
  local passed = 0
  for _, admitted in ipairs(list) do
    if admitted then passed = passed + 1 end
  end
  return passed
end

local function p99_ms(load) return load:percentile(99) * 1000 end

-- Answers a second between two moments, all of them and those within 100 ms.
local function ok_rate(load, from, to)
  local series = load:data().series
  local sum, slots = 0, 0
  for i = 1, #series.ok_rate do
    local at = series.start + (i - 1) * series.interval
    if at >= from - 1e-9 and at < to - 1e-9 then
      sum, slots = sum + series.ok_rate[i], slots + 1
    end
  end
  return slots > 0 and sum / slots or 0
end

return {
  title = "Rate limiting: what gets through, and when",
  minutes = 30,
  summary = [[
A limiter is a few lines of arithmetic, and each kind lets through something else. You give the same rushes to all of
them, watch one of them believe a broken clock, and then protect a service: first from its users, then from itself.]],
  after = { "quickstart" },

  steps = {
    {
      name = "sale",
      title = "A sale that lives on savings",
      text = [[
A token bucket gets 100 tokens a second and holds 500; a request takes one. On a normal day there are 100
requests a second, so the bucket stays full. Then a sale begins: 1000 requests a second. `admit(time)` says
whether a request passes, when it could be tried again, and what is left.]],
      code = [[
chart = require "chart"
bucket = lab.limit.token_bucket{ rate = 100, burst = 500 }
passed, left, first_refused = {}, {}, nil
for i = 0, 2999 do
  local admitted, retry_after, remaining = bucket:admit(i / 1000)
  passed[i + 1], left[i + 1] = admitted, remaining
  if not admitted and not first_refused then first_refused = i / 1000 end
end
print(chart.timeline{ rows = { { label = "tokens left", values = left } }, from = 0, to = 3 })]],
      predict = {
        question = "500 tokens are saved. For how long does every request of the sale pass?",
        unit = "s",
        tolerance = 0.03,
        answer = function(env) return env.first_refused end,
      },
      hints = {
        "A table `passed` with the answers for 3000 requests, one each millisecond, at rate 100, burst 500.",
        "In one second 1000 tokens are taken and 100 arrive. How fast do the savings shrink?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local passed = t.has(env, "passed", "table")
        t.that(#passed == 3000, "3000 requests", #passed .. " requests")
        local first = t.has(env, "first_refused", "number")
        t.that(first > 0.5 and first < 0.6, "the first refusal is after the savings are gone, at some 0.56 s",
          ("it is at %.3f s"):format(first))
        local last = {}
        for i = 2001, 3000 do last[#last + 1] = passed[i] end
        t.that(count_passed(last) == 100, "in the third second 100 pass", count_passed(last) .. " pass")
      end,
      explain = function()
        return ([[
The savings do not shrink by 1000 a second but by 900, because 100 arrive meanwhile: 500 / 900 = %.3f s. From then on
one in ten passes. So `burst` says how big a surprise you can take, and `rate` what you can take for ever: whatever
happens, no more than burst + rate * t pass in any time t.]]):format(500 / 900)
      end,
    },
    {
      name = "leaky",
      title = "150 at once",
      text = [[
A leaky bucket leaks 100 a second and holds 100. As a meter it passes on what fits at once. As a queue it keeps
what fits and lets out one each 10 ms: `admit` then also says how long to hold a request back. 150 requests come in
the same moment.]],
      code = [[
meter = lab.limit.leaky_bucket{ rate = 100, burst = 100 }
queue = lab.limit.leaky_bucket{ rate = 100, burst = 100, form = "queue" }
dropped, last_out = 0, 0
for i = 1, 150 do
  local admitted, retry_after, remaining, delay = queue:admit(0)
  if admitted then last_out = delay else dropped = dropped + 1 end
  meter:admit(0)
end
print(chart.bars({ { "dropped", dropped }, { "passed", 150 - dropped } }))
print(("the last one that passed leaves after %.2f s"):format(last_out))]],
      predict = {
        question = "How many of the 150 are dropped?",
        unit = "requests",
        tolerance = 0.5,
        answer = function(env) return env.dropped end,
      },
      hints = {
        "Make `queue`, send it 150 requests at time 0, count in `dropped`, and keep the last delay in `last_out`.",
        "What fits is the burst; nothing leaks out in no time.",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local queue = t.has(env, "queue", "Limiter")
        t.equal(t.has(env, "dropped", "number"), 50, "dropped")
        t.that(not (queue:peek(0)), "the queue is full at time 0", "it admits more")
        t.near(t.has(env, "last_out", "number"), 0.99, 1e-9, "last_out")
      end,
      explain = function(env)
        return ([[
Exactly 50, in either form. But to the service behind it the forms are different worlds: the meter sends it 100
requests in one instant, the queue one each 10 ms, the last after %.2f s. A meter polices, a queue shapes; and a user
who has waited a second in the queue may no longer be there.]]):format(env.last_out)
      end,
    },
    {
      name = "boundary",
      title = "The last second and the first",
      text = [[
The simplest limiter counts: 100 a minute, and each minute the count starts anew. Somebody who knows that sends
200 requests just before the full minute, and 200 just after it. Three limiters of 100 a minute get the same.]],
      code = [[
function rush(limiter)
  local n = 0
  for i = 1, 400 do
    if limiter:admit(i <= 200 and 59.9 or 60.1) then n = n + 1 end
  end
  return n
end
got = {
  fixed_window = rush(lab.limit.fixed_window{ limit = 100, window = 60 }),
  sliding_window = rush(lab.limit.sliding_window{ limit = 100, window = 60 }),
  sliding_log = rush(lab.limit.sliding_log{ limit = 100, window = 60 }),
}
print(chart.bars{
  { "fixed window", got.fixed_window },
  { "sliding window", got.sliding_window },
  { "log", got.sliding_log },
})]],
      predict = {
        question = "How many of the 400 does the fixed window let through, within 0.2 s?",
        unit = "requests",
        tolerance = 5,
        answer = function(env) return env.got.fixed_window end,
      },
      hints = {
        "`got.fixed_window`, `got.sliding_window` and `got.sliding_log`: how many of the 400 passed.",
        "In which minute is 59.9, in which is 60.1?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local got = t.has(env, "got", "table")
        t.equal(got.fixed_window, 200, "got.fixed_window")
        t.equal(got.sliding_log, 100, "got.sliding_log")
        t.that(type(got.sliding_window) == "number" and got.sliding_window <= 101,
          "the sliding window lets hardly more than 100 through", tostring(got.sliding_window))
      end,
      explain = [[
Twice the limit in no time, and it keeps to its rule: each minute had 100. The log remembers the time of each request
and is exact, but it needs memory for all of them. The sliding window counter is the bargain between: two counts.]],
    },
    {
      name = "estimate",
      title = "Two counts instead of a log",
      text = [[
The sliding window counter (Cloudflare's) estimates the last 60 seconds: the count of this minute, and of the minute
before as much as still lies in them, as if those requests had come evenly. It admits while the estimate is
below the limit. In the minute before there were 84 requests; 30 % of this one are gone, and the limit is 100.]],
      code = [[
window = lab.limit.sliding_window{ limit = 100, window = 60 }
for i = 0, 83 do window:admit(i / 2) end
now_passed = 0
for i = 1, 100 do
  if window:admit(60 + 0.3 * 60) then now_passed = now_passed + 1 end
end
now_passed]],
      predict = {
        question = "How many requests pass now?",
        unit = "requests",
        tolerance = 1,
        answer = function(env) return env.now_passed end,
      },
      hints = {
        "84 requests in the first minute, then as many as pass at 78 s, counted in `now_passed`.",
        "How many of the 84 still count, when 70 % of that minute lie in the last 60 seconds?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        t.has(env, "window", "Limiter")
        t.equal(t.has(env, "now_passed", "number"), 42, "now_passed")
      end,
      explain = [[
84 * 0.7 = 58.8 still count. With 41 more the estimate is 99.8, below 100, so the 42nd passes, too. The
assumption "as if evenly" is wrong for each single user and right for all of them together: on real traffic
Cloudflare found 0.003 % of requests decided wrongly.]],
    },
    {
      name = "one_number",
      title = "A limiter that is one timestamp",
      text = [[
GCRA comes from telephone networks. It keeps a single number for a client: when the next request would come if
all came evenly. Earlier than that by more than the burst allows, and it is refused. Here it decides 20 000
random requests beside a token bucket, then both keep the budgets of 100 000 clients.]],
      code = [[
gcra = lab.limit.gcra{ rate = 100, burst = 20 }
bucket = lab.limit.token_bucket{ rate = 100, burst = 20 }
w = lab.world{ seed = 1 }
now, different, admitted = 0, 0, 0
for i = 1, 20000 do
  now = now + w:random() * 0.015
  local a, b = gcra:admit(now), bucket:admit(now)
  if a ~= b then different = different + 1 end
  if a then admitted = admitted + 1 end
end
many_gcra = lab.limit.gcra{ rate = 100, burst = 20, max_keys = 100000 }
many_buckets = lab.limit.token_bucket{ rate = 100, burst = 20, max_keys = 100000 }
for client = 1, 100000 do many_gcra:admit(client, 0.001); many_buckets:admit(client, 0.001) end
print(chart.bars({
  { "gcra", many_gcra:size_bytes() / 1e5 },
  { "token bucket", many_buckets:size_bytes() / 1e5 },
}, { unit = "bytes a client" }))]],
      predict = {
        question = "How many of the 20 000 do the two decide differently?",
        choices = { "none", "some hundred", "about half" },
        answer = function(env)
          return env.different == 0 and "none" or env.different < 5000 and "some hundred" or "about half"
        end,
      },
      hints = {
        "Send the same times to a gcra and to a token bucket; count in `different` and `admitted`.",
        "The bucket keeps how full it is and since when. What does the one number of GCRA tell about both?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        t.that(t.has(env, "admitted", "number") > 1000, "thousands pass", tostring(env.admitted))
        t.equal(t.has(env, "different", "number"), 0, "different")
        local gcra, buckets = t.has(env, "many_gcra", "KeyedLimiter"), t.has(env, "many_buckets", "KeyedLimiter")
        t.that(gcra:size() == 100000 and buckets:size() == 100000, "both hold 100 000 clients",
          ("%d and %d"):format(gcra:size(), buckets:size()))
      end,
      explain = function(env)
        return ([[
None: it is the same limiter. "When will the bucket be full?" is one number that tells how full it is now. So a client
costs %.0f bytes in place of %.0f (a key of 8 bytes included), and in a shared store such as Redis it is one value that
can be compared and set.]]):format(env.many_gcra:size_bytes() / 1e5, env.many_buckets:size_bytes() / 1e5)
      end,
    },
    {
      name = "clock",
      title = "The clock steps back",
      text = [[
OpenResty's leaky bucket computes the elapsed time as an absolute value. That is the kind of detail one never
looks at, until the time server corrects the machine's clock. A limit of one a second with room for 5 is used up;
then the clock steps back by a minute, and ten more requests come.]],
      code = [[
function after_step(form)
  local limiter = lab.limit.leaky_bucket{ rate = 1, burst = form == "openresty" and 4 or 5, form = form }
  for i = 1, 20 do limiter:admit(100) end
  local n = 0
  for i = 1, 10 do
    if limiter:admit(40) then n = n + 1 end
  end
  return n
end
stepped = { openresty = after_step("openresty"), meter = after_step("meter") }
print(chart.bars{ { "openresty", stepped.openresty }, { "meter", stepped.meter } })]],
      predict = {
        question = "How many of the ten does the OpenResty form let through?",
        unit = "requests",
        tolerance = 0.5,
        answer = function(env) return env.stepped.openresty end,
      },
      hints = {
        "`stepped.openresty` and `stepped.meter`: how many pass after the step.",
        "What is the absolute value of 40 - 100, and how much leaks out in that time?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local stepped = t.has(env, "stepped", "table")
        t.equal(stepped.openresty, 5, "stepped.openresty")
        t.equal(stepped.meter, 0, "stepped.meter")
      end,
      explain = [[
A step back counts as a minute that has gone by, so the bucket is empty again. Ours takes the opposite side: until the
clock is again where it was, nothing leaks; so it is too strict for a minute. A limiter that must be neither wants a
monotonic clock, which never steps.]],
    },
    {
      name = "protect",
      title = "What a limit is for",
      text = [[
A service with 4 slots and 10 ms of work a request can do 400 a second; 500 come, from users who wait
one second at most. First without a limit, then with one of 360 a second in front of it. A minute each.]],
      code = [[
function day(filters)
  local w = lab.world{ seed = 1 }
  local api = w:service("api", { time = lab.dist.exp{ mean = 10*ms }, slots = 4, filters = filters })
  local users = w:load{ to = api, rate = 500, timeout = 1*s }
  w:run(60*s)
  return users
end
free = day{}
limited = day{ lab.limit.filter{ limiter = lab.limit.token_bucket{ rate = 360, burst = 20 } } }
print(free:report())
print(limited:report())]],
      predict = {
        question = "Without a limit, how many requests a second are answered in time, towards the end of the minute?",
        unit = "a second",
        tolerance = 60,
        answer = function(env) return ok_rate(env.free, 30, 60) end,
      },
      hints = {
        "Two loads, `free` and `limited`, each of a world of its own, after a minute of 500 requests a second.",
        "Each second 100 more come than go. How long is the queue after 10 s, and how long does one wait in it?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local free, limited = t.has(env, "free", "Load"), t.has(env, "limited", "Load")
        t.that(free:sent() > 29000 and limited:sent() > 29000, "500 a second for a minute",
          ("%d and %d sent"):format(free:sent(), limited:sent()))
        t.that(ok_rate(limited, 30, 60) > 300, "with the limit over 300 a second are answered",
          ("%.0f a second"):format(ok_rate(limited, 30, 60)))
        t.that((limited:data().by_code.rate_limited or 0) > 1000, "the limiter refuses some",
          "it refuses " .. tostring(limited:data().by_code.rate_limited))
      end,
      explain = function(env)
        return ([[
Not 400, but %.0f a second. The service is as busy as ever, but with requests whose users have left: once the queue is
longer than their patience, all work is for nobody. With the limit %.0f a second are answered, 99 %% of them within
%.0f ms, and the others know at once. Refusing early is how the most get served.]]):format(
          ok_rate(env.free, 30, 60), ok_rate(env.limited, 30, 60), p99_ms(env.limited))
      end,
    },
    {
      name = "slow_day",
      title = "The limit that nobody adjusted",
      text = [[
The same limit of 360 a second; now only 300 come, and all is well. At 20 s the service becomes three times as
slow (a bad disk, a noisy neighbour), for 20 s. The rate limit knows nothing of that. The other two days limit
how many are inside at once: 12, and a number that `gradient2` learns from the latency.]],
      code = [[
function bad_day(limiter)
  local w = lab.world{ seed = 1 }
  local filter = lab.limit.filter{ limiter = limiter }
  local api = w:service("api", { time = lab.dist.exp{ mean = 10*ms }, slots = 4, filters = { filter } })
  local users = w:load{ to = api, rate = 300, timeout = 0.5*s }
  w:at(20*s, lab.fault.slow("api", 3), 20*s)
  w:run(60*s)
  return users
end
by_rate = bad_day(lab.limit.token_bucket{ rate = 360, burst = 20 })
by_inside = bad_day(lab.limit.concurrency{ limit = 12 })
learned = bad_day(lab.limit.gradient2{ initial = 12, max = 40 })
rows = {}
for label, users in pairs{ ["rate 360"] = by_rate, ["12 inside"] = by_inside, gradient2 = learned } do
  rows[#rows + 1] = { label = label, values = users:data().series.ok_rate, max = 400 }
end
slow = { from = 20, to = 40, label = "three times as slow" }
print(chart.timeline{ rows = rows, from = 0, to = 60, bands = { slow } })]],
      predict = {
        question = "Slow, it can do 133 a second. How many does it answer in time behind the rate limit, from 25 s on?",
        unit = "a second",
        tolerance = 30,
        answer = function(env) return ok_rate(env.by_rate, 25, 40) end,
      },
      hints = {
        "Three loads, `by_rate`, `by_inside` and `learned`: a minute each, with a slow fault from 20 s to 40 s.",
        "`lab.limit.filter` takes either kind of limiter. The rate of 12 that are inside is 12 / latency.",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local by_rate, by_inside = t.has(env, "by_rate", "Load"), t.has(env, "by_inside", "Load")
        local learned = t.has(env, "learned", "Load")
        for name, users in pairs { by_rate = by_rate, by_inside = by_inside, learned = learned } do
          t.that(users:sent() > 17000, name .. " is a minute of 300 a second", users:sent() .. " sent")
          t.that(ok_rate(users, 5, 20) > 250, name .. " is well before the fault",
            ("%.0f a second are answered"):format(ok_rate(users, 5, 20)))
        end
        t.that(ok_rate(by_inside, 25, 40) > 100, "with 12 inside over 100 a second are answered while it is slow",
          ("%.0f a second"):format(ok_rate(by_inside, 25, 40)))
        t.that(ok_rate(by_rate, 25, 40) < 60, "behind the rate limit it breaks down; was the fault injected?",
          ("%.0f a second"):format(ok_rate(by_rate, 25, 40)))
      end,
      explain = function(env)
        return ([[
%.0f a second behind the rate limit, %.0f with 12 inside, %.0f with the limit that learns. By Little's law, inside =
rate * time: who fixes what is inside lets the rate follow the service. And 12 inside on 4 slots is a queue of 8, which
takes some %.0f ms, never half a second. A rate protects the bill; what is inside protects the service.]]):format(
          ok_rate(env.by_rate, 25, 40), ok_rate(env.by_inside, 25, 40), ok_rate(env.learned, 25, 40),
          1000 * 8 * 0.030 / 4)
      end,
    },
  },

  finish = [[
You know now what each limiter promises: a bucket burst + rate * t, a fixed window twice its limit, a log exactly its
limit, a limit on what is inside whatever the service can take.

To go on by yourself: what does `lab.limit.aimd{}` do on the slow day? `lab.limit.filter{ dry_run = true, ... }` counts
what it would refuse; how would you find the right rate with it? The next lab puts the limiter on several machines:
`syslab lab distributed-rate-limiting`. To write one yourself: `syslab lab token-bucket`.]],
}

-- One limit for four machines: by asking, by guessing, by allowances; and what a dead store does to each.

local function passed_rate(site, from, to) return site.passed(from, to) / (to - from) end

-- The most that passed beyond burst + rate * t, in any time t.
local function overshoot_of(site) return math.max(0, site.overshoot) end

local function each_is(t, env, name, kind)
  local site = t.has(env, name, "table")
  t.that(type(site.passed) == "function" and site.form == kind,
    ("`%s` is a run of the form '%s'"):format(name, kind), "it is " .. tostring(site.form))
  t.that(site.seconds >= 20, ("`%s` has run for 20 s"):format(name), ("%.3g s"):format(site.seconds))
  return site
end

return {
  title = "Distributed rate limiting: one limit, many machines",
  minutes = 25,
  summary = [[
The limiter works on one machine; now there are four behind a balancer, and the limit is for all of them together. You
measure what really gets through in each form, break the store that they share, and choose what should happen then.]],
  after = { "rate-limiting" },

  steps = {
    {
      name = "four_times",
      title = "The limit, four times",
      text = [[
Four machines serve an API; a customer has paid for 100 requests a second (a burst of 50 is fine) and sends 800. Each
machine has a limiter with exactly these numbers. `site` builds the cluster and counts what passes.]],
      code = [[
chart = require "chart"
function site(options, rates, faults)
  local w = lab.world{ seed = 1 }
  local store = w:service("store", { time = 0.1*ms, slots = 4, filters = { lab.limit.store() } })
  options.rate, options.burst = options.rate or 100, options.burst or 50
  if options.form ~= "local" then options.store = store end
  local times = {}
  local run = { form = options.form, loads = {}, store = store, times = times, w = w }
  for i, rate in ipairs(rates or { 200, 200, 200, 200 }) do
    local api = w:service("api-" .. i, { slots = 1000, filters = { lab.limit.shared(options) },
      handler = function() times[#times + 1] = w:now() return "ok" end })
    run.loads[i] = w:load{ to = api, rate = rate, name = "users-" .. i }
  end
  if faults then faults(w) end
  w:run(20*s)
  run.seconds = w:now()
  function run.passed(from, to)
    local n = 0
    for _, at in ipairs(times) do if at >= from and at < to then n = n + 1 end end
    return n
  end
  run.overshoot = -math.huge
  local least = math.huge
  for i, at in ipairs(times) do
    least = math.min(least, i - 1 - options.rate * at)
    run.overshoot = math.max(run.overshoot, i - options.rate * at - least - options.burst)
  end
  return run
end
each = site{ form = "local", share = "full", nodes = 4 }
each.passed(10, 20) / 10]],
      predict = {
        question = "The limit is 100 a second. How many requests a second get through?",
        unit = "a second",
        tolerance = 15,
        answer = function(env) return passed_rate(env.each, 10, 20) end,
      },
      hints = {
        "The function `site` and a run of it in `each`. `.go` types it for you; it is used in all later steps.",
        "What does each of the four limiters know of the other three?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        t.has(env, "site", "function")
        local each = each_is(t, env, "each", "local")
        t.that(passed_rate(each, 10, 20) > 300, "far more than 100 a second pass",
          ("%.0f a second"):format(passed_rate(each, 10, 20)))
      end,
      explain = function(env)
        return ([[
%.0f a second: each machine keeps the limit by itself, and nobody keeps it together. It is the commonest mistake
with limits, and it grows with success: whoever adds machines raises the limit.]]):format(
          passed_rate(env.each, 10, 20))
      end,
    },
    {
      name = "a_quarter",
      title = "A quarter for each",
      text = [[
So each machine gets 25 a second. That is right as long as the balancer spreads requests evenly. But this
customer's connections stick to one machine: it gets 200 requests a second, the others one each.]],
      code = [[
split = site({ form = "local", share = "split", nodes = 4 }, { 200, 1, 1, 1 })
split.passed(10, 20) / 10]],
      predict = {
        question = "How many requests a second get through now?",
        unit = "a second",
        tolerance = 4,
        answer = function(env) return passed_rate(env.split, 10, 20) end,
      },
      hints = {
        "A run in `split`, of the form local with `share = \"split\"`, and rates of 200, 1, 1 and 1.",
        "Three quarters of the limit lie where nobody asks for them.",
        "Type the two lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local split = each_is(t, env, "split", "local")
        t.that(passed_rate(split, 10, 20) < 40, "about a quarter of the limit is used",
          ("%.0f a second"):format(passed_rate(split, 10, 20)))
        t.that(split.loads[1]:sent() > 3000, "machine 1 has 200 requests a second",
          split.loads[1]:sent() .. " in 20 s")
      end,
      explain = function(env)
        return ([[
%.0f of 100: never too much, but the customer who paid for 100 will call. To do better the machines must talk to
each other, or to a store.]]):format(passed_rate(env.split, 10, 20))
      end,
    },
    {
      name = "central",
      title = "Asking each time",
      text = [[
The central form keeps the bucket in a store, which the machines ask for each request (that is what a Redis with a
script is used for). A message takes 250 µs here, and users are 250 µs away from the machines. The same uneven load.]],
      code = [[
central = site({ form = "central" }, { 200, 1, 1, 1 })
print(central.passed(10, 20) / 10, "a second")
function median(run) return run.loads[1]:percentile(50) * 1000 end
print(chart.bars({ { "local", median(split) }, { "central", median(central) } },
  { unit = "ms", format = function(x) return ("%.2f"):format(x) end }))]],
      predict = {
        question = "Half of the answers came within 0.5 ms without a store. Within how many do they now?",
        unit = "ms",
        tolerance = 0.2,
        answer = function(env) return 1000 * env.central.loads[1]:percentile(50) end,
      },
      hints = {
        "A run in `central`, of the form central, with the uneven rates.",
        "Count the messages between a user's request and its answer, and add the store's own time.",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local central = each_is(t, env, "central", "central")
        t.near(passed_rate(central, 10, 20), 100, 3, "what passes in a second")
        t.that(central.overshoot <= 1, "never more than burst + rate * t", ("%.1f more"):format(central.overshoot))
      end,
      explain = function(env)
        return ([[
The limit is exact, %.0f a second, whoever asks where. It costs a round trip and the store's time for each request:
%.2f ms in place of %.2f. Within one data centre that may be nothing; between continents it is 100 ms for every click.
And the store carries the load of all machines.]]):format(passed_rate(env.central, 10, 20),
          1000 * env.central.loads[1]:percentile(50), 1000 * env.split.loads[1]:percentile(50))
      end,
    },
    {
      name = "batched",
      title = "An allowance for each interval",
      text = [[
The batched form reports to the store only every interval, here 0.1 s: what was taken, and how much may be
taken next, at most rate * interval = 10. In between a machine decides by itself, so together they may take too much: at
most nodes * rate * interval. All four are busy again, with 200 requests a second each.]],
      code = [[
batched = site{ form = "batched", interval = 0.1 }
rows = {}
for _, interval in ipairs{ 0.02, 0.05, 0.1, 0.2, 0.4 } do
  local run = interval == 0.1 and batched or site{ form = "batched", interval = interval }
  local bound = 4 * math.max(1, 100 * interval)
  rows[#rows + 1] = { interval, run.store:state().served, math.max(0, run.overshoot), bound }
end
print(chart.table{ rows = rows,
  columns = { { title = "interval", unit = "s" }, "reports", { title = "overshoot", format = "%.1f" }, "bound" } })]],
      predict = {
        question = "Four machines, an interval of 0.1 s: by how many requests may they exceed the limit at most?",
        unit = "requests",
        tolerance = 1,
        answer = function(env) return env.rows[3][4] end,
      },
      hints = {
        "A run in `batched`, and a table `rows` with interval, reports, overshoot and bound for five intervals.",
        "Each machine may have an allowance of 10 that the others do not know of.",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local batched = each_is(t, env, "batched", "batched")
        local rows = t.has(env, "rows", "table")
        t.that(#rows == 5, "five intervals", #rows .. " rows")
        for _, row in ipairs(rows) do
          t.that(row[3] <= row[4] + 1e-6, ("at %.2g s no more than the bound, %g"):format(row[1], row[4]),
            ("%.1f"):format(row[3]))
        end
        t.that(overshoot_of(batched) > 0, "they do exceed the limit for a moment", "they do not")
        t.near(passed_rate(batched, 5, 20), 100, 8, "what passes in a second, over a longer time")
      end,
      explain = function(env)
        local rows = env.rows
        return ([[
The bound is nodes * rate * interval = %g, and %.1f was measured. What was taken too much is a debt: no allowance is
given until it is paid, so over a longer time it is %.0f a second all the same. %d messages to the store in 20 s, where
the central form had 16 000: that is the trade, and the interval is its dial.]]):format(rows[3][4], rows[3][3],
          passed_rate(env.batched, 5, 20), rows[3][2])
      end,
    },
    {
      name = "store_down",
      title = "The store is down",
      text = [[
At 8 s the store crashes, at 14 s it is back. `on_failure` decides what a machine does when it gets no answer: refuse
everything (closed), let everything pass (open), or go on with its quarter (local).]],
      code = [[
function outage(w)
  w:at(8*s, lab.fault.crash("store"))
  w:at(14*s, lab.fault.restart("store"))
end
closed = site({ form = "batched", on_failure = "closed" }, nil, outage)
open = site({ form = "batched", on_failure = "open" }, nil, outage)
part = site({ form = "batched", on_failure = "local", nodes = 4 }, nil, outage)
function by_second(run)
  local counts = {}
  for second = 1, 20 do counts[second] = run.passed(second - 1, second) end
  return counts
end
print(chart.timeline{ from = 0, to = 20, bands = { { from = 8, to = 14, label = "store down" } }, rows = {
  { label = "closed", values = by_second(closed), max = 800 },
  { label = "open", values = by_second(open), max = 800 },
  { label = "local", values = by_second(part), max = 800 } } })]],
      predict = {
        question = "800 requests a second come. How many pass while the store is down and the machines fail open?",
        unit = "a second",
        tolerance = 60,
        answer = function(env) return passed_rate(env.open, 9, 14) end,
      },
      hints = {
        "Three runs with the function `outage`: `closed`, `open` and `part`, with the three values of `on_failure`.",
        "`site(options, nil, outage)` runs with the faults. What is left of a limit that lets everything pass?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local closed = each_is(t, env, "closed", "batched")
        local open = each_is(t, env, "open", "batched")
        local part = each_is(t, env, "part", "batched")
        t.that(passed_rate(closed, 9, 14) == 0, "closed: nothing passes while the store is down",
          ("%.0f a second"):format(passed_rate(closed, 9, 14)))
        t.that(passed_rate(open, 9, 14) > 700, "open: everything passes",
          ("%.0f a second"):format(passed_rate(open, 9, 14)))
        t.near(passed_rate(part, 9, 14), 100, 20, "local: what passes in a second")
        for name, run in pairs { closed = closed, open = open, part = part } do
          t.that(passed_rate(run, 16, 20) < 140, name .. ": when the store is back the limit holds again",
            ("%.0f a second"):format(passed_rate(run, 16, 20)))
        end
      end,
      explain = function(env)
        return ([[
Open: %.0f a second, all that came. Closed: %.0f, and the API is down because its limiter is. Local: %.0f, about what
was promised. None of them is right everywhere: in front of a login page fail closed, in front of a shop fail open,
and wherever a quarter is good enough take the third. What is wrong is not to have chosen.]]):format(
          passed_rate(env.open, 9, 14), passed_rate(env.closed, 9, 14), passed_rate(env.part, 9, 14))
      end,
    },
    {
      name = "cut_off",
      title = "Two of four are cut off",
      text = [[
A partition is meaner than a crash: machines 1 and 2 cannot reach the store from 8 s to 14 s, machines 3 and 4
can. Nobody is down, and all four have users. They fail local, with a quarter each.]],
      code = [[
half = site({ form = "batched", on_failure = "local", nodes = 4 }, nil, function(w)
  w:at(8*s, lab.fault.partition{ sides = { { "api-1", "api-2" }, { "store" } } }, 6*s)
end)
print(chart.timeline{ from = 0, to = 20, bands = { { from = 8, to = 14, label = "1 and 2 cut off" } }, rows = {
  { label = "passed", values = by_second(half) } } })]],
      predict = {
        question = "How many requests a second pass during the partition, all four machines together?",
        unit = "a second",
        tolerance = 15,
        answer = function(env) return passed_rate(env.half, 9, 14) end,
      },
      hints = {
        "A run in `half`, with a partition between api-1, api-2 and the store from 8 s for 6 s.",
        "Those two have 25 each. And how much does the store give to the other two, who are the only ones that ask?",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local half = each_is(t, env, "half", "batched")
        t.near(passed_rate(half, 2, 8), 100, 10, "what passes in a second before")
        t.that(passed_rate(half, 9, 14) > 125, "more than the limit passes during the partition",
          ("%.0f a second"):format(passed_rate(half, 9, 14)))
      end,
      explain = function(env)
        return ([[
%.0f: the store knows nothing of those who are cut off and gives its whole 100 to the other two, and each of the lost
ones takes its 25 beside. Exactness on both sides of a partition cannot be had; what can be had is a bound, here 100 +
2 * 25, and somebody who has looked at it beforehand.]]):format(passed_rate(env.half, 9, 14))
      end,
    },
  },

  finish = [[
Local limits cost nothing and are wrong by up to the number of machines; a central one is exact and costs a round trip
and a point of failure; batches are off by nodes * rate * interval, for as few messages as you like.

To go on by yourself: `by = "key"` gives every customer a budget. What does the burst have to be, so that a long
interval wastes nothing? Which form would you take between two continents?]],
}

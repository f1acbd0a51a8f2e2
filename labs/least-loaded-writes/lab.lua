-- Writes to the least loaded shard: heartbeats that are old, a herd, and a directory that remembers.

return {
  title = "To the shard that has least to do",
  minutes = 25,
  after = { "sharding-strategies" },
  summary = [[
Photos can be stored anywhere, if somebody remembers where. So each new one goes to the shard that has least to do, as
its last heartbeat said. You watch what everybody's reading the same old number does, repair it, and take shards and
the directory down.]],

  steps = {
    {
      name = "herd",
      title = "The emptiest of eight",
      text = [[
Eight shards that take 20 ms a photo, 280 photos a second (70 % of what they can). Each shard tells the directory once
a second how many requests wait there. The directory gives a new photo to any shard; or to the least loaded.]],
      code = [[
chart = require "chart"
function photos(o)
  local every = o.every or 1
  w = lab.world{ seed = 1, keep = 0 }
  dir = w:service("dir", { slots = 4000, filters = { lab.shard.placer{ choice = o.choice, by = o.by, timeout = 5,
    failure_after = 3 * every } } })
  w:fleet("s", 8, { time = lab.dist.exp{ mean = 20*ms }, slots = 1, filters = {
    lab.shard.reporter{ to = dir, every = every }, lab.store.rows() } })
  w:run(every + 0.5)
  traffic = w:load{ to = dir, rate = 280, timeout = 5, mix = { put = 1 },
    keys = lab.workload.sequential{ count = 1000000 } }
  if o.fault then o.fault(w:now()) end
  w:run(o.seconds or 10)
  local shards, items = dir:state().filters[1].shards, {}
  for i = 1, 8 do items[i] = { label = "s-" .. i, value = shards["s-" .. i].items } end
  return { median = traffic:percentile(50), p99 = traffic:percentile(99), errors = traffic:errors(), items = items,
    report = traffic:report() }
end
any, least = photos{ choice = "random" }, photos{ choice = "least_loaded" }
print(least.report)
any.median, least.median]],
      predict = {
        question = "Sent to the least loaded shard, how does the median latency compare with sending anywhere?",
        choices = { "much better", "about the same", "much worse" },
        answer = function(env)
          local factor = env.least.median / env.any.median
          return factor < 0.7 and "much better" or factor > 1.5 and "much worse" or "about the same"
        end,
      },
      hints = {
        "`any.median` and `least.median`.",
        "What does the directory know half a second after a heartbeat?",
        "For a second everybody goes to the same shard.",
      },
      check = function(t, env)
        t.that(t.has(env, "least", "table").median > 1.5 * t.has(env, "any", "table").median,
          "the least loaded is worse than any", ("%.3f s and %.3f s"):format(env.least.median, env.any.median))
      end,
      explain = function(env)
        return ([[
Much worse: %.0f ms against %.0f ms. The numbers are up to a second old, and in that second 280 photos went to the shard
that looked idle, which can do 50. Then it looks full, and all go to the next. It is called a herd; caches, balancers
and schedulers have it, too, wherever many decide by one old number.]]):format(1000 * env.least.median,
          1000 * env.any.median)
      end,
    },
    {
      name = "counting",
      title = "Count what you gave yourself",
      text = [[
Two remedies. `counting` adds to a shard's report what the directory has given it since. `two_choices` draws two shards
and takes the less loaded: even with old numbers nobody gets all.]],
      code = [[
results = { random = any, least_loaded = least, counting = photos{ choice = "counting" },
  two_choices = photos{ choice = "two_choices" } }
rows = {}
for _, name in ipairs{ "random", "least_loaded", "counting", "two_choices" } do
  rows[#rows + 1] = { label = name, value = 1000 * results[name].p99 }
end
print(chart.bars(rows))]],
      predict = {
        question = "Which has the lowest 99th percentile?",
        choices = { "random", "counting", "two_choices" },
        answer = function(env)
          local best = "random"
          for _, name in ipairs { "counting", "two_choices" } do
            if env.results[name].p99 < env.results[best].p99 then best = name end
          end
          return best
        end,
      },
      hints = {
        "`results[name].p99`.",
        "One directory gives out everything here, so its own count is nearly the truth.",
        "counting.",
      },
      check = function(t, env)
        local r = t.has(env, "results", "table")
        t.that(r.counting.p99 < r.random.p99, "counting is better than random", ("%.3f s"):format(r.counting.p99))
        t.that(r.two_choices.p99 < r.least_loaded.p99, "two choices are better than the least loaded",
          ("%.3f s"):format(r.two_choices.p99))
      end,
      explain = function(env)
        local r = env.results
        return ([[
counting: %.0f ms; random %.0f, two choices %.0f, the least loaded %.0f ms. Counting is as good as this because one
directory sees all writes. With many that do not know of each other, two choices is what is left (Mitzenmacher
2000).]]):format(
          1000 * r.counting.p99, 1000 * r.random.p99, 1000 * r.two_choices.p99, 1000 * r.least_loaded.p99)
      end,
    },
    {
      name = "age",
      title = "How old may a number be?",
      text = [[
The same with heartbeats every 50 ms, 200 ms, 1 s and 3 s.]],
      code = [[
ages, lines = {}, {}
for _, choice in ipairs{ "least_loaded", "counting", "two_choices" } do
  ages[choice] = {}
  for _, every in ipairs{ 0.05, 0.2, 1, 3 } do
    local r = every == 1 and results[choice] or photos{ choice = choice, every = every }
    ages[choice][every] = r.p99
    lines[#lines + 1] = { label = ("%s, %g s"):format(choice, every), value = 1000 * r.p99 }
  end
end
print(chart.bars(lines))]],
      predict = {
        question = "With heartbeats every 50 ms, is the least loaded better than random (in the 99th percentile)?",
        choices = { "yes", "no" },
        answer = function(env)
          return env.ages.least_loaded[0.05] < env.results.random.p99 and "yes" or "no"
        end,
      },
      hints = {
        "`ages.least_loaded[0.05]` and `results.random.p99`.",
        "In 50 ms 14 photos come; a shard does 2.5 in that time.",
        "A number must be younger than the time in which it changes.",
      },
      check = function(t, env)
        local ages = t.has(env, "ages", "table")
        t.that(ages.least_loaded[0.05] < ages.least_loaded[1], "fresher numbers are better", "they are not")
      end,
      explain = function(env)
        return ([[
%.0f ms against random's %.0f ms. Fresh numbers cost messages: 160 a second for eight shards, and somebody has to read
them. Counting hardly cares: %.0f ms at 50 ms, %.0f ms at 3 s.]]):format(1000 * env.ages.least_loaded[0.05],
          1000 * env.results.random.p99, 1000 * env.ages.counting[0.05], 1000 * env.ages.counting[3])
      end,
    },
    {
      name = "slow",
      title = "One shard gets slow",
      text = [[
A disk dies slowly: s-3 takes four times as long from the first second on. Random goes on giving it an eighth.]],
      code = [[
function slow(choice)
  return photos{ choice = choice, every = 0.5, fault = function(now)
    w:at(now + 1, lab.fault.slow{ target = "s-3", factor = 4 })
  end }
end
slow_any, slow_counting = slow("random"), slow("counting")
print(chart.bars(slow_counting.items))
slow_any.p99, slow_counting.p99]],
      predict = {
        question = "How many photos does the slow shard get with counting, when the others get about 400 each?",
        unit = "photos",
        tolerance = 60,
        answer = function(env) return env.slow_counting.items[3].value end,
      },
      hints = {
        "`slow_counting.items[3].value`.",
        "It does 12 a second, and its queue says so.",
        "About as many as it can do, and what it had before.",
      },
      check = function(t, env)
        local items = t.has(env, "slow_counting", "table").items
        t.that(items[3].value < items[1].value / 2, "the slow shard gets less", items[3].value .. " photos")
        t.that(env.slow_counting.p99 < env.slow_any.p99, "and nobody waits for it as long", "they do")
      end,
      explain = function(env)
        return ([[
%d. Here load is worth knowing: %.1f s at the 99th percentile with random, %.1f s with counting. A hash could not have
done that: it must send a key where the key belongs.]]):format(env.slow_counting.items[3].value,
          env.slow_any.p99, env.slow_counting.p99)
      end,
    },
    {
      name = "down",
      title = "A shard dies, the directory dies",
      text = [[
s-3 crashes and stays away. Its heartbeats stop; after three missed ones it gets nothing new. Then the directory crashes
and comes back: where is photo 100?]],
      code = [[
gone = photos{ choice = "counting", every = 0.5, fault = function(now) w:at(now + 2, lab.fault.crash("s-3")) end }
traffic:stop()
w:run(6)
known = dir:state().filters[1].items
w:inject(lab.fault.crash{ target = "dir", disk = "synced" })
w:inject(lab.fault.restart("dir"))
w:run(1)
again = dir:state().filters[1].items
found, lost = 0, 0
for key = 1, 200 do
  local photo, err = dir:call{ type = "get", key = key }
  if photo then found = found + 1 elseif err.code == "unavailable" then lost = lost + 1 end
end
gone.errors, known, again, found, lost]],
      predict = {
        question = "Of the first 200 photos, how many cannot be read while s-3 is away?",
        unit = "photos",
        tolerance = 8,
        answer = function(env) return env.lost end,
      },
      hints = {
        "`lost` counts `unavailable`.",
        "They were given out evenly.",
        "An eighth of 200.",
      },
      check = function(t, env)
        t.that(env.again ~= nil and env.again == env.known, "the directory knows as many as before",
          tostring(env.again))
        t.equal((env.found or 0) + (env.lost or 0), 200, "photos found or known to be on the dead shard")
        t.that(t.has(env, "gone", "table").errors > 0, "some writes failed until it was given up", "none did")
      end,
      explain = function(env)
        return ([[
%d, an eighth; and the directory knows at once that they are on a shard that is not there, and says so. %d writes failed
in the time until three heartbeats were missed. The directory has every place on its disk before the photo goes to its
shard, so its crash loses nothing. But everything goes through it: HDFS keeps such a table in one machine's memory and
replicates its log; Facebook's Haystack keeps it in a database behind a cache.]]):format(env.lost, env.gone.errors)
      end,
    },
  },
  finish = [[
A number that everybody follows is wrong as soon as they do. Count what you gave, or choose between two; and where a
place was chosen freely, write it down first. Next: resharding.]],
}

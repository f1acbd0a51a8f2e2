-- Sketches: a set, a count of the different, counts, and the most frequent, each in a small fraction of the memory.

local function percent(x) return ("%.2g %%"):format(100 * x) end

return {
  title = "Sketches: nearly right, in a hundredth of the memory",
  minutes = 25,
  after = { "quickstart" },
  summary = [[
Has this been seen? How many different ones? How often? Which most often? Exact answers need a table of everything.
Five data structures that forget nearly all of it, and still answer; and each tells you how wrong it may be. You will
check whether it is true.]],

  steps = {
    {
      name = "bloom",
      title = "A set in ten bits a key",
      text = [[
A crawler has seen a million pages and must not fetch them again. A Bloom filter keeps no page: each sets 7 bits of a
large array, and a page whose bits are all set has been seen, probably. Made for a million pages and 1 % of false
alarms. Then the crawler goes on, and adds another million.]],
      code = [[
seen = lab.sketch.bloom{ capacity = 1000000, fp_rate = 0.01 }
function false_alarms()
  local n = 0
  for page = 10000001, 10100000 do
    if seen:contains(page) then n = n + 1 end
  end
  return n / 100000
end
seen:add_all(1000000)
at_capacity = false_alarms()
for page = 1000001, 2000000 do seen:add(page) end
twice_as_full = false_alarms()
{ seen:memory(), at_capacity, twice_as_full, seen:fp_rate() }]],
      predict = {
        question = "1 % of false alarms at a million pages. How many at two million, in the same filter?",
        unit = "%",
        tolerance = 5,
        answer = function(env) return 100 * env.twice_as_full end,
      },
      hints = {
        "`at_capacity` and `twice_as_full` are shares of strangers that are reported as seen.",
        "At capacity half of the bits are set, so 7 of them are with probability 1/2^7. And with twice as many pages?",
        "Three quarters of the bits are set then: 0.75^7 is 13 %, and a little more in fact.",
      },
      check = function(t, env)
        local a, b = t.has(env, "at_capacity", "number"), t.has(env, "twice_as_full", "number")
        t.that(a > 0.005 and a < 0.015, "about 1 % of false alarms at capacity", percent(a))
        t.that(b > 0.05, "many more with twice as many pages", percent(b))
      end,
      explain = function(env)
        return ([[
%s, and theory says %s. (At capacity it was %s.) It takes %.1f MB, where a set of 8-byte hashes needs 8 MB and an
index. It is never full, and never misses a page that it has seen; it only gets less sure. Nothing tells you so: count
what you add, and ask `fp_rate()`.]]):format(percent(env.twice_as_full), percent(env.seen:fp_rate()),
percent(env.at_capacity),
          env.seen:memory() / 1e6)
      end,
    },
    {
      name = "forgetting",
      title = "Sets that can forget",
      text = [[
A bit may be that of several pages, so nothing can be taken out of a Bloom filter. Two that can: counters of 4 bits in
place of bits; and a cuckoo filter, which keeps short fingerprints in buckets of four. All three for 120 000 keys and
0.1 %. `accuracy(n)` puts n keys into a fresh one and compares what it says with the truth, and its bytes with the
fewest that any filter of this rate can have.]],
      code = [[
filters = {
  { "bloom", lab.sketch.bloom{ capacity = 120000, fp_rate = 0.001 } },
  { "counting", lab.sketch.bloom{ capacity = 120000, fp_rate = 0.001, counting = true } },
  { "cuckoo", lab.sketch.cuckoo_filter{ capacity = 120000, fp_rate = 0.001 } },
}
rows, bits = {}, {}
for i, f in ipairs(filters) do
  local name, a = f[1], f[2]:accuracy(120000)
  bits[name] = 8 * a.memory / a.keys
  rows[i] = { name, 100 * a.measured, 100 * a.theory, bits[name], a.memory_quotient }
end
chart = require "chart"
function column(title, format) return { title = title, format = format } end
print(chart.table{ rows = rows, columns = { "filter", column("false alarms, %", "%.3f"), column("theory, %", "%.3f"),
  column("bits a key", "%.1f"), column("of the least", "%.2f") } })]],
      predict = {
        question = "Which of the two that can forget takes less memory?",
        choices = { "the counting one", "the cuckoo filter" },
        answer = function(env)
          return env.bits.counting < env.bits.cuckoo and "the counting one" or "the cuckoo filter"
        end,
      },
      hints = {
        "`bits` has the bits a key of `bloom`, `counting` and `cuckoo`.",
        "A Bloom filter takes 14.4 bits a key for 0.1 %, and 4 bits in place of each one make ...",
        "A fingerprint of 13 bits in a slot of which 92 % are used.",
      },
      check = function(t, env)
        local bits = t.has(env, "bits", "table")
        for _, name in ipairs { "bloom", "counting", "cuckoo" } do
          t.that(type(bits[name]) == "number" and bits[name] > 8, "the bits a key of the filter " .. name,
            tostring(bits[name]))
        end
      end,
      explain = function(env)
        return ([[
%.1f bits against %.1f, and the plain Bloom filter has %.1f: forgetting is free here. Theory's least is log2(1/rate),
ten bits for 0.1 %%; a Bloom filter always takes 1.44 times that. The price of the cuckoo filter: it can be full (95
%% of the slots), its size is a power of two, and two of them cannot be merged.]]):format(env.bits.cuckoo,
env.bits.counting,
          env.bits.bloom)
      end,
    },
    {
      name = "different",
      title = "How many different ones?",
      text = [[
Three servers each count their visitors of the day: 60 000, 50 000 and 40 000, but many come to more than one. Sets of
visitors would do; HyperLogLog needs 12 KB for each, however many come: of the hashes that fall into a register it
keeps only the largest number of zeros at the beginning. And two of them merge into one.]],
      code = [[
days = {}
for i, range in ipairs{ { 1, 60000 }, { 30001, 80000 }, { 60001, 100000 } } do
  days[i] = lab.sketch.hyperloglog{ precision = 14 }
  for visitor = range[1], range[2] do days[i]:add(visitor) end
end
sum = days[1]:estimate() + days[2]:estimate() + days[3]:estimate()
all = lab.sketch.hyperloglog{ precision = 14 }
for i = 1, 3 do all:merge(days[i]) end
visitors = (all:estimate())
{ sum, visitors, all:memory() }]],
      predict = {
        question = "The visitors have the numbers 1 to 100 000, so that is how many there are. How far off is the "
          .. "merged sketch of 12 KB?",
        choices = { "less than 3 %", "3 to 10 %", "more than 10 %" },
        answer = function(env)
          local off = math.abs(env.visitors / 100000 - 1)
          return off < 0.03 and "less than 3 %" or off < 0.1 and "3 to 10 %" or "more than 10 %"
        end,
      },
      hints = {
        "`visitors` should be the estimate of the merged sketch, `sum` that of the three together.",
        "The standard error is 1.04 / sqrt(2^14).",
        "That is 0.8 %.",
      },
      check = function(t, env)
        local visitors = t.has(env, "visitors", "number")
        t.that(visitors > 90000 and visitors < 110000, "about 100 000 visitors", ("%.0f"):format(visitors))
        t.that(t.has(env, "sum", "number") > 130000, "the sum counts many twice", ("%.0f"):format(env.sum))
      end,
      explain = function(env)
        return ([[
%.0f: off by %s. The sum says %.0f, as it counts twice who came to two servers. Merged, a visitor sets the same
register to the same number wherever he comes, and the larger of two registers is what one sketch of all would have:
not nearly the same, but bit for bit.]]):format(env.visitors, percent(math.abs(env.visitors / 100000 - 1)), env.sum)
      end,
    },
    {
      name = "counts",
      title = "How often?",
      text = [[
A million requests for 100 000 keys, a few of them very often (Zipf). A count-min sketch has 5 rows of 2719 counters;
a key counts at one place of each row, together with many others, and the least of its five is the estimate. It
promises: at most 0.1 % of all requests too many, for 99 % of the keys. `conservative` raises only the counters that
must be.]],
      code = [[
requests = lab.workload.zipf{ count = 100000, skew = 1 }:trace{ requests = 1000000 }
plain = lab.sketch.count_min{ epsilon = 0.001, delta = 0.01 }
careful = lab.sketch.count_min{ epsilon = 0.001, delta = 0.01, conservative = true }
plain:add_all(requests)
careful:add_all(requests)
for _, key in ipairs{ 1, 10, 100, 1000, 10000 } do print(key, plain:estimate(key), careful:estimate(key)) end
errors = { plain = plain:accuracy(requests), careful = careful:accuracy(requests) }
{ errors.plain.measured * 1e6, errors.careful.measured * 1e6 }]],
      predict = {
        question = "The promise is 0.1 % of a million: 1000 too many. How many too many has a key on average (plain)?",
        unit = "counts",
        tolerance = 70,
        answer = function(env) return env.errors.plain.measured * 1e6 end,
      },
      hints = {
        "`errors.plain` and `errors.careful` are what `accuracy(requests)` returns.",
        "A counter holds 1 000 000 / 2719 on average: 370. And a key has the least of five.",
        "Half of the requests are for few keys, which fill few counters. So a lot less than 370.",
      },
      check = function(t, env)
        local errors = t.has(env, "errors", "table")
        t.that(errors.plain.items == 1000000, "a million requests", tostring(errors.plain.items))
        t.that(errors.careful.measured < errors.plain.measured, "careful updates are better",
          ("%g and %g"):format(errors.careful.measured, errors.plain.measured))
      end,
      explain = function(env)
        return ([[
%.0f, or %.0f with careful updates: far better than promised, for the promise holds for the worst data. %.0f %% of the
keys are beyond it. But relative to a rare key (10 requests?) even that is a lot: the error is a share of all
requests, so trust it for those that come often. %.0f KB in place of %.1f MB of keys and counts.]]):format(
          env.errors.plain.measured * 1e6, env.errors.careful.measured * 1e6, 100 * env.errors.plain.outside,
          env.errors.plain.memory / 1000, env.errors.plain.exact_memory / 1e6)
      end,
    },
    {
      name = "most_frequent",
      title = "Which most often?",
      text = [[
For a list of the ten hottest keys count-min is not enough: it knows no keys. Space-saving keeps a table of 100: who
is not in it takes the place of the one with the least count, and that count with it, as its error. It seems far too
simple: each of the hundred thousand rare keys throws somebody out.]],
      code = [[
table_of_100 = lab.sketch.space_saving{ places = 100 }
table_of_100:add_all(requests)
hottest, right = {}, 0
for i, h in ipairs(table_of_100:top(10)) do
  hottest[i] = { h.key, h.count, h.count - h.error }
  if h.key <= 10 then right = right + 1 end
end
print(chart.table{ columns = { "key", "at most", "at least" }, rows = hottest })
right]],
      predict = {
        question = "The keys are numbered by popularity. How many of the true top ten are among its top ten?",
        unit = "keys",
        tolerance = 1,
        answer = function(env) return env.right end,
      },
      hints = {
        "`right` counts the keys 1 to 10 among `table_of_100:top(10)`.",
        "A key that comes more often than all / 100 cannot leave the table. How often do the first ten come?",
        "Key 10 comes in 0.8 % of the requests: just below, and yet ...",
      },
      check = function(t, env)
        t.has(env, "table_of_100", "SpaceSaving")
        t.that(t.has(env, "right", "number") >= 8, "nearly all of the top ten are found", tostring(env.right))
        t.that(#t.has(env, "hottest", "table") == 10, "ten keys in `hottest`", #env.hottest .. " keys")
      end,
      explain = function(env)
        local h = env.hottest[1]
        return ([[
%d. The rare ones throw out one another: the counts in the lower part of the table are all alike, and nearly all
error. But a hot key is never the least one. For key %d it says: at least %.0f, at most %.0f. Nobody above 1/100 of
all is missed, in %.0f KB.]]):format(env.right, h[1], h[3], h[2], env.table_of_100:memory() / 1000)
      end,
    },
    {
      name = "picture",
      title = "Against theory",
      text = [[
All of them, each beside what theory says: `quotient` is measured error / theory, `memory` what it takes beside the
keys and counts themselves.]],
      code = [[
all_kinds = { filters[1][2], filters[3][2], lab.sketch.hyperloglog{ precision = 12 }, plain, careful, table_of_100 }
results = {}
for i, sketch in ipairs(all_kinds) do
  local a = sketch:accuracy(requests)
  local name = tostring(sketch):match("{([%w_]+)")
  results[i] = { name, a.error, a.measured, a.theory, a.quotient, a.memory / a.exact_memory }
end
print(chart.table{ rows = results, columns = { "sketch", "error", column("measured", "%.2g"), column("theory", "%.2g"),
  column("quotient", "%.2f"), column("memory", "%.3f") } })
bars = {}
for i, r in ipairs(results) do bars[i] = { i .. " " .. r[1], r[6] } end
print(chart.bars(bars, { max = 1, format = function(x) return ("%.1f %%"):format(100 * x) end }))]],
      hints = {
        "`results` should have a line for each of the six sketches.",
        "`accuracy` takes the trace `requests`, and always begins with fresh sketches.",
        "`.go` types the code.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 6, "six sketches", #results .. " rows")
        for _, r in ipairs(results) do
          t.that(type(r[5]) == "number" and r[5] < 1.3, r[1] .. " keeps what theory promises", tostring(r[5]))
        end
      end,
      explain = [[
Where theory gives an expectation (filters, HyperLogLog), the quotient is about 1; where it gives a bound (count-min,
space-saving), it is below. The memory of the first is fixed by what it is made for; that of the others does not grow
with the data at all.]],
    },
  },

  finish = [[
Five answers that are nearly right: a set, a set that forgets, a count of the different, counts, and the top of a
list. Each has a dial (bits, registers, counters, places) and a formula that says what it is worth.

To go on: put `lab.sketch.bloom` in front of a database and let users ask for rows that are not there. What does a
hyperloglog say of 10 keys, and of 10 million? `sketch:accuracy(n)` knows.]],
}

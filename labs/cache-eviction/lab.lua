-- Eviction: what fools LRU, what fools the others, and how far all of them are from the best.

local function percent(ratio) return ("%.0f %%"):format(100 * ratio) end

-- The name with the highest ratio in a table of them.
local function best(ratios)
  local winner
  for name, ratio in pairs(ratios) do
    if not winner or ratio > ratios[winner] then winner = name end
  end
  return winner
end

local function has_ratios(t, env, name, policies)
  local ratios = t.has(env, name, "table")
  for _, policy in ipairs(policies) do
    t.that(type(ratios[policy]) == "number", ("%s.%s, a hit ratio"):format(name, policy),
      "it is " .. tostring(ratios[policy]))
  end
  return ratios
end

-- The size at which a policy would have so few misses, between the sizes that were tried.
local function size_for(curves, policy, miss_ratio)
  local ratios, sizes = curves.miss_ratio[policy], curves.sizes
  for i = 1, #sizes do
    if ratios[i] <= miss_ratio then
      if i == 1 then return sizes[1] end
      local share = (ratios[i - 1] - miss_ratio) / (ratios[i - 1] - ratios[i])
      return sizes[i - 1] + share * (sizes[i] - sizes[i - 1])
    end
  end
  return sizes[#sizes]
end

return {
  title = "Who has to leave? Eviction policies",
  minutes = 30,
  after = { "quickstart" },
  summary = [[
A full cache throws something out for everything it takes in. You will fool LRU, see what the policies after it do
about that, find out how far they are from the best that is possible, and write one yourself.]],

  steps = {
    {
      name = "loop",
      title = "A loop that is slightly too long",
      text = [[
LRU throws out what was not used for the longest time. Here is a report that runs over and over: it reads 100 blocks in
order, 50 times. The cache has room for 90 of them.]],
      code = [[
loop = lab.workload.sequential{ count = 100 }:trace{ requests = 5000 }
lru = lab.cache.lru{ capacity = 90 }
lru:replay(loop)]],
      predict = {
        question = "90 of the 100 blocks fit. How much of the requests does LRU answer?",
        unit = "%",
        tolerance = 5,
        answer = function(env) return 100 * env.lru:stats().hit_ratio end,
      },
      hints = {
        "Put an LRU cache with 90 places into `lru`, and let it replay 5000 requests of a loop over 100 keys.",
        "When block 91 comes, who was not used for the longest time? And who is asked for soonest of all?",
        "`.go` types the three lines.",
      },
      check = function(t, env)
        local lru = t.has(env, "lru", "Cache")
        t.that(lru:capacity() == 90, "room for 90 keys", "room for " .. lru:capacity())
        local stats = lru:stats()
        t.that(stats.hits + stats.misses >= 5000, "5000 requests", (stats.hits + stats.misses) .. " requests")
      end,
      explain = function(env)
        return ([[
%s. In a loop the block that was not used for the longest time is exactly the one that comes next, so LRU throws out
each block just before it is needed. Not a corner case: nightly reports, backups and full table scans are loops.]])
          :format(percent(env.lru:stats().hit_ratio))
      end,
    },
    {
      name = "blind",
      title = "Knowing less",
      text = [[
Four other policies on the same loop. `fifo` throws out the oldest, `clock` the oldest that was not used since it last
looked, `random` anybody, and `mru` what was used *last*.]],
      code = [[
ratios = {}
for _, name in ipairs{ "lru", "fifo", "clock", "random", "mru" } do
  ratios[name] = lab.cache[name]{ capacity = 90 }:replay(loop).hit_ratio
end
chart = require "chart"
bars = {}
for name, ratio in pairs(ratios) do bars[#bars + 1] = { name, 100 * ratio } end
print(chart.bars(bars, { max = 100, unit = "%" }))]],
      predict = {
        question = "Which one does best on the loop?",
        choices = { "fifo", "clock", "random", "mru" },
        answer = function(env) return best(env.ratios) end,
      },
      hints = {
        "`ratios` should be a table from the name of each of the five policies to its hit ratio on `loop`.",
        "The best victim in a loop is the block that will be needed last. Which one is that?",
        "`lab.cache[name]{ capacity = 90 }:replay(loop).hit_ratio` for each name; `.go` does it.",
      },
      check = function(t, env)
        local ratios = has_ratios(t, env, "ratios", { "lru", "fifo", "clock", "random", "mru" })
        t.that(ratios.mru > ratios.random and ratios.random > ratios.lru,
          "on the loop mru does better than random, and random better than lru",
          ("mru %s, random %s, lru %s"):format(percent(ratios.mru), percent(ratios.random), percent(ratios.lru)))
      end,
      explain = function(env)
        return ([[
What was used last comes last in a loop, so `mru` (%s) is right, and as good as anybody can be. `random` (%s) knows
nothing and still beats everybody who reasons "long ago, so not soon" (%s). A policy is a guess about the future; here
the usual guess is wrong.]]):format(percent(env.ratios.mru), percent(env.ratios.random), percent(env.ratios.lru))
      end,
    },
    {
      name = "anomaly",
      title = "A place more",
      text = [[
Surely more room never hurts? These twelve requests are from a paper of 1969. FIFO with three places misses nine of
them.]],
      code = [[
string = { 1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5 }
misses = {}
for places = 1, 5 do misses[places] = lab.cache.fifo{ capacity = places }:replay(string).misses end
misses]],
      predict = {
        question = "And with four places: how many misses?",
        unit = "misses",
        tolerance = 0.5,
        answer = function(env) return env.misses[4] end,
      },
      hints = {
        "`misses` should be a list: the misses of a FIFO with 1 to 5 places.",
        "Play it with pencil and paper: four places, the oldest leaves, a hit changes nothing.",
        "`lab.cache.fifo{ capacity = places }:replay(string).misses` for places 1 to 5; `.go` does it.",
      },
      check = function(t, env)
        local misses = t.has(env, "misses", "table")
        t.that(misses[3] == 9, "9 misses with three places", tostring(misses[3]))
        t.that(type(misses[4]) == "number", "misses[4], a number", tostring(misses[4]))
      end,
      explain = function(env)
        return ([[
%d, one more than with three. What FIFO holds with three places need not be part of what it holds with four. LRU cannot
do this: with n places it holds the last n different keys, so a larger one holds all that a smaller one does. Such
policies are called stack algorithms, and one pass over a trace gives their hits at *all* sizes.]])
          :format(env.misses[4])
      end,
    },
    {
      name = "scan",
      title = "Keys that never come back",
      text = [[
Now something like a web site: every second request is for one of 1000 popular pages, the others are for keys that
nobody asks for again (crawlers, searches, typos). The cache has room for 200.]],
      code = [[
requests = {}
for i, page in ipairs(lab.workload.zipf{ count = 1000, skew = 0.9 }:take(20000)) do
  requests[2 * i - 1] = page
  requests[2 * i] = "once-" .. i
end
clean = lab.cache.lru{ capacity = 200 }:replay(lab.workload.zipf{ count = 1000, skew = 0.9 }:trace{ requests = 20000 })
mixed = lab.cache.lru{ capacity = 200 }:replay(requests)
clean.hit_ratio, 2 * mixed.hit_ratio]],
      predict = {
        question = "Alone, LRU answers more than half of the requests for popular pages. How many percentage points of "
          .. "that does it lose to the keys that are asked for once?",
        unit = "points",
        tolerance = 7,
        answer = function(env) return 100 * env.clean.hit_ratio - 200 * env.mixed.hit_ratio end,
      },
      hints = {
        "`mixed` should be what `replay(requests)` returns, for an LRU with room for 200.",
        "Every key that is asked for once stays until 200 others came. How much of the cache do they fill?",
        "More than half of what it holds is never asked for again, so think of a cache of less than half the size.",
      },
      check = function(t, env)
        local clean, mixed = t.has(env, "clean", "table"), t.has(env, "mixed", "table")
        t.that(mixed.hits + mixed.misses == 40000, "40000 requests", tostring(mixed.hits + mixed.misses))
        t.that(2 * mixed.hit_ratio < clean.hit_ratio, "the popular half suffers from the other one",
          ("%s instead of %s"):format(percent(2 * mixed.hit_ratio), percent(clean.hit_ratio)))
      end,
      explain = function(env)
        return ([[
%s in place of %s. LRU gives a newcomer the best place there is and lets it travel through the whole cache before it
leaves. Keys that are asked for once are most of all keys nearly everywhere, so that is a lot of room for nothing.]])
          :format(percent(2 * env.mixed.hit_ratio), percent(env.clean.hit_ratio))
      end,
    },
    {
      name = "regret",
      title = "Proving oneself",
      text = [[
What came after LRU lets a newcomer prove itself. S3-FIFO and 2Q put it into a small queue first; W-TinyLFU asks a
sketch whether it was wanted more often than who would have to leave; ARC remembers whom it threw out and regrets it;
SIEVE does not move what it spares. The same requests:]],
      code = [[
shares, kept = {}, {}
for _, name in ipairs{ "lru", "sieve", "two_queue", "arc", "s3_fifo", "w_tiny_lfu" } do
  local cache = lab.cache[name]{ capacity = 200 }
  shares[name] = 2 * cache:replay(requests).hit_ratio
  kept[name] = 0
  for _, key in ipairs(cache:keys()) do
    if type(key) == "string" then kept[name] = kept[name] + 1 end
  end
end
bars = {}
for name, share in pairs(shares) do
  bars[#bars + 1] = { name, 100 * share, note = kept[name] .. " keys of the scan inside" }
end
table.sort(bars, function(a, b) return a[2] > b[2] end)
print(chart.bars(bars, { max = 100, unit = "%" }))]],
      predict = {
        question = "More than half of LRU's 200 places end up with keys that nobody wants. How many does S3-FIFO hold?",
        unit = "keys",
        tolerance = 15,
        answer = function(env) return env.kept.s3_fifo end,
      },
      hints = {
        "`shares` and `kept` should each have a number for each of the six policies.",
        "Where do keys wait that were asked for once, and how large is that queue?",
        "S3-FIFO's queue for newcomers has a tenth of the room, and a scan does not get past it.",
      },
      check = function(t, env)
        local shares = has_ratios(t, env, "shares", { "lru", "sieve", "two_queue", "arc", "s3_fifo", "w_tiny_lfu" })
        local kept = t.has(env, "kept", "table")
        t.that(kept.s3_fifo < kept.lru, "S3-FIFO keeps fewer of the useless keys than LRU",
          ("%s, and LRU %s"):format(tostring(kept.s3_fifo), tostring(kept.lru)))
        t.that(shares.s3_fifo > shares.lru, "and so it hits more", percent(shares.s3_fifo))
      end,
      explain = function(env)
        return ([[
S3-FIFO holds %d of them, LRU %d; what it saves goes to pages that are wanted: %s of the popular half against %s. The
best here is %s with %s. None of them moves much on a hit, which is why the newest are faster than LRU, too.]]):format(
          env.kept.s3_fifo, env.kept.lru, percent(env.shares.s3_fifo), percent(env.shares.lru), best(env.shares),
          percent(env.shares[best(env.shares)]))
      end,
    },
    {
      name = "yesterday",
      title = "What was popular yesterday",
      text = [[
LFU throws out what was asked for least often, ever: surely the best for pages with lasting popularity? Here it has
50 000 requests for 1000 pages. Then the site gets 1000 new pages, and from now on everybody asks for those, just as
unevenly as before. `after` is the hit ratio of the next 5000 requests.]],
      code = [[
old = lab.workload.zipf{ count = 1000, skew = 0.9 }:take(50000)
new = lab.workload.zipf{ count = 1000, skew = 0.9 }:take(5000)
for i, page in ipairs(new) do new[i] = page + 1000 end
before, after = {}, {}
for _, name in ipairs{ "lru", "lfu", "arc", "w_tiny_lfu" } do
  local cache = lab.cache[name]{ capacity = 200 }
  before[name] = cache:replay(old).hit_ratio
  after[name] = cache:replay(new).hit_ratio
  print(("%-10s  before %4.1f %%   after %4.1f %%"):format(name, 100 * before[name], 100 * after[name]))
end]],
      predict = {
        question = "On the old pages LFU answers more than LRU. How much does LFU answer of the first 5000 "
          .. "requests for the new ones?",
        unit = "%",
        tolerance = 8,
        answer = function(env) return 100 * env.after.lfu end,
      },
      hints = {
        "`before` and `after` should have a hit ratio for each of the four policies.",
        "A new page comes with a count of one. Whose count is the lowest when the next new page comes?",
        "The old pages have counts of 50 and more and stay; the new ones throw out each other. `.go` shows how far "
          .. "that goes.",
      },
      check = function(t, env)
        local before = has_ratios(t, env, "before", { "lru", "lfu", "w_tiny_lfu" })
        local after = has_ratios(t, env, "after", { "lru", "lfu", "w_tiny_lfu" })
        t.that(before.lfu > before.lru, "on the old pages LFU does better than LRU",
          ("LFU %s, LRU %s"):format(percent(before.lfu), percent(before.lru)))
        t.that(after.lfu < after.lru / 4, "on the new pages it does much worse",
          ("LFU %s, LRU %s"):format(percent(after.lfu), percent(after.lru)))
      end,
      explain = function(env)
        return ([[
%.1f %%, where LRU has %s: the counts of yesterday are a wall. LFU as it is in textbooks is hardly used for that reason.
W-TinyLFU (%s) counts, too, but halves all its counts now and then, and keeps a small window for newcomers that need
not prove anything; Redis' LFU lets its counters decay with time.]]):format(100 * env.after.lfu,
          percent(env.after.lru), percent(env.after.w_tiny_lfu))
      end,
    },
    {
      name = "curve",
      title = "How much memory is it worth?",
      text = [[
A miss-ratio curve shows the misses at every size, so it can be read the other way round: for the misses I can afford,
how much memory do I need? `belady` knows the future and is the best that is possible. For LRU one pass gives all
sizes; the others are replayed once a size.]],
      code = [[
site = lab.workload.zipf{ count = 20000, skew = 0.8 }:trace{ requests = 200000 }
sizes = { 100, 200, 400, 700, 1000, 1500, 2000, 3000, 5000, 8000 }
curves = lab.cache.compare{ trace = site, policies = { "lru", "s3_fifo", "belady" }, sizes = sizes }
curves]],
      predict = {
        question = "S3-FIFO with 1000 places: how many places does LRU need for as few misses?",
        unit = "places",
        tolerance = 350,
        answer = function(env) return size_for(env.curves, "lru", env.curves.miss_ratio.s3_fifo[5]) end,
      },
      hints = {
        "`curves` should be what `lab.cache.compare` returns, for these sizes and at least `lru` and `s3_fifo`.",
        "Find S3-FIFO's misses at 1000 in the table, then look for that number in the column of LRU.",
        "It lies between two lines of the table.",
      },
      check = function(t, env)
        local curves = t.has(env, "curves", "table")
        t.that(type(curves.miss_ratio) == "table", "what lab.cache.compare returns in `curves`", "another table")
        t.equal(curves.sizes, { 100, 200, 400, 700, 1000, 1500, 2000, 3000, 5000, 8000 }, "the sizes")
        for _, name in ipairs { "lru", "s3_fifo" } do
          t.that(curves.miss_ratio[name] ~= nil, "a curve of " .. name, "there is none")
        end
      end,
      explain = function(env)
        local ratio = env.curves.miss_ratio
        return ([[
About %.0f: the better policy is worth that much more memory, for nothing. And the best that is possible at 1000 is %s
misses, against %s and %s: what is left between S3-FIFO and it is knowledge of the future. On other requests the curves
lie differently; measure yours (`lab.workload.trace_file`), do not believe a ranking.]]):format(
          size_for(env.curves, "lru", ratio.s3_fifo[5]), percent(ratio.belady[5]), percent(ratio.s3_fifo[5]),
          percent(ratio.lru[5]))
      end,
    },
    {
      name = "all",
      title = "All of them at once",
      text = [[
Every policy that there is here, on the site's requests, with room for 1000. On the loop of the first steps `mru` was as
good as anybody can be.]],
      code = [[
all = lab.cache.compare{ trace = site, sizes = { 1000 }, policies = { "fifo", "lifo", "lru", "mru", "lfu", "random",
  "clock", "slru", "two_queue", "arc", "lirs", "sieve", "s3_fifo", "w_tiny_lfu", "sampled", "belady" } }
all]],
      predict = {
        question = "Which one is the worst here?",
        choices = { "fifo", "lifo", "mru", "random" },
        answer = function(env)
          local worst
          for name, ratio in pairs(env.all.miss_ratio) do
            if not worst or ratio[1] > env.all.miss_ratio[worst][1] then worst = name end
          end
          return worst
        end,
      },
      hints = {
        "`all` should be what `lab.cache.compare` returns for all these policies at one size.",
        "What was asked for last is most likely popular. Who throws out just that?",
        "The one that won on the loop.",
      },
      check = function(t, env)
        local all = t.has(env, "all", "table")
        t.that(type(all.miss_ratio) == "table", "what lab.cache.compare returns in `all`", "another table")
        for _, name in ipairs { "mru", "random", "fifo", "lru", "w_tiny_lfu", "sampled", "belady" } do
          t.that(all.miss_ratio[name] ~= nil, name .. " among the policies", "it is not there")
          t.that(all.miss_ratio.belady[1] <= all.miss_ratio[name][1], "nobody does better than belady",
            name .. " does")
        end
        t.that(all.miss_ratio.mru[1] > all.miss_ratio.random[1], "mru does worse than chance", "it does not")
      end,
      explain = function(env)
        local ratio = env.all.miss_ratio
        return ([[
`mru`: %s misses, where chance has %s. There is no best policy, only one that suits the requests. FIFO is as good as
chance where requests do not depend on each other (%s; a theorem of 1973). `sampled` is what Redis does: it looks at
five entries and throws out the oldest of them, with no list at all, and comes to %s where LRU has %s.]]):format(
          percent(ratio.mru[1]), percent(ratio.random[1]), percent(ratio.fifo[1]), percent(ratio.sampled[1]),
          percent(ratio.lru[1]))
      end,
    },
    {
      name = "your_own",
      title = "Your own policy",
      text = [[
A policy is a table of hooks, in Lua as in C++. This one is FIFO. Change it so that it does better than FIFO on `site`:
for example a second chance, as `clock` has it. Put your cache, with room for 1000, into `mine` and let it replay
`site`.

  mine = lab.cache.custom{
    capacity  = 1000,
    start     = function(p) p.queue, p.first, p.last = {}, 1, 0 end,
    on_insert = function(p, key) p.last = p.last + 1; p.queue[p.last] = key end,
    victim    = function(p) return p.queue[p.first] end,
    on_remove = function(p, key) p.queue[p.first] = nil; p.first = p.first + 1 end,
  }
  mine:replay(site)

There is also `on_hit = function(p, key)`. `help(lab.cache.custom)` says more.]],
      solution = [=[
mine = lab.cache.custom{
  capacity  = 1000,
  start     = function(p) p.queue, p.first, p.last, p.used = {}, 1, 0, {} end,
  on_insert = function(p, key) p.last = p.last + 1; p.queue[p.last] = key end,
  on_hit    = function(p, key) p.used[key] = true end,
  victim    = function(p)
    while p.used[p.queue[p.first]] do
      local spared = p.queue[p.first]
      p.used[spared] = nil
      p.queue[p.first], p.first, p.last = nil, p.first + 1, p.last + 1
      p.queue[p.last] = spared
    end
    return p.queue[p.first]
  end,
  on_remove = function(p, key) p.queue[p.first] = nil; p.first = p.first + 1 end,
}
mine:replay(site)]=],
      hints = {
        "Begin with the FIFO as it is shown; then add `on_hit`, which marks the key in a table of `p`.",
        "`victim` may change what it likes in `p` before it returns a key: look at the oldest; if it is marked, take "
          .. "the mark away and put it at the end of the queue; repeat.",
        "`while p.used[p.queue[p.first]] do ... end` around moving the first of the queue to its end. The solution is "
          .. "shown with `.solution`.",
      },
      check = function(t, env)
        local mine = t.has(env, "mine", "Cache")
        t.that(tostring(mine):find("custom", 1, true), "a lab.cache.custom in `mine`", "it is " .. tostring(mine))
        t.that(mine:capacity() == 1000, "room for 1000 keys", "room for " .. mine:capacity())
        local stats = mine:stats()
        local seen = stats.hits + stats.misses
        t.that(seen >= 200000, "it has replayed `site`", seen .. " requests")
        local fifo = lab.cache.fifo { capacity = 1000 }:replay(env.site).hit_ratio
        t.that(stats.hit_ratio > fifo + 0.005, ("more hits than FIFO, which has %.1f %%"):format(100 * fifo),
          ("%.1f %%"):format(100 * stats.hit_ratio))
      end,
      explain = function(env)
        return ([[
Yours answers %.1f %%; LRU %.1f %%. Your hooks run through the same cache as those in C++ and pass the same tests, so
you can try any idea that you have:

  lab.cache.compare{ trace = site, policies = { "lru", mine = function(n) ... end } }

draws it beside the others.]]):format(100 * env.mine:stats().hit_ratio, 100 * (1 - env.curves.miss_ratio.lru[5]))
      end,
    },
  },

  finish = [[
You have seen a loop defeat LRU, a place more hurt FIFO, and a scan fill a cache with what nobody wants; and you can now
draw the curve of any trace. Next: build an LRU that is fast (`lru`), or see what happens when a cache is written to
(`cache-writes`) and when a popular key expires (`cache-stampede`).]],
}

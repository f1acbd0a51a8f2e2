-- Write modes: what they cost, what they gain, what a crash takes, and what two processes do to each other.

local function milliseconds(seconds) return ("%.1f ms"):format(1000 * seconds) end

local function has_numbers(t, env, name, keys)
  local list = t.has(env, name, "table")
  for _, key in ipairs(keys) do
    t.that(type(list[key]) == "number", ("%s[%q], a number"):format(name, key), "it is " .. tostring(list[key]))
  end
  return list
end

return {
  title = "Where a write goes: around, through, or back",
  minutes = 25,
  after = { "quickstart" },
  summary = [[
Three ways to write when there is a cache: past it, through it, or only into it and to the database later. You measure
how fast they are and what they lose, and then let two processes share a cache and ask a judge whether their story adds
up.]],

  steps = {
    {
      name = "three_ways",
      title = "Around, through, back",
      text = [[
A filter in front of the database decides. `around`: to the database, and the cached value is forgotten. `through`: to
the database, then into the cache. `back`: into the cache and done; once a second what is not yet written (*dirty*) goes
to the database. Four users write one row after the other, as fast as they are answered, with a pause of 20 ms.]],
      code = [[
function shop(options)
  local w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 5*ms, slots = 4, filters = { lab.store.rows{ rows = 1000 } } })
  options.cache = lab.cache.lru{ capacity = 500 }
  local app = w:service("app", { slots = 1000, filters = { lab.cache.filter(options) },
    handler = function(request, context) return context:call(db, request) end })
  return w, db, app
end
latency = {}
for _, mode in ipairs{ "around", "through", "back" } do
  local w, db, app = shop{ write = mode }
  local users = w:load{ to = app, clients = 4, think = 20*ms, keys = 1000, mix = { put = 1 } }
  w:run(20)
  latency[mode] = users:data().latency.mean
end
latency]],
      predict = {
        question = "A message takes 0.25 ms one way. A write through takes about 7 ms: two hops there, 5 ms of "
          .. "database, 1 ms of its disk, two hops back. How long does a write back take?",
        unit = "ms",
        tolerance = 0.2,
        answer = function(env) return 1000 * env.latency.back end,
      },
      hints = {
        "`latency` should have the mean latency under \"around\", \"through\" and \"back\".",
        "Which of the hops does a write back still make before it is answered?",
        "From the user to the app and back: twice 0.25 ms.",
      },
      check = function(t, env)
        local latency = has_numbers(t, env, "latency", { "around", "through", "back" })
        t.that(latency.back < latency.around / 5, "a write back takes less than a fifth of the others",
          milliseconds(latency.back) .. ", " .. milliseconds(latency.around))
      end,
      explain = function(env)
        return ([[
%s against %s: nobody waits for the database. Around and through are equally slow, because both answer when the row is
safe. What they differ in is the next read.]]):format(milliseconds(env.latency.back),
          milliseconds(env.latency.through))
      end,
    },
    {
      name = "read_your_writes",
      title = "The read after the write",
      text = [[
Now half of the requests read and half write, and some rows are far more popular than others. The cache has room for
half of the rows. A user who has just saved something usually looks at it next.]],
      code = [[
ratio = {}
for _, mode in ipairs{ "around", "through", "back" } do
  local w, db, app = shop{ write = mode }
  w:load{ to = app, rate = 100, keys = lab.workload.zipf{ count = 1000, skew = 0.9 }, mix = { get = 0.5, put = 0.5 } }
  w:run(60)
  local cache = app:state().filters[1]
  ratio[mode] = cache.hits / (cache.hits + cache.misses)
end
chart = require "chart"
print(chart.bars({ { "around", ratio.around }, { "through", ratio.through }, { "back", ratio.back } },
  { max = 1, format = function(x) return ("%.2f"):format(x) end }))]],
      predict = {
        question = "Whose reads find the least in the cache?",
        choices = { "around", "through", "back" },
        answer = function(env)
          local least = "around"
          for _, mode in ipairs { "through", "back" } do
            if env.ratio[mode] < env.ratio[least] then least = mode end
          end
          return least
        end,
      },
      hints = {
        "`ratio` should have the hit ratio of reads for each of the three modes.",
        "After a write around, where is the row? Who brings it back?",
        "hits / (hits + misses), from `app:state().filters[1]`.",
      },
      check = function(t, env)
        local ratio = has_numbers(t, env, "ratio", { "around", "through", "back" })
        t.that(ratio.around < ratio.through, "after a write around, the next read misses",
          ("%.2f around, %.2f through"):format(ratio.around, ratio.through))
      end,
      explain = function(env)
        return ([[
Around %.2f, through %.2f: each write around throws the row out, and half of the requests are writes. Where what is
written is hardly ever read (logs, events), this is what you want: the cache stays free for what is read. Where people
look at what they have just saved, write through.]]):format(env.ratio.around, env.ratio.through)
      end,
    },
    {
      name = "counters",
      title = "Five hundred likes a second",
      text = [[
20 posts collect 500 likes a second, and each like is a write. Even with four at a time, at 6 ms each this is close to
what the database can do. With write-back, writes to a row that is still dirty become one.]],
      code = [[
w, db, app = shop{ write = "back", flush_interval = 1 }
likes = w:load{ to = app, rate = 500, keys = 20, mix = { put = 1 } }
w:run(30)
rows = db:state().filters[1].writes / 30
requests = db:state().served / 30
rows, requests]],
      predict = {
        question = "How many rows a second does the database write?",
        unit = "rows",
        tolerance = 8,
        answer = function(env) return env.rows end,
      },
      hints = {
        "`rows` and `requests`: per second, over 30 s of `likes`.",
        "How many different rows are dirty when the second is over, however many likes there were?",
        "20 posts, one flush a second.",
      },
      check = function(t, env)
        t.has(env, "likes", "Load")
        local rows = t.has(env, "rows", "number")
        t.that(env.likes:ok() > 14000, "about 500 likes a second were answered in 30 s", env.likes:ok() .. " were")
        t.that(rows > 0 and rows < 50, "a flush writes each post once", ("%.1f rows a second"):format(rows))
      end,
      explain = function(env)
        return ([[
%.0f rows in place of 500, in %.1f requests a second, because a flush sends up to `flush_batch` rows (64) in one. This
is why disks, file systems and processors all write back.]]):format(env.rows, env.requests)
      end,
    },
    {
      name = "crash",
      title = "Between two flushes",
      text = [[
A cashier writes one payment after the other, every 5 ms, and counts those that were answered. The app flushes once a
second. At 10.6 s it crashes; a second later it is back. Then we look at the disk of the database, row by row.]],
      code = [[
w, db, app = shop{ write = "back", flush_interval = 1 }
paid = 0
w:spawn(function()
  while app:call{ type = "put", key = "payment " .. paid + 1, value = "paid" } do
    paid = paid + 1
    w:sleep(5*ms)
  end
end)
w:run(10.6)
w:inject(lab.fault.crash("app"))
dirty = app:metrics().cache_dirty
w:run(1)
w:inject(lab.fault.restart("app"))
w:run(1)
lost = 0
for i = 1, paid do
  if db:disk("payment " .. i) == nil then lost = lost + 1 end
end
dirty, lost, app:metrics().cache_lost_total]],
      predict = {
        question = "How many of the payments that were answered are not in the database?",
        unit = "payments",
        tolerance = 35,
        answer = function(env) return env.lost end,
      },
      hints = {
        "`paid` counts what was answered, `lost` what of it is not on the disk of `db`.",
        "The last flush before the crash was at about 10 s. How many payments came after it?",
        "0.6 s, one payment every 5.5 ms.",
      },
      check = function(t, env)
        local paid, lost = t.has(env, "paid", "number"), t.has(env, "lost", "number")
        local app = t.has(env, "app", "Node")
        t.that(paid > 500, "several hundred payments were answered", paid .. " were")
        t.that(lost > 0, "some of them are lost in the crash", "none is")
        t.that(app:metrics().cache_lost_total >= lost, "the app, when it is back, knows what it had lost",
          ("it says %d, the disk says %d"):format(app:metrics().cache_lost_total, lost))
      end,
      explain = function(env)
        return ([[
%d of %d payments, each of them answered with "yes". The gauge `cache_dirty` said %d the moment it crashed: that number
is what your promise is worth at any time, so watch it. A copy of the dirty rows elsewhere (on a disk, on a second
machine) before the answer is what databases do: a log.]]):format(env.lost, env.paid, env.dirty)
      end,
    },
    {
      name = "how_often",
      title = "How often to flush",
      text = [[
200 writes a second, some rows more popular than others. The longer the interval, the more writes become one, and the
more a crash takes. We look just before a flush would come, at 29.9 s.]],
      code = [[
function flushing(interval)
  local w, db, app = shop{ write = "back", flush_interval = interval }
  w:load{ to = app, rate = 200, keys = lab.workload.zipf{ count = 1000, skew = 0.9 }, mix = { put = 1 } }
  w:run(29.9)
  return db:state().filters[1].writes / 29.9, app:metrics().cache_dirty
end
written, at_risk = {}, {}
for _, interval in ipairs{ 0.1, 0.5, 1, 5, 10 } do written[interval], at_risk[interval] = flushing(interval) end
function bars(of, unit)
  local items = {}
  for i, interval in ipairs{ 0.1, 0.5, 1, 5, 10 } do items[i] = { interval .. " s", of[interval] } end
  return chart.bars(items, { unit = unit, format = function(x) return ("%.0f"):format(x) end })
end
print(bars(written, "rows/s written"))
print(bars(at_risk, "rows dirty"))]],
      predict = {
        question = "In 10 s there are 2000 writes. How many rows are dirty just before the flush?",
        unit = "rows",
        tolerance = 120,
        answer = function(env) return env.at_risk[10] end,
      },
      hints = {
        "`written` and `at_risk` have a number for each interval: 0.1, 0.5, 1, 5, 10.",
        "There are 1000 rows. Are they all written to in 10 s?",
        "The popular ones many times, many of the others not at all: a little more than half of the 1000.",
      },
      check = function(t, env)
        local written = has_numbers(t, env, "written", { 0.1, 10 })
        local at_risk = has_numbers(t, env, "at_risk", { 0.1, 10 })
        t.that(written[10] < written[0.1] / 2, "long intervals save more than half of the writes",
          ("%.0f and %.0f rows a second"):format(written[10], written[0.1]))
        t.that(at_risk[10] > 10 * at_risk[0.1], "and put ten times as much at risk",
          ("%d and %d rows"):format(at_risk[10], at_risk[0.1]))
      end,
      explain = function(env)
        return ([[
From 0.1 s to 10 s the database writes %.0f rows a second less, and the crash takes %d rows more, whose 2000 writes were
all answered. The first second saves the most for the least risk; after that you pay with other people's data.]])
          :format(env.written[0.1] - env.written[10], env.at_risk[10] - env.at_risk[0.1])
      end,
    },
    {
      name = "two_apps",
      title = "Two apps and one slow answer",
      text = [[
Two apps share a memcached, and write around: a write goes to the database, and then the key is removed from the shared
cache, so that the next reader fetches the new value. App 1 reads row 7; the answer of the database is held up for
50 ms. In that time app 2 writes row 7. A second later app 2 reads what it has written itself.]],
      code = [[
w = lab.world{ seed = 1 }
db = w:service("db", { time = 5*ms, slots = 4, filters = { lab.store.rows{ rows = 10 } } })
mc = w:cache("mc", lab.cache.memcached())
apps = w:fleet("app", 2, { slots = 100, filters = { lab.cache.filter{ cache = mc, ttl = 30 } },
  handler = function(request, context) return context:call(db, request) end })
w:inject(lab.fault.delay{ from = "db", to = "app-1", by = 50*ms }, 30*ms)
w:spawn(function() apps[1]:call{ key = 7 } end)
w:run(10*ms)
apps[2]:call{ type = "put", key = 7, value = "new" }
w:run(100*ms)
print(w:messages{ last = 200*ms, nodes = { "app-1", "app-2", "mc-1", "db" } })
w:run(1)
seen = apps[2]:call{ key = 7 }
db:disk("7"), seen]],
      predict = {
        question = "The row was 7 before. What does app 2 read, a second after its write was answered?",
        choices = { "7", "new" },
        answer = function(env) return tostring(env.seen) end,
      },
      hints = {
        "`apps` is the fleet; `seen` is what `apps[2]:call{ key = 7 }` returned.",
        "App 1 has an old answer on its way when app 2 removes the key. What does app 1 do with it when it comes?",
        "It puts it into the shared cache: there is nothing there that would tell it not to.",
      },
      check = function(t, env)
        local db = t.has(env, "db", "Node")
        t.that(db:disk("7") == "new", "the database has the new value", "it has " .. tostring(db:disk("7")))
        t.that(env.seen ~= nil, "the variable seen holds what app 2 has read", "there is no seen")
        t.that(env.seen ~= "new", "the old value is back in the shared cache", "app 2 read 'new'")
      end,
      explain = [[
The old one, and so does everybody, until the ttl of 30 s ends it. Read the diagram from the top: the slow answer comes
after the removal and is put into the cache, by an app that did nothing wrong. Inside one process the filter knows of
the write and throws such an answer away; between processes nobody knows. A short ttl bounds the damage; a lease,
which Facebook's memcached hands to whoever misses and makes void at a removal, prevents it (the next step).]],
    },
    {
      name = "judge",
      title = "Does the story add up?",
      text = [[
Six clients read, write and compare-and-set three rows and write down what they saw, and when. The judge looks for an
order of all that in which every read gives the last write. 20 runs of each kind: one app, which writes around, through,
or back; one app that writes back and crashes; three apps that share a memcached, without and with leases: who finds
nothing gets a token, a removal makes the token void, and with a void token nothing is put.]],
      code = [[
function story(seed, options, count, crash)
  local w = lab.world{ seed = seed, latency = lab.dist.exp{ mean = 1*ms } }
  local db = w:service("db", { time = lab.dist.exp{ mean = 5*ms }, slots = 8, filters = { lab.store.rows() } })
  options.cache = count > 1 and w:cache("mc", lab.cache.memcached()) or lab.cache.lru{ capacity = 2 }
  local app = w:fleet("app", count, { slots = 1000, filters = { lab.cache.filter(options) },
    handler = function(request, context) return context:call(db, request) end })
  local clients = w:clients{ count = 6, to = app, keys = 3, think = 5*ms }
  if crash then w:at(1.03, lab.fault.crash("app-1")); w:at(1.2, lab.fault.restart("app-1")) end
  w:run(2)
  return lab.check.linearizable(clients:history(), "register").verdict
end
function violated(...)
  local n = 0
  for seed = 1, 20 do if story(seed, ...) == "violated" then n = n + 1 end end
  return n
end
verdicts = {
  around = violated({ write = "around" }, 1), through = violated({ write = "through" }, 1),
  back = violated({ write = "back", flush_interval = 0.1 }, 1),
  back_and_crash = violated({ write = "back", flush_interval = 0.1 }, 1, true),
  three_apps = violated({ write = "around" }, 3),
  leases = violated({ write = "around", lease = 1 }, 3),
}
print(chart.bars({ { "around", verdicts.around }, { "through", verdicts.through }, { "back", verdicts.back },
  { "back, crash", verdicts.back_and_crash }, { "three apps", verdicts.three_apps },
  { "with leases", verdicts.leases } }, { unit = "of 20", max = 20 }))]],
      predict = {
        question = "One app that writes back, without a crash: in how many of the 20 runs does the story not add up?",
        unit = "runs",
        tolerance = 0.5,
        answer = function(env) return env.verdicts.back end,
      },
      hints = {
        "`verdicts` counts for each of the six kinds in how many of the 20 runs the judge said \"violated\".",
        "Who reads past the app's cache while a row is dirty? Nobody: there is only the one app.",
        "As long as nobody crashes, all reads see what was written last, wherever it is kept.",
      },
      check = function(t, env)
        local v = has_numbers(t, env, "verdicts", { "around", "through", "back", "back_and_crash", "three_apps",
          "leases" })
        t.that(v.around == 0 and v.through == 0 and v.back == 0, "one app without a crash is never wrong",
          ("%d, %d and %d runs are"):format(v.around, v.through, v.back))
        t.that(v.back_and_crash > 0, "a crash of the app that writes back is seen by the clients", "it never is")
        t.that(v.three_apps > 0, "three apps that share a cache are wrong in some runs", "they never are")
        t.that(v.leases == 0, "with leases they never are", ("they are in %d runs"):format(v.leases))
      end,
      explain = function(env)
        return ([[
One process in front of a store is as good as the store, whatever its way to write, until it crashes (%d of 20). Three
processes that share a cache were wrong in %d of 20 runs of two seconds, with no fault at all; with leases in %d. But
leases help only while the removal arrives: cut an app off from the cache at the wrong moment, and the old value stays.
A shared cache is a second copy, and keeping copies equal through faults is what replication protocols are for.]])
          :format(env.verdicts.back_and_crash, env.verdicts.three_apps, env.verdicts.leases)
      end,
    },
  },

  finish = [[
Around for what nobody reads soon, through for what people look at again, back for what may be lost or can be counted
again. And a ttl on everything that several processes share.

To go on: what do the verdicts look like with `ttl = 10*ms`? What if the two apps of the race write through? And how
many writes are lost if the machine of the database crashes with a disk that lies (`lab.fault.disk_lying("db")`)?]],
}

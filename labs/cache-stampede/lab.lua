-- Stampedes: one hot row that expires, a fleet that shares servers, a thousand rows at once, rows that do not exist.

local function has_run(t, env, name)
  local run = t.has(env, name, "table")
  t.that(type(run.reads) == "number" and type(run.p99) == "number",
    name .. " is a table with the reads and the p99, as `measure` returns it", "it is another table")
  return run
end

local function milliseconds(seconds) return ("%.0f ms"):format(1000 * seconds) end

return {
  title = "Stampede: when a popular key expires",
  minutes = 20,
  after = { "quickstart" },
  summary = [[
One row that 400 users a second want, a cache in front of it, and a database that could serve 100 of them. You will
see what happens in the tenth of a second after the row expires, and try the four remedies.]],

  steps = {
    {
      name = "expiry",
      title = "A tenth of a second without the row",
      text = [[
The database takes 100 ms for a row and serves 10 requests at a time. The app in front of it keeps what it has read
for 2 s. 400 users a second, all of whom want row 1. Nothing ever changes, so a perfect cache would read the row 10
times in 20 s: once when it starts, and each time it expires.]],
      code = [[
function page(options)
  local w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 100*ms, slots = 10, filters = { lab.store.rows{ rows = 1000 } } })
  options.cache, options.ttl = lab.cache.lru{ capacity = 1000 }, 2
  local app = w:service("app", { slots = 1000, filters = { lab.cache.filter(options) },
    handler = function(request, context) return context:call(db, request) end })
  return w, db, w:load{ to = app, rate = 400, keys = 1 }
end
function measure(w, db, users)
  local queue = {}
  for i = 1, 200 do w:run(0.1); queue[i] = db:state().queue end
  return { reads = db:state().filters[1].reads, p99 = users:percentile(99), queue = queue,
           share = db:state().filters[1].reads / users:ok() }
end
plain = measure(page{})
chart = require "chart"
print(chart.timeline{ rows = { { label = "queue", values = plain.queue, reduce = "max" } }, from = 0, to = 20 })
plain.reads]],
      predict = {
        question = "How often is row 1 read from the database in these 20 s?",
        unit = "reads",
        tolerance = 120,
        answer = function(env) return env.plain.reads end,
      },
      hints = {
        "The variable `plain` should hold what `measure(page{})` returns.",
        "When the row expires, the first reader needs 100 ms to bring it back. How many others come in that time, and "
          .. "what do they find?",
        "400 a second times 0.1 s is 40 readers for each of 10 expiries. `.go` types the code.",
      },
      check = function(t, env)
        local plain = has_run(t, env, "plain")
        t.that(plain.reads > 200, "without a remedy the row is read hundreds of times", plain.reads .. " reads")
      end,
      explain = function(env)
        return ([[
%d reads in place of 10. In the 100 ms that the first reader waits, some 40 others find nothing, too, and none of them
knows that the answer is on its way; that is more than the database serves at once, so they queue (the picture), and
one user in a hundred waits %s or more. It cures itself here. With a slower query or more users the queue would not be
empty when the row expires again, and then it never is.]]):format(env.plain.reads, milliseconds(env.plain.p99))
      end,
    },
    {
      name = "single_flight",
      title = "One reads, the others wait",
      text = [[
The first remedy: who wants a row that this process is already reading waits for that answer. Some call it request
coalescing, or a lock for each key.]],
      code = [[
alone = measure(page{ single_flight = true })
alone.reads]],
      predict = {
        question = "And now: how often is the row read in 20 s?",
        unit = "reads",
        tolerance = 3,
        answer = function(env) return env.alone.reads end,
      },
      hints = {
        "Only the option of `page` is new; the result goes into `alone`.",
        "How many readers can be on their way to the database at the same time now?",
        "`alone = measure(page{ single_flight = true })`",
      },
      check = function(t, env)
        local alone = has_run(t, env, "alone")
        t.that(alone.reads < 20, "one read for each expiry, about 10", alone.reads .. " reads")
      end,
      explain = function(env)
        return ([[
%d reads: what it should be. But look at who waits: everybody who comes in the 100 ms of a renewal still does, so the
p99 is %s (it was %s). And all of it happens inside one process.]]):format(env.alone.reads,
          milliseconds(env.alone.p99), milliseconds(env.plain.p99))
      end,
    },
    {
      name = "twenty_processes",
      title = "Twenty processes",
      text = [[
Nobody runs one app. Here are 20 of them behind a balancer, with the same 400 users a second, so 20 for each app. They
share a memcached, so that a row which one of them has read is there for all. Each uses single flight.]],
      code = [[
function site(options)
  local w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 100*ms, slots = 10, filters = { lab.store.rows{ rows = 1000 } } })
  options.cache, options.ttl = w:cache("mc", lab.cache.memcached()), 2
  local app = w:fleet("app", 20, { slots = 1000, filters = { lab.cache.filter(options) },
    handler = function(request, context) return context:call(db, request) end })
  return w, db, w:load{ to = w:balancer("lb", app), rate = 400, keys = 1 }
end
shared = measure(site{ single_flight = true })
shared.reads]],
      predict = {
        question = "One process with single flight read the row about 10 times in 20 s. How often do 20 of them, which "
          .. "share one cache?",
        unit = "reads",
        tolerance = 60,
        answer = function(env) return env.shared.reads end,
      },
      hints = {
        "`shared` holds what `measure(site{ single_flight = true })` returns.",
        "Does app 7 know that app 3 is reading the row?",
        "In 100 ms about 2 users come to each app: nearly every one of the 20 begins a read of its own, at each of 10 "
          .. "expiries.",
      },
      check = function(t, env)
        local shared = has_run(t, env, "shared")
        t.that(shared.reads > 50, "each process reads for itself", shared.reads .. " reads")
      end,
      explain = function(env)
        return ([[
%d: the waiting list is in the memory of a process, so each app sends one reader of its own. With 2000 apps it would
be 2000. A lock in the shared cache does it (`lease = 1`, as Facebook's memcached has it), but a lock can be held by a
process that has died, and the others wait as long as before. There is a remedy that needs no lock and no knowledge of
the others.]]):format(env.shared.reads)
      end,
    },
    {
      name = "early",
      title = "Not quite expired",
      text = [[
Each reader rolls a die: it acts as if the row had expired a little earlier than it does, by a random time
`took * beta * -log(random)`. The closer the end, the likelier it is that somebody renews the row, while all the others
still read the old one. `took` is how long the last read took, so slow rows are renewed sooner. No lock, no message.

The same 20 apps, with this and without single flight; and, to compare, with a lease in the shared cache.]],
      code = [[
early = measure(site{ early = 1 })
leased = measure(site{ lease = 1 })
print(chart.bars({ { "nothing", measure(site{}).reads }, { "single flight", shared.reads }, { "lease", leased.reads },
  { "early", early.reads } }, { unit = "reads" }))
early.p99]],
      predict = {
        question = "With single flight, more than 1 user in 100 waited for a renewal (see `shared.p99`). What is "
          .. "the p99 now?",
        unit = "ms",
        tolerance = 20,
        answer = function(env) return 1000 * env.early.p99 end,
      },
      hints = {
        "`early` holds what `measure(site{ early = 1 })` returns.",
        "Who waits for the database: the reader who rolled the die, or also those who come after it?",
        "While one reader renews the row it is still good, so the others are answered by the cache: network time only.",
      },
      check = function(t, env)
        local early, shared = has_run(t, env, "early"), has_run(t, env, "shared")
        has_run(t, env, "leased")
        t.that(early.reads < shared.reads / 2, "less than half the reads of single flight",
          early.reads .. " reads, " .. shared.reads .. " with single flight")
        t.that(early.p99 < shared.p99 / 10, "hardly anybody waits", "the p99 is " .. milliseconds(early.p99))
      end,
      explain = function(env)
        return ([[
%s: nobody but the one who renews it waits, and the row never really expires. The reads are down to %d, many of them
at the very start, when the cache was empty and nothing could be early. The lease reads less, %d times, but its p99 is
%s: others wait for the one. Beta = 1 is the optimum of the paper; more renews earlier and more surely.

`ahead = 0.8` is the cousin: a hit older than 80 %% of its ttl is answered and renewed in the background. It rolls no
die, so 20 apps renew the row up to 20 times.]]):format(milliseconds(env.early.p99), env.early.reads, env.leased.reads,
          milliseconds(env.leased.p99))
      end,
    },
    {
      name = "warm_up",
      title = "A thousand rows at once",
      text = [[
After a deploy the cache is empty, and then full within a second or two: 1000 rows, all with a ttl of 10 s. They will
all expire in the same second. Here is how many rows the database reads in each quarter of a second, with the same ttl
for all, and with a ttl that is shortened by a random share of up to one half (`jitter`).]],
      code = [[
function warm_up(options)
  local w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 5*ms, slots = 10, filters = { lab.store.rows{ rows = 1000 } } })
  options.cache, options.ttl = lab.cache.lru{ capacity = 1000 }, 10
  local app = w:service("app", { slots = 1000, filters = { lab.cache.filter(options) },
    handler = function(request, context) return context:call(db, request) end })
  w:load{ to = app, rate = 3000, keys = 1000 }
  local reads, before = {}, 0
  for i = 1, 200 do
    w:run(0.25)
    reads[i], before = db:state().filters[1].reads - before, db:state().filters[1].reads
  end
  return reads
end
same_ttl, jittered = warm_up{}, warm_up{ jitter = 0.5 }
print(chart.timeline{ from = 0, to = 50, rows = {
  { label = "same ttl", values = same_ttl, reduce = "max" }, { label = "jitter", values = jittered, reduce = "max",
    max = math.max(unpack(same_ttl)) } } })]],
      predict = {
        question = "With the same ttl for all, the second wave is a third to a half as high as the first. From the "
          .. "fifth second on, how many rows does the worst quarter of a second read with jitter?",
        unit = "rows",
        tolerance = 30,
        answer = function(env)
          local worst = 0
          for i = 20, #env.jittered do worst = math.max(worst, env.jittered[i]) end
          return worst
        end,
      },
      hints = {
        "`same_ttl` and `jittered` are lists of 200 numbers: reads in each quarter of a second.",
        "With jitter the first expiries are spread over the time from 5 s to 10 s. How many is that a quarter second?",
        "1000 rows over 5 s are 50 in each quarter of a second; `.go` runs it.",
      },
      check = function(t, env)
        local same, jittered = t.has(env, "same_ttl", "table"), t.has(env, "jittered", "table")
        local function worst(list)
          local most = 0
          for i = 20, #list do most = math.max(most, list[i]) end
          return most
        end
        t.that(#same == 200 and #jittered == 200, "200 numbers each", #same .. " and " .. #jittered)
        t.that(worst(jittered) < worst(same) / 2, "jitter halves the worst quarter of a second, at least",
          ("%d rows, %d without"):format(worst(jittered), worst(same)))
      end,
      explain = function(env)
        local most = 0
        for i = 20, #env.same_ttl do most = math.max(most, env.same_ttl[i]) end
        return ([[
With the same ttl the deploy echoes every ten seconds, %d rows in the worst quarter of a second; each wave is a little
wider than the one before, because a row is read again only when somebody asks for it. Jitter costs some hits (the
average ttl is shorter) and flattens it at once. Do it always; it is a line.]]):format(most)
      end,
    },
    {
      name = "nothing_there",
      title = "Rows that do not exist",
      text = [[
There are 1000 rows, but the links in an old mail point to 2000. An answer of `not_found` is an error, and errors are
not kept: for half of the users there is no cache. `negative_ttl` keeps "nothing there" for a while of its own. Short,
because a row that is made in the meantime stays invisible for that long, unless it is written by way of this
cache.]],
      code = [[
function old_mail(options)
  local w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 5*ms, slots = 10, filters = { lab.store.rows{ rows = 1000 } } })
  options.cache, options.ttl = lab.cache.lru{ capacity = 5000 }, 60
  local app = w:service("app", { slots = 1000, filters = { lab.cache.filter(options) },
    handler = function(request, context) return context:call(db, request) end })
  local users = w:load{ to = app, rate = 1000, keys = 2000 }
  w:run(20)
  return { absent = db:state().filters[1].absent, asked = users:sent() }
end
forgets, remembers = old_mail{}, old_mail{ negative_ttl = 5 }
forgets.absent, remembers.absent]],
      predict = {
        question = "20 000 questions in 20 s, half of them for rows that do not exist. How many of those reach the "
          .. "database with negative_ttl = 5?",
        unit = "questions",
        tolerance = 1000,
        answer = function(env) return env.remembers.absent end,
      },
      hints = {
        "`forgets` and `remembers` have a field `absent`: reads of the database that found no row.",
        "Each of the 1000 absent rows is asked for every two seconds; its 'nothing' is good for 5 s.",
        "One read in about 7 s (5 s it is kept, 2 s until the next question) for each of 1000 rows, in 20 s.",
      },
      check = function(t, env)
        local forgets, remembers = t.has(env, "forgets", "table"), t.has(env, "remembers", "table")
        t.that(type(forgets.absent) == "number" and type(remembers.absent) == "number", "both have a field absent",
          "one of them has not")
        t.that(remembers.absent < forgets.absent / 2, "at least half of the vain reads are gone",
          ("%d, %d without"):format(remembers.absent, forgets.absent))
      end,
      explain = function(env)
        return ([[
%d of %d: without it, everybody who asks for nothing reaches the database, which is also how one attacks it. If the
absent keys are endless (random ones), not even this helps: then a Bloom filter of the keys that exist does.]])
          :format(env.remembers.absent, env.forgets.absent)
      end,
    },
  },

  finish = [[
Single flight inside a process, early expiry between processes, jitter against waves, a short memory for nothing.

To go on: what does `beta = 3` cost and bring? What if the database crashes for 5 s while the row is expired: who asks
first when it is back? (`w:at(10, lab.fault.crash("db"))`, `w:at(15, lab.fault.restart("db"))`.) And what would you
rather do than answer with an error while it is down?]],
}

-- Short links: how long a code must be, how codes collide, and a service in a world that creates and resolves them.

return {
  title = "Short links: a TinyURL from the estimate to the cache",
  minutes = 25,
  after = { "quickstart" },
  summary = [[
A service that makes short links and sends people to the long ones. First the estimate: how many codes, how long, how
much disk. Then four ways to make a code, and their collisions. Then the service in a world, and what a cache in front
of its database is worth.]],

  steps = {
    {
      name = "estimate",
      title = "An estimate on the back of an envelope",
      text = [[
100 million new links a month; each is read 100 times in its life; 500 bytes a link; links are kept for ten years.
Codes are made of digits and letters of both cases, 62 in all. What is the least length of a code, so that there are
enough?]],
      code = [[
new_per_second = 100e6 / (30 * 86400)
reads_per_second = 100 * new_per_second
links = 100e6 * 12 * 10
disk = links * 500
length = 1
while 62^length < links do length = length + 1 end
{ new_per_second, reads_per_second, links, disk / 1e12, length }]],
      predict = {
        question = "How many characters must a code have, at least?",
        choices = { "5", "6", "7", "8" },
        answer = function(env) return tostring(env.length) end,
      },
      hints = {
        "`length` should be the smallest whole number with 62^length of at least `links`.",
        "Twelve billion links. 62^5 is 0.9 billion.",
        "62^6 is 57 billion.",
      },
      check = function(t, env)
        t.equal(t.has(env, "length", "number"), 6, "the least length for twelve billion links")
      end,
      explain = function(env)
        return ([[
%d: 62^6 = 57 billion codes for 12 billion links. The rest: %.0f new links and %.0f reads a second on average (plan
for several times that at the peak), %.0f TB of links. So writes are few, reads are many, and the data fit on a few
disks. That fifth of the space which is used will matter in a moment; most services take 7.]]):format(env.length,
          env.new_per_second, env.reads_per_second, env.disk / 1e12)
      end,
    },
    {
      name = "random",
      title = "Random codes, and how they meet",
      text = [[
The first idea: a random code, and another one if it is taken. To see collisions sooner, codes of 4 characters: 62^4
is 14.8 million. A million links want one.]],
      code = [[
codes = lab.id.short_codes{ method = "random", length = 4, seed = 1 }
codes:fill(1000000)
random = codes:stats()]],
      predict = {
        question = "How often was a code taken already, in making a million of them?",
        unit = "collisions",
        tolerance = 15000,
        answer = function(env) return env.random.collisions end,
      },
      hints = {
        "`random` is what `codes:stats()` returns after `codes:fill(1000000)`.",
        "At the end, a new code is taken with probability 1 / 14.8. At the beginning, with none.",
        "On the way that is half of 1/14.8 on average, a million times.",
      },
      check = function(t, env)
        local random = t.has(env, "random", "table")
        t.equal(random.size, 1000000, "how many codes are given out")
        t.that(random.collisions > 10000, "random codes collide tens of thousands of times",
          tostring(random.collisions))
      end,
      explain = function(env)
        return ([[
%d; theory says %.0f: n codes of N meet about n^2 / 2N times (the birthday problem), so the first collision comes
after about sqrt(N) codes already, some 4000 of 14.8 million. Each of them costs another look into the database: that
is all, as long as somebody looks. Two servers that do not ask each other would give one code to two links.]]):format(
          env.random.collisions, env.random.expected_collisions)
      end,
    },
    {
      name = "nearly_full",
      title = "The last codes are the expensive ones",
      text = [[
Now the space fills up: codes of 3 characters, 238 328 of them. The average number of tries for a code, at each
twentieth of the way.]],
      code = [[
chart = require "chart"
codes = lab.id.short_codes{ method = "random", length = 3, seed = 1, tries = 100000 }
tries, before = {}, 0
for step = 1, 19 do
  codes:fill(11916)
  tries[step] = (codes:stats().tries - before) / 11916
  before = codes:stats().tries
end
bars = {}
for _, step in ipairs{ 1, 5, 10, 15, 17, 18, 19 } do bars[#bars + 1] = { step * 5 .. " % full", tries[step] } end
print(chart.bars(bars, { format = function(x) return ("%.2f"):format(x) end, unit = "tries" }))
codes:stats().worst_tries]],
      predict = {
        question = "How many tries does a code take on average between 90 % and 95 %?",
        unit = "tries",
        tolerance = 4,
        answer = function(env) return env.tries[19] end,
      },
      hints = {
        "`tries[19]` should be the average number of tries in the last of 19 rounds of 11916 codes.",
        "At 92 % full, how likely is it that a random code is free?",
        "A free one is found with probability 0.08, so it takes 1 / 0.08 tries.",
      },
      check = function(t, env)
        local tries = t.has(env, "tries", "table")
        t.that((tries[19] or 0) > 8 and (tries[1] or 0) < 1.1, "about one try at first, more than ten in the end",
          ("%s and %s"):format(tostring(tries[1]), tostring(tries[19])))
      end,
      explain = function(env)
        return ([[
%.1f tries, and the unluckiest code took %d. It is 1 / (1 - load), the same curve as of a hash table or of a queue. Up
to half full nobody notices. So keep the space twice as large as you will ever need, or use codes that cannot meet.]])
          :format(env.tries[19], env.codes:stats().worst_tries)
      end,
    },
    {
      name = "counter",
      title = "Codes that cannot meet",
      text = [[
A counter never collides. But /0000007 comes after /0000006: anybody can read all links, and count your customers.
`counter` sends the counter through a keyed permutation (a Feistel network, as in a cipher): each number has one
image, no two have the same, and neighbours land anywhere.]],
      code = [[
plain = lab.id.short_codes{ method = "sequence" }
shuffled = lab.id.short_codes{ method = "counter", seed = 1 }
for n = 1, 3 do print(plain:assign("link " .. n), shuffled:assign("link " .. n)) end
full = lab.id.short_codes{ method = "counter", length = 3, seed = 1 }
full:fill(238328)
full:stats()]],
      predict = {
        question = "The same 238 328 codes of 3 characters, now all of them used up. How many collisions?",
        unit = "collisions",
        tolerance = 0.5,
        answer = function(env) return env.full:stats().collisions end,
      },
      hints = {
        "`full` has given out all codes of 3 characters.",
        "Can two numbers have the same image under a permutation?",
        "No.",
      },
      check = function(t, env)
        local full = t.has(env, "full", "ShortCodes")
        t.equal(full:stats().size, 238328, "how many codes are given out")
        t.equal(full:stats().collisions, 0, "collisions")
        t.that(full:assign("one more") == nil, "one more code is refused", "it got one")
      end,
      explain = [[
None, to the last code; and then it says `exhausted`. What it needs is a counter, and you know from `unique-ids` how
to share one: each app leases a thousand numbers, shuffles them, and asks nobody. (A hash of the link gives equal
links equal codes, which saves space; but it collides like random codes.)]],
    },
    {
      name = "service",
      title = "The service",
      text = [[
Now as a system: a ticket server, three apps that lease numbers from it, and a database for the links: 4 requests at a
time, 5 ms each. 500 users a second follow links, and 20 a second make new ones. A few links are very popular (Zipf).
20 seconds.]],
      code = [[
function service(filters)
  w = lab.world{ seed = 1 }
  w:service("tickets", { filters = { lab.id.ticket_server{} } })
  db = w:service("db", { time = 5*ms, slots = 4, filters = { lab.store.rows{ rows = 100000 } } })
  local b62, number = lab.id.base62(), lab.id.tickets{ server = "tickets", lease = 50 }
  numbers = w:service("numbers", { filters = { number } })
  apps = w:fleet("app", 3, { slots = 100, filters = filters, handler = function(request, context)
    if request.type == "get" then return context:call(db, { key = request.key }) end
    local n, err = context:call(numbers, { type = "id" })
    if not n then return nil, err end
    local code = b62:encode(n, 6)
    local ok, failed = context:call(db, { type = "put", key = code, value = "https://example.org/" .. n })
    if ok == nil then return nil, failed end
    return code
  end })
  lb = w:balancer("lb", apps, { policy = lab.balance.least_connections() })
  popular = lab.workload.zipf{ count = 100000, skew = 1 }
  readers = w:load{ to = lb, rate = 500, keys = popular, name = "readers" }
  makers = w:load{ to = lb, rate = 20, mix = { make = 1 }, name = "makers" }
  w:run(20*s)
end
service{}
print(w:show())
bare = { reads = db:state().filters[1].reads, p99 = readers:percentile(99) }]],
      predict = {
        question = "520 requests a second of 5 ms each: how many of the 4 slots of the database are busy on average?",
        unit = "slots",
        tolerance = 0.6,
        answer = function(env) return (env.readers:ok() + env.makers:ok()) / 20 * 0.005 end,
      },
      hints = {
        "`bare` keeps how many rows the database read, and the readers' p99.",
        "Little's law: the number in the system is the rate times the time.",
        "520 * 0.005.",
      },
      check = function(t, env)
        local bare = t.has(env, "bare", "table")
        t.that(t.has(env, "makers", "Load"):errors() == 0, "links are made without errors",
          env.makers:errors() .. " errors")
        t.that(bare.reads > 8000, "every read goes to the database", tostring(bare.reads) .. " did")
      end,
      explain = function(env)
        return ([[
%.1f of 4 slots, so it runs two thirds full; p99 is %.0f ms. At twice the users it would be over, and the estimate
said %.0f reads a second. Somebody makes a link: a number from the lease, base 62, a row. No collision, no look
before.]])
          :format((env.readers:ok() + env.makers:ok()) / 20 * 0.005, 1000 * env.bare.p99, env.reads_per_second)
      end,
    },
    {
      name = "cache",
      title = "A cache in front",
      text = [[
Links never change, and a few are followed all the time: there is no better case for a cache. Each app keeps 2000
links, 2 % of all.]],
      code = [[
service{ lab.cache.filter{ cache = lab.cache.lru{ capacity = 2000 } } }
cached = { reads = db:state().filters[1].reads, p99 = readers:percentile(99) }
print(w:show())
print(chart.bars({ { "reads, bare", bare.reads }, { "reads, cached", cached.reads } }))
saved = 1 - cached.reads / bare.reads]],
      predict = {
        question = "Each app has room for 2 % of the links. How many of the reads does the database no longer see?",
        unit = "%",
        tolerance = 12,
        answer = function(env) return 100 * env.saved end,
      },
      hints = {
        "`cached` is like `bare`, with a cache of 2000 links in each app.",
        "With skew 1 the most popular 2 % of 100 000 links get about 70 % of all reads. But each app begins with an "
          .. "empty cache, and sees only a third of the readers.",
        "10 000 reads, in three apps, are 3333 each: most of the first ones miss.",
      },
      check = function(t, env)
        local bare, cached = t.has(env, "bare", "table"), t.has(env, "cached", "table")
        t.that(cached.reads < 0.8 * bare.reads, "the cache keeps many reads from the database",
          ("%d reads, and %d without"):format(cached.reads, bare.reads))
      end,
      explain = function(env)
        return ([[
%.0f %%, after 20 s from a cold start, and it rises as the caches fill up; p99 is %.0f ms (it was %.0f). Three apps
with a cache each read a popular link three times; a cache that they share would read it once, and cost a hop. And the
code of a link that is not there is asked for, too: remember the misses as well, or a scanner reaches your
database.]]):format(
          100 * env.saved, 1000 * env.cached.p99, 1000 * env.bare.p99)
      end,
    },
  },

  finish = [[
From an estimate to a service: the length of a code, why random codes meet, why a counter needs a shuffle, and a cache
that does most of the work.

To go on: crash `tickets` while links are being made (`w:at(5*s, lab.fault.crash("tickets"), 5*s)`): how long do the
leases last? Put a Bloom filter of all codes in front of the database (the lab `sketches`).]],
}

-- Consistent hashing: from hash modulo n to rings, tables and bids, by what moves and what is even.

local function moved_share(moved) return 100 * moved.moved / moved.keys end

local function has_placement(t, env, name, nodes)
  local placement = t.has(env, name, "Placement")
  t.that(#placement:nodes() == nodes, ("%s has %d nodes"):format(name, nodes), "it has " .. #placement:nodes())
  return placement
end

local function has_moved(t, env, name)
  local moved = t.has(env, name, "table")
  t.that(type(moved.moved) == "number" and type(moved.keys) == "number",
    name .. " is what `before:moved(after, 100000)` returned", "it is another table")
  return moved
end

local function has_spread(t, env, name)
  local spread = t.has(env, name, "table")
  t.that(type(spread.max_over_fair) == "number", name .. " is what `placement:spread(100000)` returned",
    "it is another table")
  return spread
end

-- Misses in the second after the fifth server came, and in the one before.
local function jump_of(misses) return misses[21], misses[20] end

local kinds = { "modulo", "ring", "rendezvous", "jump", "maglev", "anchor" }

return {
  title = "Consistent hashing: who has my key?",
  minutes = 30,
  after = { "quickstart" },
  summary = [[
A site has four cache servers and gets a fifth. Which keys must move? You measure it for the obvious way and for the
ways that were invented to do better, see what each of them costs, and what none of them can do about a hot key.]],

  steps = {
    {
      name = "modulo",
      title = "Hash modulo four",
      text = [[
A key has to be on one server, and everybody must find it without asking. The obvious way: the hash of the key,
modulo the number of servers. Then a fifth server is added. `before:moved(after, keys)` counts the keys that have
another home then; a move is needless when it is between two servers that were there all the time.]],
      code = [[
before = lab.hash.modulo{ nodes = { "a", "b", "c", "d" } }
after = before:copy()
after:add("e")
moved = before:moved(after, 100000)
moved]],
      predict = {
        question = "The fifth server should get a fifth of the keys. How much of all keys moves?",
        unit = "%",
        tolerance = 6,
        answer = function(env) return moved_share(env.moved) end,
      },
      hints = {
        "You need two placements, `before` with four nodes and `after` with five, and `moved`.",
        "A key stays only if its hash has the same remainder modulo 4 and modulo 5. How many of 20 hashes do?",
        "0, 1, 2 and 3 of 0 to 19. `.go` types the code.",
      },
      check = function(t, env)
        has_placement(t, env, "before", 4)
        has_placement(t, env, "after", 5)
        local moved = has_moved(t, env, "moved")
        t.that(moved_share(moved) > 70, "with modulo most keys move", ("%.1f %% moved"):format(moved_share(moved)))
      end,
      explain = function(env)
        return ([[
%.1f %%: a key stays only where both remainders agree, 4 hashes of 20. A fifth of all keys had to go to e; the rest of
the moves, %.1f %% of all keys, went back and forth between servers that were there all along, for nothing.]]):format(
          moved_share(env.moved), 100 * env.moved.needless / env.moved.keys)
      end,
    },
    {
      name = "cold",
      title = "What a moved key costs",
      text = [[
A moved key is not there where it is looked for: the request goes to the database. Here are four servers with room
for 1500 rows each, 2000 requests a second for 10 000 rows of which some are more popular, and a fifth server in
second 21. `day` returns the misses of each second.]],
      code = [[
function day(place)
  local caches, misses = {}, {}
  for _, name in ipairs{ "a", "b", "c", "d", "e" } do caches[name] = lab.cache.lru{ capacity = 1500 } end
  local keys = lab.workload.zipf{ count = 10000, skew = 0.9 }
  for second = 1, 30 do
    if second == 21 then place:add("e") end
    misses[second] = 0
    for i = 1, 2000 do
      local key = keys:next()
      local cache = caches[place:place(key)]
      if not cache:get(key) then misses[second] = misses[second] + 1; cache:put(key, true) end
    end
  end
  return misses
end
modulo_day = day(lab.hash.modulo{ nodes = { "a", "b", "c", "d" } })
chart = require "chart"
print(chart.timeline{ rows = { { label = "misses", values = modulo_day, reduce = "max" } }, from = 0, to = 30 })
modulo_day[20], modulo_day[21] ]],
      predict = {
        question = "By what factor do the misses of a second grow when the fifth server comes?",
        unit = "times",
        tolerance = 0.8,
        answer = function(env)
          local after, before = jump_of(env.modulo_day)
          return after / before
        end,
      },
      hints = {
        "`modulo_day` should hold what `day` returns for a modulo of four nodes.",
        "Four of five keys are somewhere else than yesterday. But a popular key misses only once.",
        "Between three and five. `.go` types the code.",
      },
      check = function(t, env)
        local misses = t.has(env, "modulo_day", "table")
        t.that(#misses == 30, "the misses of 30 seconds", #misses .. " seconds")
        t.that(misses[21] > 1.5 * misses[20], "a jump in second 21",
          ("%d misses after %d; does `day` add the server?"):format(misses[21], misses[20]))
      end,
      explain = function(env)
        local after, before = jump_of(env.modulo_day)
        return ([[
%d after %d. The site was made bigger, and for some seconds the database has %.1f times its load; if it was sized for
the misses of a warm cache, the new server brings the site down. That is the problem which consistent hashing was
invented for, for web caches, in 1997.]]):format(after, before, after / before)
      end,
    },
    {
      name = "circle",
      title = "A circle",
      text = [[
The idea: hash the servers, too, onto the same circle of numbers as the keys. A key belongs to the next server on the
circle. A server that comes takes only the stretch before its own point; nothing else changes.

  ... key 17 ... [b] ... key 3 ... key 8 ... [d] ...      17 is b's; 3 and 8 are d's]],
      code = [[
one_point = lab.hash.ring{ nodes = { "a", "b", "c", "d", "e" }, points = 1 }
before = lab.hash.ring{ nodes = { "a", "b", "c", "d" }, points = 1 }
moved = before:moved(one_point, 100000)
print(moved)
shares = one_point:spread(100000)
shares]],
      predict = {
        question = "Five servers, each one point on the circle. The fullest has how many times its fair share?",
        unit = "times",
        tolerance = 0.7,
        answer = function(env) return env.shares.max_over_fair end,
      },
      hints = {
        "A ring of five nodes with one point each in `one_point`, and its `spread` in `shares`.",
        "Five random cuts of a circle: are the pieces of about one size?",
        "Not at all: the longest of n pieces is about ln(n) + 0.6 times the average.",
      },
      check = function(t, env)
        local moved = has_moved(t, env, "moved")
        t.that(moved.needless == 0, "nothing moves needlessly on a ring", moved.needless .. " keys did")
        local shares = has_spread(t, env, "shares")
        t.that(shares.max_over_fair > 1.3, "with one point a server the shares are uneven",
          ("the fullest has %.2f times its share; are there more points?"):format(shares.max_over_fair))
      end,
      explain = function(env)
        return ([[
No needless move, but the fullest server has %.2f times its share: five random points do not cut a circle evenly. And
when one leaves, its whole stretch falls to a single neighbour, which may be next.]]):format(
          env.shares.max_over_fair)
      end,
    },
    {
      name = "points",
      title = "Many points a server",
      text = [[
The remedy is to give each server many points, at random places: virtual nodes. Its share is then a sum of many small
stretches, and what it leaves behind falls to all others. memcached's clients have used 160 since 2007.]],
      code = [[
names = {}
for i = 1, 20 do names[i] = "server-" .. i end
deviations = {}
for _, points in ipairs{ 1, 10, 40, 160, 640 } do
  deviations[points] = lab.hash.ring{ nodes = names, points = points }:spread(200000).deviation
  print(("%4d points: deviation %5.1f %%"):format(points, 100 * deviations[points]))
end
lab.hash.ring{ nodes = names }:spread(200000)]],
      predict = {
        question = "With one point the shares deviate nearly as much as they are large. By how much with 160?",
        unit = "%",
        tolerance = 4,
        answer = function(env) return 100 * env.deviations[160] end,
      },
      hints = {
        "`deviations[points]` should hold the `deviation` of the spread of a ring with so many points a node.",
        "A sum of n independent things varies by 1/sqrt(n) of itself.",
        "1/sqrt(160) is 0.079.",
      },
      check = function(t, env)
        local deviations = t.has(env, "deviations", "table")
        local last = math.huge
        for _, points in ipairs { 1, 10, 40, 160, 640 } do
          local deviation = deviations[points]
          t.that(type(deviation) == "number", ("deviations[%d], a number"):format(points), "it is " ..
            tostring(deviation))
          t.that(deviation < last, "more points are more even", ("%d points: %.3f"):format(points, deviation))
          last = deviation
        end
      end,
      explain = function(env)
        return ([[
%.1f %%, and theory says 1/sqrt(160) = 7.9 %%. Four times the points halve it, and cost four times the memory: 1000
servers with 160 points are about 4 MB. A weight is simply more points: `nodes = { a = 1, big = 2 }`.]]):format(
          100 * env.deviations[160])
      end,
    },
    {
      name = "warm",
      title = "The same day with a ring",
      text = [[
Back to the caches. The same requests, the same fifth server in second 21, and a ring in place of the modulo.]],
      code = [[
ring_day = day(lab.hash.ring{ nodes = { "a", "b", "c", "d" } })
print(chart.timeline{ rows = {
  { label = "modulo", values = modulo_day, reduce = "max" },
  { label = "ring", values = ring_day, reduce = "max" } }, from = 0, to = 30 })
ring_day[20], ring_day[21] ]],
      predict = {
        question = "With modulo the misses jumped in second 21. By how much do they grow with the ring?",
        unit = "% more",
        tolerance = 25,
        answer = function(env)
          local after, before = jump_of(env.ring_day)
          return 100 * (after / before - 1)
        end,
      },
      hints = {
        "`ring_day = day(...)` with a ring of the same four nodes.",
        "A fifth of the keys is new for the new server, and the others are as warm as before.",
        "Type the lines as they are shown, or `.go`.",
      },
      check = function(t, env)
        local ring, modulo = t.has(env, "ring_day", "table"), t.has(env, "modulo_day", "table")
        t.that(#ring == 30, "the misses of 30 seconds", #ring .. " seconds")
        t.that(ring[21] < 0.75 * modulo[21], "far fewer misses in second 21 than with modulo",
          ("%d, and %d with modulo"):format(ring[21], modulo[21]))
      end,
      explain = function(env)
        local after, before = jump_of(env.ring_day)
        local modulo = jump_of(env.modulo_day)
        return ([[
From %d to %d, where modulo went to %d: only the keys that are e's now are cold. There is one thing left to watch: the
popular keys among them all miss in the same second (the lab cache-stampede is about that).]]):format(before, after,
          modulo)
      end,
    },
    {
      name = "others",
      title = "Other ways to the same end",
      text = [[
The ring was the first. Rendezvous lets every server bid for a key. Jump needs no table at all. Maglev, from Google's
load balancers, has one table that is read once. Anchor goes through a fixed set of buckets. Here is what each does
when server-20 of 20 leaves: how uneven it was (chi-square: about 19 is as even as dice are), how many keys moved
needlessly, and its memory.]],
      code = [[
results, rows = {}, {}
for _, name in ipairs{ "modulo", "ring", "rendezvous", "jump", "maglev", "anchor" } do
  local before = lab.hash[name]{ nodes = names }
  local after = before:copy()
  after:remove("server-20")
  local spread, moved = before:spread(200000), before:moved(after, 200000)
  results[name] = { chi_square = spread.chi_square, needless = moved.needless, moved = moved.moved }
  rows[#rows + 1] = { name, spread.max_over_fair, spread.chi_square, moved.moved, moved.needless, before:memory() }
end
print(chart.table{ rows = rows, columns = { "placement", "fullest / fair",
  { title = "chi-square", format = "%.0f" }, "moved", "needlessly", { title = "memory", unit = "B" } } })]],
      predict = {
        question = "One of these moves a few keys needlessly and is worth it all the same. Which?",
        choices = { "ring", "rendezvous", "jump", "maglev", "anchor" },
        answer = function(env)
          local found
          for _, name in ipairs { "ring", "rendezvous", "jump", "maglev", "anchor" } do
            if env.results[name].needless > 0 then found = name end
          end
          return found
        end,
      },
      hints = {
        "`results[name]` should have `needless` and `chi_square` for each of the six.",
        "Which one builds its whole table anew when a server leaves?",
        "In maglev's table servers take turns, so one that is missing shifts some turns of the others.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        for _, name in ipairs(kinds) do
          local result = results[name]
          t.that(type(result) == "table" and type(result.needless) == "number",
            "results." .. name .. ".needless, a number", "it is not there")
        end
        t.that(results.modulo.needless > 50000, "modulo moves most keys", results.modulo.needless .. " needlessly")
        t.that(results.ring.needless + results.rendezvous.needless + results.anchor.needless == 0,
          "ring, rendezvous and anchor move nothing needlessly", "they do")
      end,
      explain = function(env)
        return ([[
Maglev: %d of 200 000 keys (%.2f %%) move needlessly, and for that a look-up is one read of a table that is as even as
can be. The ring is the least even (chi-square %.0f). Rendezvous, jump and anchor are as even as dice; rendezvous asks
every server for each key, which is fine for 20 and slow for 1000.

Each has its price: jump numbers its servers, so only the last one can leave; anchor depends on the order of changes,
so that all who use it must see them in the same order.]]):format(env.results.maglev.needless,
          env.results.maglev.needless / 2000, env.results.ring.chi_square)
      end,
    },
    {
      name = "last_only",
      title = "Who may leave",
      text = [[
Try it: server-7 has died, and you use jump, because it is even and needs no memory.]],
      code = [[
jump = lab.hash.jump{ nodes = names }
ok, message = pcall(jump.remove, jump, "server-7")
print(message)
anchor = lab.hash.anchor{ nodes = names }
anchor:remove("server-7")
left = lab.hash.anchor{ nodes = names }:moved(anchor, 100000)
left]],
      predict = {
        question = "Anchor can lose any of the 20 servers. How much of all keys moves when server-7 leaves?",
        unit = "%",
        tolerance = 1,
        answer = function(env) return moved_share(env.left) end,
      },
      hints = {
        "`jump` with all twenty nodes, `message` from the attempt to remove one, and `left`, what moved with anchor.",
        "No key moves needlessly, and server-7 had its fair share.",
        "One of twenty.",
      },
      check = function(t, env)
        has_placement(t, env, "jump", 20)
        has_placement(t, env, "anchor", 19)
        local message = t.has(env, "message", "string")
        t.matches(message, "only the node that came last", "what jump said")
        local left = has_moved(t, env, "left")
        t.that(left.needless == 0 and left.moved > 0, "keys of server-7 move, and no others",
          ("%d moved, %d needlessly"):format(left.moved, left.needless))
      end,
      explain = function(env)
        return ([[
%.1f %%: its own share. Jump is for shards, which are numbered, replicated, and never just gone; a ring, rendezvous,
maglev or anchor is for servers, which are.]]):format(moved_share(env.left))
      end,
    },
    {
      name = "hot_key",
      title = "One hot key",
      text = [[
All of these share *keys* evenly. Here are 1000 requests that are being served right now, for keys of very different
popularity: key 1 has every seventh. No placement of whole keys can divide a key. Consistent hashing with bounded
loads does not try: a server that has `bound` times its fair share passes the request on to the next on the ring.]],
      code = [[
ten = { "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" }
function busiest(place)
  local keys, load, most = lab.workload.zipf{ count = 1000, skew = 1 }, {}, 0
  for i = 1, 1000 do
    local server = place:take(keys:next())
    load[server] = (load[server] or 0) + 1
    most = math.max(most, load[server])
  end
  local rows = {}
  for i, name in ipairs(ten) do rows[i] = { name, load[name] or 0 } end
  print(chart.bars(rows, { max = 300 }))
  return most
end
plain = busiest(lab.hash.rendezvous{ nodes = ten })
bounded = busiest(lab.hash.bounded_load{ nodes = ten, bound = 1.25 })
plain, bounded]],
      predict = {
        question = "1000 requests, 10 servers, bound 1.25. How many has the busiest server with the bounded ring?",
        unit = "requests",
        tolerance = 3,
        answer = function(env) return env.bounded end,
      },
      hints = {
        "`plain` and `bounded` are the largest number of requests that one server has.",
        "The fair share is 1000/10.",
        "And 1.25 times that is the most that one may have.",
      },
      check = function(t, env)
        local plain, bounded = t.has(env, "plain", "number"), t.has(env, "bounded", "number")
        t.that(plain > 150, "without a bound one server has far more than its 100", "it has " .. plain)
        t.that(bounded <= 126, "with the bound none has more than 125", "it has " .. bounded)
      end,
      explain = function(env)
        return ([[
%d in place of %d. The hot key is served by two or three servers now, so each of them must be able to: right for caches
and stateless services, wrong for data that has one home. `lab.balance.ring{ bound = 1.25 }` is this as a policy of a
balancer, and HAProxy and Envoy have it under other names.]]):format(env.bounded, env.plain)
      end,
    },
    {
      name = "slots",
      title = "A table that people can read",
      text = [[
A Redis cluster does something simpler. A key is in one of 16384 slots for ever, and a table, which all nodes agree
on, says who has which slot. Moving data is moving slots. And a part of the key in {braces}, if there is one, decides
alone, so that keys can be kept together.]],
      code = [[
cluster = lab.hash.slots{ nodes = { "a", "b", "c" } }
slots = {}
for _, key in ipairs{ "foo", "{user1000}.following", "{user1000}.followers", "foo{bar}{zap}" } do
  slots[key] = lab.hash.redis_slot(key)
  print(("%-22s slot %5d on %s"):format(key, slots[key], cluster:place(key)))
end
bigger = cluster:copy()
bigger:add("d")
moved = lab.hash.moved(cluster, bigger, 100000)
moved]],
      predict = {
        question = "Three nodes with a third of the slots each, and a fourth comes. How much of the keys moves?",
        unit = "%",
        tolerance = 2,
        answer = function(env) return moved_share(env.moved) end,
      },
      hints = {
        "`slots[key]` for the four keys, and `moved` from three nodes to four.",
        "Each of the three gives away what it has too much.",
        "The new node needs a quarter.",
      },
      check = function(t, env)
        local slots = t.has(env, "slots", "table")
        t.equal(slots["{user1000}.following"], slots["{user1000}.followers"], "the slots of two keys with one tag")
        t.equal(slots.foo, lab.hash.crc16 "foo" % 16384, "the slot of foo")
        local moved = has_moved(t, env, "moved")
        t.that(moved.needless == 0 and moved_share(moved) < 30, "a quarter moves, nothing needlessly",
          ("%.1f %% moved"):format(moved_share(moved)))
      end,
      explain = function(env)
        return ([[
%.1f %%, and nothing needlessly: the table can be changed slot by slot, by a person if need be. In exchange there is a
table to keep, to send to clients, and to agree on; a ring follows from the names of its servers alone.]]):format(
          moved_share(env.moved))
      end,
    },
    {
      name = "which_hash",
      title = "And which hash?",
      text = [[
All of this stands on a hash that spreads keys well. Seven functions, 10 000 keys named key1, key2 ..., and 256 servers:
the first two hexadecimal digits of the hash, its upper bits, say which. A ring reads them in just that way.]],
      code = [[
functions = {
  crc16   = function(text) return ("%04x"):format(lab.hash.crc16(text)) end,
  fnv1a   = function(text) return lab.hash.fnv1a{ text = text, bits = 64 } end,
  md5     = lab.hash.md5,
  murmur3 = function(text) return lab.hash.murmur3{ text = text, bits = 128 } end,
  siphash = function(text) return lab.hash.siphash{ text = text, key = "sixteen bytes :)" } end,
  xxh3    = lab.hash.xxh3,
  xxh64   = lab.hash.xxh64,
}
used, bars = {}, {}
for name, hash in pairs(functions) do
  local seen = {}
  used[name] = 0
  for i = 1, 10000 do
    local server = hash("key" .. i):sub(1, 2)
    if not seen[server] then seen[server], used[name] = true, used[name] + 1 end
  end
  bars[#bars + 1] = { name, used[name] }
end
print(chart.bars(bars, { max = 256, unit = "servers used" }))]],
      predict = {
        question = "10 000 keys for 256 servers: with one of the functions most servers get none at all. Which?",
        choices = { "crc16", "fnv1a", "md5", "murmur3", "siphash", "xxh3", "xxh64" },
        answer = function(env)
          local worst
          for name, n in pairs(env.used) do
            if not worst or n < env.used[worst] then worst = name end
          end
          return worst
        end,
      },
      hints = {
        "`used[name]` is the number of different servers that the keys get with each function.",
        "Which of them does nothing more after its last byte than a single multiplication?",
        "FNV-1a: h = (h xor byte) * prime, and its prime is a small number and a 1 far up.",
      },
      check = function(t, env)
        local used = t.has(env, "used", "table")
        for _, name in ipairs { "crc16", "fnv1a", "md5", "murmur3", "siphash", "xxh3", "xxh64" } do
          t.that(type(used[name]) == "number", ("used.%s, a number"):format(name), "it is " .. tostring(used[name]))
        end
        t.that(used.xxh3 == 256, "with xxh3 all servers are used", used.xxh3 .. " are")
        t.that(used.fnv1a < 200, "with fnv1a many are not", used.fnv1a .. " are used")
      end,
      explain = function(env)
        return ([[
FNV-1a, with %d of 256: what comes last in a key reaches the upper bits only little by little, and these keys differ in
their last characters. It is a fine hash for its lower bits. The others finish with a few steps in which every bit moves
every other. None of them but SipHash withstands somebody who wants his keys to collide: it has a secret key, and hash
tables that strangers fill should use it.]]):format(env.used.fnv1a)
      end,
    },
  },

  finish = [[
Which one? A list of servers that changes: a ring, or rendezvous for a few dozen. Look-ups by the million: maglev.
Numbered shards: jump. Data with an owner and an operator: slots. And when others must agree with you, what they use:
`lab.hash.ketama` places keys as memcached's clients do, to the last point.

Next: build a ring yourself (`syslab lab hash-ring`). Or ask `help(lab.hash)`.]],
}

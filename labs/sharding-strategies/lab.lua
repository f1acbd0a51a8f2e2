-- Sharding strategies: which shard has a key, and what each answer costs.

return {
  title = "Which shard has the key?",
  minutes = 35,
  after = { "consistent-hashing" },
  summary = [[
One table of orders, four shards, nine ways to say which shard has which row. You measure what is even, what a query
for a range costs, what moves when a shard comes, what a popular key does, and what is left of a query when a shard is
down.]],

  steps = {
    {
      name = "even",
      title = "Even shares",
      text = [[
10 000 orders with numbers that grow with time. Five routers place them: by hash, on a ring, by buckets, by ranges cut
at the quarters of the first 1000 orders, and by a directory that gives each new key to the emptiest shard.]],
      code = [[
chart = require "chart"
shards = { "a", "b", "c", "d" }
sample = {}
for i = 1, 1000 do sample[i] = i end
routers = {
  hash = lab.shard.hash{ shards = shards },
  consistent = lab.shard.consistent{ shards = shards },
  buckets = lab.shard.buckets{ shards = shards },
  range = lab.shard.range{ shards = shards, sample = sample, ranges = 8 },
  directory = lab.shard.directory{ shards = shards },
}
spreads, rows = {}, {}
for _, name in ipairs{ "hash", "consistent", "buckets", "range", "directory" } do
  spreads[name] = routers[name]:spread(10000)
  rows[#rows + 1] = { label = name, value = spreads[name].max_over_fair }
end
print(chart.bars(rows))
routers.range:spread(10000)]],
      predict = {
        question = "The ranges were cut for the first 1000 orders. The fullest shard has how many times its share?",
        unit = "times",
        tolerance = 0.3,
        answer = function(env) return env.spreads.range.max_over_fair end,
      },
      hints = {
        "`spreads.range.max_over_fair`.",
        "Where do orders 1001 to 10 000 go?",
        "All to the last range: nearly everything is on one of four shards.",
      },
      check = function(t, env)
        local spreads = t.has(env, "spreads", "table")
        t.that(spreads.range.max_over_fair > 3, "the last range is full", tostring(spreads.range.max_over_fair))
        t.that(spreads.directory.max_over_fair < 1.01, "a directory is even", tostring(spreads.directory.max_over_fair))
      end,
      explain = function(env)
        local full = lab.shard.directory { shards = { "a", "b", "c", "d" } }
        for i = 1, 10000 do full:take(i) end
        local bytes = tostring(full:memory())
        return ([[
%.2f times: keys that grow with time all go to the last range. HBase and Bigtable tell you to salt or reverse such
keys, or to split. Hashing spreads them at once (%.2f), and a directory is exact, at the price of %s bytes of table
for 10 000 keys where the hash takes none.]]):format(env.spreads.range.max_over_fair,
          env.spreads.hash.max_over_fair, bytes)
      end,
    },
    {
      name = "split",
      title = "Split where it is full",
      text = [[
A range can be cut, and a part given away. Cut the last range at 2500, 5000 and 7500, and give the pieces out.]],
      code = [[
range = routers.range:copy()
for at, shard in pairs{ [2500] = "a", [5000] = "b", [7500] = "c" } do
  range:split(at)
  range:assign(at, shard)
end
after_split = range:spread(10000)
for _, r in ipairs(range:ranges()) do print(r.from or "-", r.to or "-", r.shard) end
after_split]],
      predict = {
        question = "And now: how many times its fair share has the fullest shard?",
        unit = "times",
        tolerance = 0.2,
        answer = function(env) return env.after_split.max_over_fair end,
      },
      hints = {
        "`after_split.max_over_fair`.",
        "Four pieces of 2500 and some; and a few hundred each from the old ranges.",
        "Close to one.",
      },
      check = function(t, env)
        t.that(t.has(env, "after_split", "table").max_over_fair < 1.3, "the shares are even again",
          tostring(env.after_split.max_over_fair))
      end,
      explain = function(env)
        return ([[
%.2f. The split itself moves nothing; giving a piece to another shard does. Stores do it by themselves when a range
passes some hundred MB (CockroachDB, TiKV, HBase). The next orders will still all go to the last piece.]]):format(
          env.after_split.max_over_fair)
      end,
    },
    {
      name = "ranges",
      title = "Last week's orders",
      text = [[
A query for the orders from 4000 on and before 4200. Which shards must be asked? `touched` says it.]],
      code = [[
asked = {}
routers.range = range
for _, name in ipairs{ "hash", "consistent", "buckets", "range", "directory" } do
  asked[name] = #routers[name]:touched(4000, 4200)
end
print(chart.bars{ { label = "range", value = asked.range }, { label = "hash", value = asked.hash },
  { label = "buckets", value = asked.buckets }, { label = "directory", value = asked.directory } })
asked.hash, asked.range]],
      predict = {
        question = "How many of the four shards does the query ask where keys are hashed?",
        unit = "shards",
        tolerance = 0.1,
        answer = function(env) return env.asked.hash end,
      },
      hints = { "`asked.hash`.", "A hash scatters neighbours.", "All four." },
      check = function(t, env)
        local asked = t.has(env, "asked", "table")
        t.equal(asked.hash, 4, "shards asked with a hash")
        t.equal(asked.range, 1, "shards asked with ranges")
      end,
      explain = [[
All four, and with ranges one. That is the trade: what spreads writes scatters reads. Cassandra and DynamoDB take both
in one key: a hash of the first part chooses the shard, the second part is in order there.]],
    },
    {
      name = "grow",
      title = "A fifth shard",
      text = [[
What moves when a fifth shard comes? `flows` is the plan: from where to where, and how many keys. A directory that has
its keys moves none; a new shard only gets new ones.]],
      code = [[
for i = 1, 10000 do routers.directory:take(i) end
growth = {}
for _, name in ipairs{ "hash", "consistent", "buckets", "range", "directory" } do
  local five = routers[name]:copy()
  five:add("e")
  local moved = routers[name]:moved(five, 10000)
  growth[#growth + 1] = { name, moved.moved, moved.needless, moved.gained.e or 0, #routers[name]:flows(five, 10000) }
  growth[name] = moved
end
print(chart.table{ rows = growth, columns = { "router", "moved", "needlessly", "to the new one", "flows" } })]],
      predict = {
        question = "How many of 10 000 keys move with the buckets?",
        unit = "keys",
        tolerance = 150,
        answer = function(env) return env.growth.buckets.moved end,
      },
      hints = {
        "`growth.buckets.moved`.",
        "The new shard gets its share and nothing else moves.",
        "A fifth of 10 000.",
      },
      check = function(t, env)
        local growth = t.has(env, "growth", "table")
        t.equal(growth.buckets.needless, 0, "needless moves with buckets")
        t.equal(growth.directory.moved, 0, "keys that a directory moves")
        t.that(growth.hash.moved > 7000, "the hash moves nearly everything", tostring(growth.hash.moved))
      end,
      explain = function(env)
        local g = env.growth
        return ([[
%d. The hash moves %d, %d of them needlessly. The ranges gave %d keys away, in whole ranges: as many
as those have. The directory moved none, and so the new shard is empty until new keys come.]]):format(
          g.buckets.moved, g.hash.moved, g.hash.needless, g.range.moved)
      end,
    },
    {
      name = "hot",
      title = "One key is half of the traffic",
      text = [[
20 000 requests: half of them for one order that everybody wants to see, the rest for all. `lab.shard.heat` counts by
shard and finds hot keys with a table of 100 places.]],
      code = [[
heat = lab.shard.heat{ router = routers.buckets }
for i = 1, 20000 do heat:record(i % 2 == 0 and 4711 or i % 10000 + 1) end
report = heat:report()
rows = {}
for i, s in ipairs(report.shards) do
  rows[i] = { label = s.name, value = s.requests, note = s.hot and (s.one_key and "hot: one key" or "hot") or "" }
end
print(chart.bars(rows))
report.keys[1].key, report.keys[1].count, report.keys[1].error]],
      predict = {
        question = "Does it help to split the hot shard, or to move some of its buckets?",
        choices = { "yes", "no" },
        answer = function(env)
          for _, s in ipairs(env.report.shards) do
            if s.hot and not s.one_key then return "yes" end
          end
          return "no"
        end,
      },
      hints = {
        "`one_key` says that the hottest key alone is more than a shard's fair share.",
        "Where would the key go?",
        "No: wherever it goes, that shard is hot.",
      },
      check = function(t, env)
        local report = t.has(env, "report", "table")
        t.equal(report.keys[1].key, 4711, "the hottest key")
        local hot = 0
        for _, s in ipairs(report.shards) do hot = hot + (s.hot and 1 or 0) end
        t.equal(hot, 1, "hot shards")
      end,
      explain = function(env)
        local k = env.report.keys[1]
        return ([[
No. Order 4711 came %d times at least: a key cannot be split. It can be copied (a cache, replicas that read), or salted:
4711#0 to 4711#9 on ten shards, added up when read. A shard that is hot by many keys is another
matter: split it.]]):format(
          k.count - k.error)
      end,
    },
    {
      name = "places",
      title = "Taxis near me",
      text = [[
Keys can be places. A geohash is a text whose prefixes are ever larger cells; cells can be kept in order, or hashed. 400
searches for taxis within 3 km, around four cities.]],
      code = [[
cities = { { lat = 48.8566, lon = 2.3522 }, { lat = 52.52, lon = 13.405 }, { lat = 40.4168, lon = -3.7038 },
  { lat = 41.9028, lon = 12.4964 } }
taxis = {}
for i = 1, 4000 do
  local c = cities[i % 4 + 1]
  taxis[i] = { lat = c.lat + (i * 7919 % 1000 / 1000 - 0.5) * 0.3,
    lon = c.lon + (i * 104729 % 1000 / 1000 - 0.5) * 0.4 }
end
ordered = lab.shard.geographic{ shards = shards, precision = 5, sample = taxis }
hashed = lab.shard.geographic{ cells = lab.shard.hash{ shards = shards }, precision = 5 }
near = { ordered = 0, hashed = 0 }
for i = 1, 400 do
  near.ordered = near.ordered + #ordered:near(taxis[i], 3000) / 400
  near.hashed = near.hashed + #hashed:near(taxis[i], 3000) / 400
end
print(chart.bars{ { label = "in order", value = near.ordered }, { label = "hashed", value = near.hashed } })
lab.shard.geohash(48.8566, 2.3522, 5), ordered:spread(taxis).max_over_fair, hashed:spread(taxis).max_over_fair]],
      predict = {
        question = "A search asks about how many of the four shards when cells are hashed?",
        unit = "shards",
        tolerance = 0.6,
        answer = function(env) return env.near.hashed end,
      },
      hints = {
        "`near.hashed`.",
        "A circle of 3 km has 3 to 6 cells of 4.9 km.",
        "Each cell is on a shard of its own choice: about three.",
      },
      check = function(t, env)
        local near = t.has(env, "near", "table")
        t.that(near.ordered < near.hashed, "cells in order ask fewer shards", ("%.2f"):format(near.ordered))
      end,
      explain = function(env)
        return ([[
%.1f, and %.1f when cells are in order: neighbours mostly share a shard (but mind the edges: near does not mean the same
prefix). The price is that a city is on one shard, with its rush hour. Tinder cuts its map so that every piece has
as much to do.]]):format(
          env.near.hashed, env.near.ordered)
      end,
    },
    {
      name = "levels",
      title = "Shards of shards",
      text = [[
Two regions, each with shards of its own. The manager at the top knows regions, each region its shards. Both levels
hash the key: with the same hash, and then with another.]],
      code = [[
function levels(seed)
  local function region() return lab.shard.hash{ shards = { "1", "2" }, seed = seed } end
  return lab.shard.hierarchical{ top = lab.shard.hash{ shards = { "eu", "us" } },
    groups = { eu = region(), us = region() } }
end
same, other = levels(0):spread(10000), levels(1):spread(10000)
print(same)
print(other)
bigger = levels(1)
bigger:add("us/3")
print(levels(1):moved(bigger, 10000))]],
      predict = {
        question = "With the same hash at both levels, how many of the four shards get any keys?",
        unit = "shards",
        tolerance = 0.1,
        answer = function(env)
          local used = 0
          for _, keys in pairs(env.same.keys) do used = used + (keys > 0 and 1 or 0) end
          return used
        end,
      },
      hints = {
        "`same.keys`.",
        "All keys of eu have an even hash.",
        "Two: each region's second shard, or first, stays empty.",
      },
      check = function(t, env)
        t.that(t.has(env, "same", "table").max_over_fair > 1.9, "half of the shards are empty", "they are not")
        t.that(t.has(env, "other", "table").max_over_fair < 1.1, "another hash spreads", "it does not")
      end,
      explain = [[
Two. What the first level found alike is alike to the second. Each level needs a hash of its own, or other bits of
one. And a shard that comes to `us` moves nothing in `eu`: that is what hierarchies are for.]],
    },
    {
      name = "down",
      title = "One shard is down",
      text = [[
The same 400 rows in two stores of four shards: by hash and by ranges. One shard crashes. 40 queries, each for ten
neighbouring keys, with a deadline of 50 ms: how many get all they asked for? `missing` names who did not answer.]],
      code = [[
function queries(options)
  local w = lab.world{ seed = 3, keep = 0 }
  options.shards = 4
  local m = w:service("manager", { filters = { lab.shard.manager(options) } })
  w:fleet("kv", 4, { time = 1*ms, slots = 4, filters = { lab.shard.server{ manager = m }, lab.store.rows() } })
  local db = w:service("db", { slots = 64, filters = { lab.shard.proxy{ manager = m } } })
  w:run(2)
  for key = 1, 400 do db:call{ type = "put", key = key, value = key } end
  w:inject(lab.fault.crash("kv-2"))
  local whole, asked = 0, 0
  for i = 0, 39 do
    local answer = db:call{ type = "scan", from = 10 * i + 1, to = 10 * i + 11, deadline = 50*ms }
    if #answer.missing == 0 and #answer.rows == 10 then whole = whole + 1 end
    asked = asked + answer.asked / 40
  end
  w:close()
  return { whole = whole, asked = asked }
end
down = { hash = queries{ count = 64 }, range = queries{ splits = { 101, 201, 301 } } }
print(chart.bars{ { label = "hash", value = down.hash.whole, note = "of 40 queries are complete" },
  { label = "range", value = down.range.whole, note = "of 40" } })]],
      predict = {
        question = "With one of four shards down, how many of 40 range queries are complete when keys are hashed?",
        unit = "queries",
        tolerance = 1,
        answer = function(env) return env.down.hash.whole end,
      },
      hints = {
        "`down.hash.whole`.",
        "Each asks all shards.",
        "None.",
      },
      check = function(t, env)
        local down = t.has(env, "down", "table")
        t.equal(down.hash.whole, 0, "complete answers with a hash")
        t.equal(down.range.whole, 30, "complete answers with ranges")
      end,
      explain = function(env)
        return ([[
%d, and %d with ranges: with a hash each query loses a quarter of its rows, with ranges a quarter of the queries lose
all of theirs. Both stores answered in time, and said whose rows are missing; whether a part is good enough is for the
caller to say.]]):format(env.down.hash.whole, env.down.range.whole)
      end,
    },
  },
  finish = [[
Hash for even writes, ranges for neighbours, buckets so that shares can be moved, a directory where single keys matter,
cells for places. Next: resharding, where rows move while they are used.]],
}

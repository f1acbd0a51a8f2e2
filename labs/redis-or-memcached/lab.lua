-- memcached and Redis as caches: threads, slow commands, a crash, a cut-off primary, a quick restart, slabs.

local function number_of(t, env, name)
  local value = t.has(env, name, "number")
  return value
end

local function sum(list, from, to)
  local total = 0
  for i = from, to do total = total + list[i] end
  return total
end

return {
  title = "Redis or memcached?",
  minutes = 25,
  after = { "cache-stampede" },
  summary = [[
Two caches, opposite decisions: threads, replicas, memory. You measure what each decision is worth on a good day, and
what it costs on a bad one, and then you can say which one a system wants.]],

  steps = {
    {
      name = "threads",
      title = "One thread or four",
      text = [[
A memcached works with four threads, Redis executes commands with one, so that a command never sees half of another and
nothing needs a lock. Here a command takes 1 ms (really it is 10 µs or so), and 64 clients ask one server of each make
as fast as they are answered.]],
      code = [[
function full_speed(profile)
  local w = lab.world{ seed = 1 }
  w:cache("cache", profile)
  local clients = w:load{ to = "cache-1", clients = 64, keys = 1000, timeout = 10, start = 1 }
  w:run(6)
  return clients:ok() / 5
end
memcached = full_speed(lab.cache.memcached{ time = 1*ms })
redis = full_speed(lab.cache.redis{ time = 1*ms, replicas = 0 })
chart = require "chart"
print(chart.bars({ { "memcached", memcached }, { "redis", redis } }, { unit = "commands/s" }))]],
      predict = {
        question = "The memcached does about 4000 commands a second. How many does the Redis do?",
        unit = "commands/s",
        tolerance = 200,
        answer = function(env) return env.redis end,
      },
      hints = {
        "`memcached` and `redis` are answers a second.",
        "How many commands are worked on at the same time, and how long does one take?",
        "One thread, 1 ms a command.",
      },
      check = function(t, env)
        local memcached, redis = number_of(t, env, "memcached"), number_of(t, env, "redis")
        t.that(redis > 500 and redis < 1500, "one thread does about 1000 a second", ("%.0f"):format(redis))
        t.that(memcached > 3 * redis, "four threads do several times as much",
          ("%.0f and %.0f a second"):format(memcached, redis))
      end,
      explain = function(env)
        return ([[
%.0f and %.0f. On a machine with many cores one runs several Redis processes, each with its own part of the keys
(`shards`), which comes to the same throughput, and to more things that can fail one by one. The thread has another
consequence.]]):format(env.memcached, env.redis)
      end,
    },
    {
      name = "slow_command",
      title = "Two in a thousand",
      text = [[
Somebody lists all keys, or fetches a list with a million entries: two commands in a thousand take 100 ms, all others
0.1 ms. 1000 commands a second come to one server of each make. The single thread is then busy for 30 % of the time,
20 % of it with slow commands.]],
      code = [[
function slow_share(profile)
  local w = lab.world{ seed = 1 }
  w:cache("cache", profile)
  local users = w:load{ to = "cache-1", rate = 1000, keys = 1000, timeout = 10, start = 1 }
  w:run(21)
  local percent = 0
  while percent < 100 and users:percentile(100 - percent) > 10*ms do percent = percent + 0.1 end
  return percent
end
rarely_slow = lab.dist.empirical{ values = { 0.1*ms, 100*ms }, weights = { 0.998, 0.002 } }
of_memcached = slow_share(lab.cache.memcached{ time = rarely_slow })
of_redis = slow_share(lab.cache.redis{ time = rarely_slow, replicas = 0 })
print(chart.bars({ { "memcached", of_memcached }, { "redis", of_redis } }, { unit = "% over 10 ms", max = 100,
  format = function(x) return ("%.1f"):format(x) end }))]],
      predict = {
        question = "0.2 % of the commands are slow. How many per cent of all commands take longer than 10 ms in Redis?",
        unit = "%",
        tolerance = 7,
        answer = function(env) return env.of_redis end,
      },
      hints = {
        "`of_memcached` and `of_redis` are in per cent of all commands.",
        "Who comes while the thread is busy with a slow command?",
        "At least those who come in the 20 % of the time that slow commands take, and then those who are behind them.",
      },
      check = function(t, env)
        local of_memcached, of_redis = number_of(t, env, "of_memcached"), number_of(t, env, "of_redis")
        t.that(of_redis > 10, "in Redis many others wait behind a slow command", ("%.1f %%"):format(of_redis))
        t.that(of_memcached < 2, "in memcached the other threads go on", ("%.1f %%"):format(of_memcached))
      end,
      explain = function(env)
        return ([[
%.0f %% against %.1f %%: two slow commands in a thousand are everybody's. memcached has no slow commands to begin with
(a value is a string of at most 1 MiB), and three other threads if it had. So: no `KEYS` in production, small
values, and look at the slow log.]]):format(env.of_redis, env.of_memcached)
      end,
    },
    {
      name = "crash",
      title = "A server is gone",
      text = [[
1000 users a second, a database that can take 800, and a cache before it: three memcached servers; or Redis with three
shards and a replica for each, where a node that is silent for 2 s counts as failed. At 40 s the first server crashes,
at 50 s it is back. Here is what the database reads, per half second.]],
      code = [[
function crash(profile)
  local w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 10*ms, slots = 8, filters = { lab.store.rows{ rows = 5000 } } })
  local servers = w:cache("cache", profile)
  local app = w:fleet("app", 4, { slots = 1000, filters = { lab.cache.filter{ cache = servers } },
    handler = function(request, context) return context:call(db, request) end })
  w:load{ to = w:balancer("lb", app), rate = 1000, keys = lab.workload.zipf{ count = 5000, skew = 0.9 } }
  w:at(40, lab.fault.crash("cache-1"))
  w:at(50, lab.fault.restart("cache-1"))
  w:run(38)
  local reads, before = {}, db:state().filters[1].reads
  for i = 1, 64 do
    w:run(0.5)
    reads[i], before = db:state().filters[1].reads - before, db:state().filters[1].reads
  end
  return reads
end
with_memcached = crash(lab.cache.memcached{ servers = 3 })
with_redis = crash(lab.cache.redis{ shards = 3, replicas = 1, node_timeout = 2 })
print(chart.timeline{ rows = { { label = "memcached", values = with_memcached, max = 200 },
  { label = "redis", values = with_redis, max = 200 } }, from = 38, to = 70,
  bands = { { from = 40, to = 50, label = "cache-1 is down" } } })]],
      predict = {
        question = "While the memcached server is away (40 s to 50 s), how many reads a second come to the database?",
        unit = "reads/s",
        tolerance = 80,
        answer = function(env)
          local total = 0
          for i = 5, 24 do total = total + env.with_memcached[i] end
          return total / 10
        end,
      },
      hints = {
        "`with_memcached` and `with_redis` are lists: reads of the database per half second, from 38 s on.",
        "One server of three is away. Whose keys were there, and where do their readers go now?",
        "A third of the keys, so about a third of 1000 requests a second; the ring is not quite even.",
      },
      check = function(t, env)
        local memcached, redis = t.has(env, "with_memcached", "table"), t.has(env, "with_redis", "table")
        t.that(#memcached == 64 and #redis == 64, "64 half seconds each", #memcached .. " and " .. #redis)
        t.that(sum(redis, 5, 64) < sum(memcached, 5, 64) / 2, "Redis costs the database less than half",
          ("%d reads, %d with memcached"):format(sum(redis, 5, 64), sum(memcached, 5, 64)))
      end,
      explain = function(env)
        return ([[
In all, from the crash on: %d reads with memcached, %d with Redis. memcached's share of the keys is gone for the whole
10 s, and then once more each, when the server comes back empty. In Redis a replica takes over after about 3 s (2 s of
silence, a pause, a vote) and has everything. That is what the three further machines are for.

Note that nobody saw an error: the app asks the database when a cache does not answer. With a database for 200 reads a
second that would have been the outage.]]):format(sum(env.with_memcached, 5, 64), sum(env.with_redis, 5, 64))
      end,
    },
    {
      name = "promise",
      title = "What an answer is worth",
      text = [[
A replica gets a write after the client has its answer. A cashier counts with `incr`, every 5 ms, and always at redis-1,
the primary. After 1 s that node is cut off from its two replicas for 8 s (not from the cashier). The others choose a
new primary; redis-1, which hears nobody, stops after the node timeout of 2 s. Then the network is whole again.]],
      code = [[
function cashier(options)
  options.node_timeout = 2
  local w = lab.world{ seed = 1 }
  local redis = w:cache("redis", lab.cache.redis(options))
  w:run(1)
  local primary, counted = w:find("redis-1"), 0
  w:spawn(function()
    for i = 1, 2000 do
      if primary:call{ type = "incr", key = "paid" } then counted = counted + 1 end
      w:sleep(5*ms)
    end
  end)
  w:run(1)
  w:inject(lab.fault.partition{ sides = { "redis-1", { "redis-2", "redis-3" } } }, 8)
  w:run(15)
  return counted, redis:call{ key = "paid" }
end
counted, kept = cashier{ replicas = 2 }
strict_counted, strict_kept = cashier{ replicas = 2, min_replicas = 1, max_lag = 0.5 }
counted, kept]],
      predict = {
        question = "How many of the answered increments are gone in the end?",
        unit = "increments",
        tolerance = 70,
        answer = function(env) return env.counted - env.kept end,
      },
      hints = {
        "`counted` is what the cashier was told, `kept` what the cluster says in the end.",
        "For how long does redis-1 answer although nobody else hears of it?",
        "2 s, and an increment takes 5 ms and a round trip: some 350.",
      },
      check = function(t, env)
        local counted, kept = number_of(t, env, "counted"), number_of(t, env, "kept")
        number_of(t, env, "strict_counted")
        number_of(t, env, "strict_kept")
        t.that(counted > 300, "the cashier got several hundred answers", counted .. " answers")
        t.that(kept < counted, "some of what was answered is gone", ("%d of %d are kept"):format(kept, counted))
      end,
      explain = function(env)
        return ([[
%d of %d: when the old primary comes back it finds a newer one and throws its own away, and nobody is told. For a
cache that is fine, it can be read again. For a counter of money it is not. `min_replicas = 1, max_lag = 0.5` makes the
primary refuse writes when no replica has been heard of for half a second: then %d of %d are gone, and the cashier gets
errors instead. None are gone only where an answer waits for a majority, as in Raft; then each write costs that wait.

(In memcached the question does not come up: there is one copy.)]]):format(env.counted - env.kept, env.counted,
          env.strict_counted - env.strict_kept, env.strict_counted)
      end,
    },
    {
      name = "restart",
      title = "Too quick a restart",
      text = [[
Data is in memory only; roles are on disk. A supervisor restarts a crashed process as fast as it can: here after 0.5 s,
and for comparison after 5 s, with a node timeout of 2 s. 100 keys, one primary, two replicas that have them all.]],
      code = [[
function restarted(after)
  local w = lab.world{ seed = 1 }
  local redis = w:cache("redis", lab.cache.redis{ replicas = 2, node_timeout = 2 })
  w:run(1)
  for key = 1, 100 do redis:call{ type = "set", key = key, value = key } end
  w:inject(lab.fault.crash("redis-1"))
  w:run(after)
  w:inject(lab.fault.restart("redis-1"))
  w:run(5)
  local left = 0
  for key = 1, 100 do if redis:call{ key = key } then left = left + 1 end end
  return left
end
quick, slow = restarted(0.5), restarted(5)
quick, slow]],
      predict = {
        question = "The primary is back after half a second. How many of the 100 keys are in the cluster then?",
        choices = { "0", "33", "100" },
        answer = function(env) return tostring(env.quick) end,
      },
      hints = {
        "`quick` and `slow`: how many keys are left after a restart within 0.5 s and 5 s.",
        "Has anybody called for a vote after half a second? Who is the primary, then, and what does it know?",
        "It is still the primary, and empty; replicas copy their primary.",
      },
      check = function(t, env)
        local quick, slow = number_of(t, env, "quick"), number_of(t, env, "slow")
        t.that(slow == 100, "after a slow restart a replica has taken over, with all keys", slow .. " are left")
        t.that(quick == 0, "after a quick one the primary is back, without any", quick .. " are left")
      end,
      explain = [[
None, and all after the slow restart. The replicas do what they are for: they become equal to their primary, and that is
empty. The Redis documentation warns of exactly this: without persistence, do not restart automatically. A quick repair
of one part can be worse than a slow one, if the others have not yet noticed what happened.]],
    },
    {
      name = "slabs",
      title = "A new version with larger values",
      text = [[
memcached gives its memory out in pages of 1 MiB, and each page to one class of sizes, for good. For a day all values
are 200 bytes; then a new version of the app writes 500. The same popularity, 4 MiB, beside a cache that counts bytes
(LRU, with the same 48 bytes for an item's header).]],
      code = [[
function day(cache, version, size)
  local hits, asked = 0, lab.workload.zipf{ count = 20000, skew = 0.8 }:take(60000)
  for _, key in ipairs(asked) do
    key = version .. key
    if cache:get(key) then hits = hits + 1 else cache:put(key, true, size) end
  end
  return 100 * hits / #asked
end
slab, bytes = lab.cache.slab{ memory = 4*MiB }, lab.cache.lru{ capacity_bytes = 4*MiB }
before = { slab = day(slab, "v1 ", 200), bytes = day(bytes, "v1 ", 248) }
after = { slab = day(slab, "v2 ", 500), bytes = day(bytes, "v2 ", 548) }
print(chart.bars({ { "slabs, 200 bytes", before.slab }, { "slabs, 500 bytes", after.slab },
  { "bytes, 200 bytes", before.bytes }, { "bytes, 500 bytes", after.bytes } },
  { unit = "% hits", max = 100, format = function(x) return ("%.0f"):format(x) end }))]],
      predict = {
        question = "With 200 bytes both caches hit three times in four. With 500 bytes the byte counter still hits two "
          .. "times in three. And the slabs?",
        unit = "%",
        tolerance = 10,
        answer = function(env) return env.after.slab end,
      },
      hints = {
        "`before` and `after` have hit ratios in per cent: `slab` and `bytes`.",
        "All four pages went to the class of the small values. How many does the class of the large ones get?",
        "One, beyond the limit, because a class may not be without; so it works with 1 MiB instead of 4.",
      },
      check = function(t, env)
        local before, after = t.has(env, "before", "table"), t.has(env, "after", "table")
        t.that(type(before.slab) == "number" and type(after.slab) == "number" and type(after.bytes) == "number",
          "before and after have numbers for slab and bytes", "they have not")
        t.that(math.abs(before.slab - before.bytes) < 5, "on the first day they are alike",
          ("%.0f %% and %.0f %%"):format(before.slab, before.bytes))
        t.that(after.slab < after.bytes - 10, "on the second the slabs are far behind",
          ("%.0f %% and %.0f %%"):format(after.slab, after.bytes))
      end,
      explain = function(env)
        return ([[
%.0f %%, from %.0f %%: three quarters of the memory hold values that nobody will ask for again, and cannot be had. A
restart cures it, and costs the whole cache; newer versions move pages, slowly. What slabs are good for: memory is never
fragmented, and taking a chunk is one step. Redis asks malloc for each item, and has fragmentation to watch instead.]])
          :format(env.after.slab, env.before.slab)
      end,
    },
  },

  finish = [[
memcached: a cache and nothing else; all cores, no slow commands, no failover, memory in slabs. Redis: one thread for
each shard, replicas that take over with nearly everything, answers that may be taken back. If losing a server only
costs the database something, the first is simpler; if the database could not take it, pay for replicas.

To go on: how large may `node_timeout` be before the database notices the crash with Redis? What do two servers more do
for memcached? And what happens to Redis with `shards = 1, replicas = 1` (who is the majority)?]],
}

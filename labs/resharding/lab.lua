-- Resharding: a shard is added to a store that is in use, and breaks in the middle of it.

return {
  title = "A fourth shard, while everybody writes",
  minutes = 35,
  after = { "sharding-strategies" },
  summary = [[
A store with three shards gets a fourth. You count what has to move, then move it while 1000 requests a second come,
watch the dip, crash what can be crashed in the middle, and look for a write that was lost. Then you plant a mistake,
and it is.]],

  steps = {
    {
      name = "plan",
      title = "What has to move",
      text = [[
Three shards become four. How many keys change their shard depends on how keys find theirs: by the hash modulo the
number of shards; by points on a ring; by a table of buckets whose number never changes.]],
      code = [[
chart = require "chart"
plans, rows = {}, {}
for _, name in ipairs{ "hash", "consistent", "slots", "buckets" } do
  local three = lab.shard[name]{ shards = { "kv-1", "kv-2", "kv-3" } }
  local four = three:copy()
  four:add("kv-4")
  local moved, spread = three:moved(four, 20000), four:spread(20000)
  plans[name] = { moved = moved.moved / 20000, needless = moved.needless / 20000, flows = three:flows(four, 20000) }
  rows[#rows + 1] = { label = name, value = 100 * plans[name].moved,
    note = ("%.0f %% needlessly, fullest %.2f of fair"):format(100 * plans[name].needless, spread.max_over_fair) }
end
print(chart.bars(rows))]],
      predict = {
        question = "The fourth shard should get a quarter of the keys. What percentage moves with the hash modulo?",
        unit = "%",
        tolerance = 4,
        answer = function(env) return 100 * env.plans.hash.moved end,
      },
      hints = {
        "`plans.hash.moved` is the share.",
        "A key stays where its hash has the same remainder modulo 3 and modulo 4.",
        "3 of 12 hashes do: three quarters move.",
      },
      check = function(t, env)
        local plans = t.has(env, "plans", "table")
        for _, name in ipairs { "hash", "consistent", "slots", "buckets" } do
          t.that(type(plans[name]) == "table", "a plan for " .. name, "there is none")
        end
        t.that(plans.hash.moved > 0.7, "most keys move with modulo", tostring(plans.hash.moved))
        t.equal(plans.buckets.needless, 0, "needless moves with buckets")
      end,
      explain = function(env)
        local p = env.plans
        return ([[
%.0f %%, and %.0f %% of all keys go between old shards, for nothing. The others move about a quarter (%.0f %% to
%.0f %%), all of it to the new shard. A ring's shares vary; buckets and slots are dealt out to the bucket.
They need a table that all agree on, and somebody who keeps it: Redis Cluster has 16384 slots, vshard 3000
buckets by default.]]):format(
          100 * p.hash.moved, 100 * p.hash.needless, 100 * math.min(p.consistent.moved, p.slots.moved, p.buckets.moved),
          100 * math.max(p.consistent.moved, p.slots.moved, p.buckets.moved))
      end,
    },
    {
      name = "live",
      title = "Moving what is in use",
      text = [[
`store` builds one: a manager that knows which shard owns which of 60 buckets, three shards, a proxy that clients ask,
3000 rows. Then 1000 requests a second, and a fourth shard at 2 s. The manager moves 15 buckets to it, one after the
other: rows are copied while requests go on, what is written meanwhile is sent again, and only the end is frozen.]],
      code = [[
function store(o)
  w = lab.world{ seed = o.seed or 1, keep = 0 }
  m = w:service("manager", { slots = 8, filters = { lab.shard.manager{ count = 60, shards = 3, bug = o.bug,
    max_sending = o.sending, interval = 0.2, failure_after = 1 } } })
  function add(name)
    return w:service(name, { time = lab.dist.exp{ mean = 2*ms }, slots = 2, filters = {
      lab.shard.server{ manager = m, writes = o.writes, bug = o.bug, breath = o.breath }, lab.store.rows() } })
  end
  for i = 1, 3 do add("kv-" .. i) end
  db = w:service("db", { slots = 400, filters = { lab.shard.proxy{ manager = m } } })
  w:run(2)
  for from = 1, o.rows or 3000, 100 do
    local rows = {}
    for key = from, from + 99 do rows[#rows + 1] = { key = key, value = key } end
    db:call{ type = "put_many", entries = rows, timeout = 5 }
  end
end
function grow(o)
  store(o)
  local from = w:now()
  traffic = w:load{ to = db, rate = 1000, timeout = 1, mix = { read = 0.7, write = 0.3 },
    keys = lab.workload.uniform{ count = 3000 } }
  w:at(from + 2, function() add("kv-4") end)
  w:run(2.2)
  w:run_until(function() return m:state().filters[1].moved >= 15 end, 20)
  local took = w:now() - from - 2
  w:run(math.max(0, from + 6 - w:now()))
  local status, proxy = m:call{ type = "shard_status" }, db:state().filters[1]
  return { load = traffic:report(), errors = traffic:errors(), took = took, moved = status.moved,
    p99 = traffic:percentile(99), longest = traffic:percentile(100), redirects = proxy.redirects, waits = proxy.waits }
end
calm = grow{}
print(calm.load)
calm.took, calm.moved, calm.errors, calm.redirects]],
      predict = {
        question = "750 rows and their buckets change their shard under load. How many requests fail?",
        choices = { "none", "about one in a thousand", "about one in a hundred" },
        answer = function(env)
          return env.calm.errors == 0 and "none" or env.calm.errors < 60 and "about one in a thousand"
            or "about one in a hundred"
        end,
      },
      hints = {
        "`calm.errors`.",
        "Who asks the wrong shard is told which is the right one, and asks there.",
        "None. `.go` types the code.",
      },
      check = function(t, env)
        local calm = t.has(env, "calm", "table")
        t.equal(calm.moved, 15, "buckets moved")
        t.equal(calm.errors, 0, "requests that failed")
        t.that(calm.redirects > 0, "the proxy was redirected", "it never was")
      end,
      explain = function(env)
        return ([[
None. 15 buckets took %.1f s. The proxy's map was wrong %d times: the old shard refuses with MOVED and says who has the
bucket now, as in Redis Cluster, and the proxy asks there. What you see in the picture is the price: the 99th
percentile while rows are read and copied by shards that also serve.]]):format(env.calm.took, env.calm.redirects)
      end,
    },
    {
      name = "pace",
      title = "How fast is too fast",
      text = [[
The same with five buckets at a time from each shard; and one at a time, with a breath of 20 ms after each chunk of
rows; and with writes refused during the whole copy of a bucket, as vshard does, not only at its end.]],
      code = [[
fast, gentle, blocked = grow{ sending = 5 }, grow{ breath = 20*ms }, grow{ writes = "blocked" }
paces = {}
for _, row in ipairs{ { "one at a time", calm }, { "five", fast }, { "a breath", gentle },
  { "writes blocked", blocked } } do
  local r = row[2]
  paces[#paces + 1] = { row[1], r.took, r.p99, r.longest, r.waits, r.errors }
end
print(chart.table{ rows = paces, columns = { "pace", { title = "took", format = "%.1f s" },
  { title = "p99", format = function(v) return ("%.0f ms"):format(v * 1000) end },
  { title = "longest", format = function(v) return ("%.0f ms"):format(v * 1000) end }, "asked again", "errors" } })]],
      predict = {
        question = "Five at a time ends sooner. By what factor is the 99th percentile worse than with one?",
        unit = "times",
        tolerance = 4,
        answer = function(env) return env.fast.p99 / env.calm.p99 end,
      },
      hints = {
        "`fast.p99` and `calm.p99`.",
        "Each copy reads 50 rows at a time, and requests wait behind them in the same queue.",
        "Several times.",
      },
      check = function(t, env)
        t.that(t.has(env, "fast", "table").took < env.calm.took, "five at a time are sooner done", "they are not")
        t.that(env.fast.p99 > 1.5 * env.calm.p99, "and are felt more", "they are not")
        t.equal(t.has(env, "blocked", "table").errors, 0, "errors with writes blocked")
      end,
      explain = function(env)
        return ([[
%.1f times: %.1f s against %.1f s, paid by whoever waits. That is why max_sending is 1 in vshard and why every store has
a knob for the pace. Blocking writes loses nothing, but %d requests had to be repeated instead of %d.]]):format(
          env.fast.p99 / env.calm.p99, env.fast.took, env.calm.took, env.blocked.waits,
          env.calm.waits)
      end,
    },
    {
      name = "crash",
      title = "In the middle of it",
      text = [[
Now with clients that record what they saw, four keys, buckets that move all the time, and a crash of the sender, of
the receiver and of the manager in turn, in the middle of moves. The checker looks for one order that explains every
answer (linearizable).]],
      code = [[
function ordeal(o)
  o.rows = 0
  store(o)
  add("kv-4")
  local clients = w:clients{ to = db, count = 6, keys = 4, think = lab.dist.exp{ mean = 8*ms },
    mix = { read = 0.5, write = 0.4, cas = 0.1 } }
  w:spawn(function()
    while w:now() < 16 do
      m:call{ type = "shard_move", bucket = w:random(60) - 1, to = "kv-" .. w:random(4) }
      w:sleep(30*ms)
    end
  end)
  for round = 0, 2 do
    for i, who in ipairs{ "kv-1", "kv-4", "manager" } do
      local at = w:now() + 1 + 4 * round + 1.2 * (i - 1)
      w:at(at, lab.fault.crash{ target = who, disk = "synced" })
      w:at(at + 0.4, lab.fault.restart(who))
    end
  end
  if o.duplicates then w:inject(lab.fault.duplicate{ probability = 0.5 }) end
  w:run(18)
  clients:stop()
  w:run(3)
  local status = m:call{ type = "shard_status" }
  return { verdict = lab.check.linearizable(clients:history(), "register"), ok = clients:ok(), moved = status.moved,
    left = status.moves, given_up = status.given_up, unknown = clients:unknown() }
end
result = ordeal{}
print(result.verdict)
result.ok, result.moved, result.given_up, result.left]],
      predict = {
        question = "Nine crashes during some hundred moves. What does the checker say?",
        choices = { "ok", "violated" },
        answer = function(env) return env.result.verdict.verdict end,
      },
      hints = {
        "`result.verdict.verdict`.",
        "Every step of a move is on a disk before anybody hears of it.",
        "ok: that is the point of all the steps.",
      },
      check = function(t, env)
        local r = t.has(env, "result", "table")
        t.equal(r.verdict.verdict, "ok", "the verdict")
        t.that(r.moved > 50, "many buckets moved", r.moved .. " did")
        t.equal(r.left, 0, "moves that did not end")
      end,
      explain = function(env)
        local r = env.result
        return ([[
ok: %d operations, %d moves, %d of them given up, none left unfinished; %d operations ended without an answer. The order
that makes it so: the receiver seals its copy on its disk, the sender writes down that it serves no more, the manager
writes down the new owner (this is the moment), and then tells both, again and again, until they have said
so.]]):format(
          r.ok, r.moved, r.given_up, r.unknown)
      end,
    },
    {
      name = "mistake",
      title = "One line less",
      text = [[
The server can be given a mistake (`bug`), each one that somebody has made. `forgets_writes`: what is written during
the copy is not sent after it. No crash is needed; `hunt` tries seeds until the checker objects.]],
      code = [[
function hunt(bug, duplicates)
  for seed = 1, 20 do
    local found = ordeal{ seed = seed, bug = bug, duplicates = duplicates }
    w:close()
    if found.verdict.verdict == "violated" then return seed, found.verdict end
  end
end
seed, lost = hunt("forgets_writes")
print(lost)
seed]],
      predict = {
        question = "How many seeds does it take?",
        unit = "seeds",
        tolerance = 3,
        answer = function(env) return env.seed end,
      },
      hints = {
        "`seed` is the first that fails.",
        "Six clients write to four keys all the time, and buckets move all the time.",
        "One or two.",
      },
      check = function(t, env)
        t.equal(t.has(env, "lost", "table").verdict, "violated", "the verdict")
      end,
      explain = function(env)
        return ([[
Seed %d. An acknowledged write is not there after the move: the drawing above shows who read what. Without a checker
nobody would have noticed: no error, no log line, all shards up. Others to hunt: "switches_early", "serves_after_move",
"drains_nothing", "reads_unsynced"; 15 in all, see help(lab.shard.server).]]):format(env.seed)
      end,
    },
    {
      name = "full",
      title = "Nobody moves to the dead",
      text = [[
The fourth shard comes, and dies for good after half a second, in the middle of receiving. The manager hears no
heartbeats any more.]],
      code = [[
store{ sending = 3 }
traffic = w:load{ to = db, rate = 300, timeout = 1, keys = lab.workload.uniform{ count = 3000 } }
w:at(w:now() + 1, function() add("kv-4") end)
w:run(1)
w:run_until(function() return m:state().filters[1].moves > 0 end, 10)
w:inject(lab.fault.crash{ target = "kv-4", disk = "synced" })
before = m:call{ type = "shard_status" }
w:run(8)
after = m:call{ type = "shard_status" }
print(w:show())
after.given_up, after.moves, after.shards["kv-4"].alive]],
      predict = {
        question = "What becomes of the moves that were on their way to it?",
        choices = { "they wait for it", "they are given up, and the old owners serve on" },
        answer = function(env)
          return env.after.given_up > 0 and env.after.moves == 0 and "they are given up, and the old owners serve on"
            or "they wait for it"
        end,
      },
      hints = {
        "`after.given_up` and `after.moves`.",
        "Until the manager has written down a new owner, it can change its mind.",
        "They are given up: the old owner gets the bucket back, in a new epoch.",
      },
      check = function(t, env)
        t.that(t.has(env, "after", "table").given_up > 0, "moves were given up", "none was")
        t.equal(env.after.shards["kv-4"].alive, false, "the fourth shard is alive")
      end,
      explain = function(env)
        return ([[
%d moves are given up, in a new epoch, so that whatever the dead shard's disk still says is overtaken. What it owned
already (%d buckets) is not there until it is back: a shard is one copy here. Replicas of each shard are another lab
(replication-modes); and the manager, which is one node, would be kept in a replicated log (consensus).]]):format(
          env.after.given_up, env.after.shards["kv-4"].buckets)
      end,
    },
  },
  finish = [[
Fix the number of buckets for life and move buckets, not keys; copy, send again, freeze, seal, and let one disk decide;
refuse with the right address; slow down. Next: least-loaded-writes, cross-shard-joins.]],
}

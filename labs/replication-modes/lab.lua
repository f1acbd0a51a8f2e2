-- What a copy costs and what it is worth: writes that were acknowledged and are lost, beside the time a write takes.

return {
  title = "How many copies has a write when it is acknowledged?",
  minutes = 30,
  after = { "latency-and-throughput" },
  summary = [[
A primary and two backups, 5 ms apart, and a primary that burns down. You measure, for synchronous, semi-synchronous and
asynchronous replication, for log shipping and for snapshots, how long a write takes and how many acknowledged writes
are gone.]],

  steps = {
    {
      name = "sync",
      title = "Everybody has it before anybody hears of it",
      text = [[
Four writers, each write under a key of its own. At 10 s the primary's machine is gone for good, and the monitor names
another one. Afterwards we ask for every write that was acknowledged. `trial` does all of this; the modes differ in
one option. First sync: a write is acknowledged when all backups have it on disk.]],
      code = [[
function trial(protocol, options)
  options = options or {}
  local w = lab.world{ seed = 4, latency = 5*ms }
  local kv = w:replicas("kv", protocol)
  local r = { acked = {}, took = 0, w = w }
  for writer = 1, 4 do
    w:spawn(function()
      local target = 1
      for n = 1, 1000000 do
        local key, begun = ("%d/%d"):format(writer, n), w:now()
        local done = kv[target]:call{ type = "write", key = key, value = begun, client = "w" .. writer, seq = n,
          timeout = 1 }
        if done then
          r.acked[#r.acked + 1] = { key = key, at = w:now() }
          if w:now() < 9 then r.took = math.max(r.took, w:now() - begun) end
        else
          target = target % #kv + 1
        end
        if w:now() > 16 then return end
        w:sleep(20*ms)
      end
    end)
  end
  if options.before then options.before(w) end
  w:at(10, lab.fault.crash{ target = "primaries", power = true })
  w:run(18)
  local reader = 1
  local function reads(key)
    for _ = 1, #kv do
      local value, err = kv[reader]:call{ type = "read", key = key, timeout = 0.2 }
      if not err then return value end
      reader = reader % #kv + 1
    end
  end
  r.lost, r.rpo = 0, 0
  for _, write in ipairs(r.acked) do
    if reads(write.key) == nil then
      r.lost, r.rpo = r.lost + 1, math.max(r.rpo, 10 - write.at)
    end
  end
  return r
end
primary_backup = lab.replicate.primary_backup
sync = trial(primary_backup{ count = 3, mode = "sync" })
sync.lost]],
      predict = {
        question = "The primary burns. How many acknowledged writes are lost?",
        unit = "writes",
        tolerance = 0.5,
        answer = function(env) return env.sync.lost end,
      },
      hints = {
        "`sync.lost` counts the acknowledged writes that nobody has any more.",
        "Who had a write when its writer heard that it was done?",
        "Both backups. `.go` types the code.",
      },
      check = function(t, env)
        local sync = t.has(env, "sync", "table")
        t.that(#sync.acked > 100, "more than 100 writes were acknowledged", #sync.acked .. " were")
        t.equal(sync.lost, 0, "acknowledged writes that are lost")
      end,
      explain = function(env)
        return ([[
%d of %d. The price is on every write: %.1f ms at worst, which is a way to a backup and back (10 ms), its disk, and
for some a hop to the primary. And the slowest backup sets the pace.]]):format(env.sync.lost, #env.sync.acked,
          1000 * env.sync.took)
      end,
    },
    {
      name = "async",
      title = "Nobody has it",
      text = [[
The same crash with `mode = "async"`: acknowledged as soon as the primary's own disk has it. The backups are sent the
log at once, so they are some 5 ms behind.]],
      code = [[
async = trial(primary_backup{ count = 3, mode = "async" })
async.took / sync.took]],
      predict = {
        question = "How does a write's time compare with sync?",
        choices = { "about the same", "about a third", "less than a hundredth" },
        answer = function(env)
          local share = env.async.took / env.sync.took
          return share > 0.75 and "about the same" or share > 0.01 and "about a third" or "less than a hundredth"
        end,
      },
      hints = {
        "`async` is a trial with `mode = \"async\"`.",
        "Which way is saved, and which one is not?",
        "The writer still has to reach the primary and to wait for its disk.",
      },
      check = function(t, env)
        local async = t.has(env, "async", "table")
        t.that(async.took < t.has(env, "sync", "table").took, "a write takes less time than in sync",
          ("%.1f ms"):format(1000 * async.took))
      end,
      explain = function(env)
        return ([[
%.1f ms in place of %.1f ms, and %d acknowledged writes lost: what was on its way in the last %.0f ms. On a good day
asynchronous replication loses almost nothing. That is what makes it dangerous: nobody sees a bad day coming.]]):format(
          1000 * env.async.took, 1000 * env.sync.took, env.async.lost, 1000 * env.async.rpo)
      end,
    },
    {
      name = "bad_day",
      title = "A bad day",
      text = [[
From 6 s on the primary cannot reach its backups (the writers still reach it), and at 10 s it burns. This is how it
usually goes: one fault, and then the next. Async again, and semi-sync, which waits for one backup, but no longer than
1 s: then it goes on alone. (So does MySQL's, after 10 s.) And sync, told that one backup at least must be in sync.]],
      code = [[
function bad_day(w)
  w:at(6, lab.fault.partition{ sides = { { "kv-1" }, { "kv-2", "kv-3" } } }, 4)
end
async_bad = trial(primary_backup{ count = 3, mode = "async" }, { before = bad_day })
semi_bad = trial(primary_backup{ count = 3, mode = "semi_sync", semi_timeout = 1 }, { before = bad_day })
sync_bad = trial(primary_backup{ count = 3, mode = "sync", in_sync_min = 1 }, { before = bad_day })
semi_bad.lost]],
      predict = {
        question = "Does semi-sync lose acknowledged writes?",
        choices = { "none: one backup always has them", "some: after 1 s it is async" },
        answer = function(env)
          return env.semi_bad.lost == 0 and "none: one backup always has them" or "some: after 1 s it is async"
        end,
      },
      hints = {
        "You need the trials `async_bad`, `semi_bad` and `sync_bad`.",
        "What does a semi-synchronous primary do when the second is over?",
        "It acknowledges alone, for 3 s.",
      },
      check = function(t, env)
        t.that(t.has(env, "async_bad", "table").lost > 100, "async loses what was acknowledged in 4 s",
          env.async_bad.lost .. " writes")
        t.that(t.has(env, "semi_bad", "table").lost > 0, "semi-sync loses some", "none")
      end,
      explain = function(env)
        return ([[
Async lost %d writes (RPO %.1f s), semi-sync %d (%.1f s), sync %d. But sync acknowledged %d writes in all, and async %d:
while its backups were away it acknowledged none. That is the choice: lose writes, or refuse them. (Without
`in_sync_min` it would have gone on alone, and after the fire nobody could have taken over.)]]):format(
          env.async_bad.lost, env.async_bad.rpo, env.semi_bad.lost, env.semi_bad.rpo, env.sync_bad.lost,
          #env.sync_bad.acked, #env.async_bad.acked)
      end,
    },
    {
      name = "shipping",
      title = "Logs by the hour, copies by the night",
      text = [[
Older and cheaper: the log goes out every 2 s (log shipping, also called transactional replication), or a copy of the
whole store does (snapshot replication). Both take nothing from a write. The crash is at 10 s, nothing else fails.]],
      code = [[
shipped = trial(lab.replicate.log_shipping{ count = 3, every = 2, failover = "automatic" })
copied = trial(lab.replicate.snapshot{ count = 3, every = 4, failover = "automatic" })
shipped.rpo, copied.rpo]],
      predict = {
        question = "How many seconds of writes does log shipping every 2 s lose at most?",
        unit = "s",
        tolerance = 1,
        answer = function(env) return env.shipped.rpo end,
      },
      hints = {
        "The trials are `shipped` and `copied`.",
        "When was the last shipment before 10 s?",
        "No longer ago than one interval.",
      },
      check = function(t, env)
        t.that(t.has(env, "shipped", "table").rpo <= 2.1, "no more than one interval is lost",
          ("%.1f s"):format(env.shipped.rpo))
        t.that(t.has(env, "copied", "table").rpo <= 4.1, "no more than one interval is lost",
          ("%.1f s"):format(env.copied.rpo))
        t.that(env.shipped.lost > 0, "something is lost", "nothing")
      end,
      explain = function(env)
        return ([[
%.1f s and %.1f s: the interval is the RPO, plus the time a shipment takes. What a copy of everything costs grows with
the store, what a log costs with the writes. A log can also be cut: promoted with `until`, a subscriber has the store as
it was before somebody deleted the wrong table.]]):format(env.shipped.rpo, env.copied.rpo)
      end,
    },
    {
      name = "table",
      title = "All of them, on one day",
      text = [[
The price beside what it buys. The day is the bad one for all of them.]],
      code = [[
chart = require "chart"
days = {
  { "sync", sync_bad }, { "semi-sync", semi_bad }, { "async", async_bad },
  { "log shipping", trial(lab.replicate.log_shipping{ count = 3, every = 2, failover = "automatic" },
    { before = bad_day }) },
  { "snapshot", trial(lab.replicate.snapshot{ count = 3, every = 4, failover = "automatic" }, { before = bad_day }) },
}
good = { sync, trial(primary_backup{ count = 3, mode = "semi_sync" }), async, shipped, copied }
rows, bars = {}, {}
for i, day in ipairs(days) do
  rows[i] = { day[1], ("%.1f"):format(1000 * good[i].took), good[i].lost, day[2].lost, ("%.1f"):format(day[2].rpo) }
  bars[i] = { day[1], day[2].rpo }
end
print(chart.table{ rows = rows, columns = { "mode", "a write, ms", "lost, good day", "lost, bad day", "RPO, s" } })
print(chart.bars(bars, { unit = "s of acknowledged writes lost on the bad day" }))]],
      hints = {
        "`days` has five rows: a name and its trial.",
        "Run the two that are missing with `before = bad_day`.",
        "`.go` types the code.",
      },
      predict = {
        question = "Which mode loses most on the bad day?",
        choices = { "sync", "semi-sync", "async", "log shipping", "snapshot" },
        answer = function(env)
          local worst = env.days[1]
          for _, day in ipairs(env.days) do
            if day[2].rpo > worst[2].rpo then worst = day end
          end
          return worst[1]
        end,
      },
      check = function(t, env)
        local days = t.has(env, "days", "table")
        t.equal(#days, 5, "the modes")
        t.equal(days[1][2].lost, 0, "what sync loses")
      end,
      explain = function(env)
        return ([[
Sync lost nothing even then; the others between %.1f s and %.1f s. No mode is wrong: a cache of sessions may lose ten
seconds, a ledger may not lose one write, and the milliseconds are paid on every write of every good day.]]):format(
          math.min(env.days[2][2].rpo, env.days[3][2].rpo), math.max(env.days[4][2].rpo, env.days[5][2].rpo))
      end,
    },
  },
  finish = [[
Ask of every database that you use: when it says "done", who has it? PostgreSQL's `synchronous_commit`, MySQL's
`rpl_semi_sync_source_timeout`, Kafka's `acks` and `min.insync.replicas`, Redis' `WAIT`: each is a row of your table.]],
}

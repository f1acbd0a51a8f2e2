-- A primary that is cut off is not dead: two primaries, drawn; and three ways to make sure that there is one.

return {
  title = "Is it dead, or only silent?",
  minutes = 25,
  after = { "replication-modes" },
  summary = [[
A monitor names another primary when the old one falls silent. You cut the old one off without killing it, watch two
primaries answer at once, judge what their clients saw, and then end it: by epochs, by a lease, by the power switch.]],

  steps = {
    {
      name = "failover",
      title = "It works when it is dead",
      text = [[
Three replicas, a monitor that hears a heartbeat from each every 50 ms and waits 250 ms. Two clients read and write.
At 2 s the primary crashes.]],
      code = [[
function cluster(options)
  options.count, options.mode = 3, options.mode or "async"
  local w = lab.world{ seed = 3 }
  local kv = w:replicas("kv", lab.replicate.primary_backup(options))
  w:run(1)
  local near = w:clients{ name = "near", count = 2, to = { kv[1], kv[2] }, keys = 1, timeout = 0.2 }
  local far = w:clients{ name = "far", count = 2, to = { kv[2], kv[3] }, keys = 1, timeout = 0.2 }
  return { w = w, kv = kv, near = near, far = far }
end
c = cluster{ fencing = "none" }
c.w:at(2, lab.fault.crash("kv-1"))
answered = {}
for slot = 21, 60 do
  local before = c.near:ok() + c.far:ok()
  c.w:run(50*ms)
  answered[slot - 20] = c.near:ok() + c.far:ok() - before
end
gap = 0
for slot = 21, 40 do if answered[slot] == 0 then gap = gap + 50 end end
chart = require "chart"
print(chart.timeline{ rows = { { label = "answers", values = answered } }, from = 1, to = 3 })
gap]],
      predict = {
        question = "For how many milliseconds does nobody answer?",
        unit = "ms",
        tolerance = 120,
        answer = function(env) return env.gap end,
      },
      hints = {
        "`c` is the cluster, `gap` the milliseconds without an answer.",
        "How long does the monitor wait before it believes it?",
        "250 ms of silence, and up to a heartbeat more on either side.",
      },
      check = function(t, env)
        local c = t.has(env, "c", "table")
        t.that(c.w:snapshot() ~= nil and t.has(env, "gap", "number") > 0, "nobody answers for a while", "no gap")
      end,
      explain = function(env)
        return ([[
Some %d ms: the silence that the monitor waits for, and the handing over. A shorter timeout fails over faster, and also
when the primary was only slow. The monitor cannot know which; nobody can.]]):format(env.gap)
      end,
    },
    {
      name = "split",
      title = "It is not dead",
      text = [[
Now the primary is cut off from the monitor and from the other replicas, for 2 s. Half of the clients still reach it.
The monitor hears silence, and does what it did before. `fencing = "none"`.]],
      code = [[
function cut(options)
  local c = cluster(options)
  c.w:at(2, lab.fault.partition{ sides = { { "kv-1" }, { "kv-2", "kv-3", "kv-monitor" } } }, 2)
  c.w:run(2)
  c.primaries = 0
  for _, node in ipairs(c.w:nodes()) do
    if node:state().role == "primary" then c.primaries = c.primaries + 1 end
  end
  c.picture = c.w:messages{ from = 2.9, to = 2.96, nodes = { "near", "kv-1", "kv-2", "kv-3", "far" },
    types = { "read", "write", "cas" }, rows = 40 }
  c.w:run(1 + 1.5)
  c.near:stop() c.far:stop()
  c.w:run(1)
  c.lost = 0
  for _, node in ipairs(c.kv) do c.lost = c.lost + node:state().lost end
  return c
end
split = cut{ fencing = "none" }
print(split.picture)
split.primaries]],
      predict = {
        question = "How many primaries are there at 3 s?",
        unit = "primaries",
        tolerance = 0.5,
        answer = function(env) return env.split.primaries end,
      },
      hints = {
        "`split.primaries` counts the nodes whose role is primary.",
        "Who has told the old one?",
        "Nobody could. It is still the primary, as far as it knows.",
      },
      check = function(t, env) t.equal(t.has(env, "split", "table").primaries, 2, "primaries at once") end,
      explain = function(env)
        return ([[
Two, and in the picture both answer: `near` writes at kv-1, `far` at kv-2, the same key. When the partition heals, kv-1
becomes a backup of kv-2 and drops what it had acknowledged alone: %d writes. It says so (`lost` in its state);
most systems drop them without a word.]]):format(env.split.lost)
      end,
    },
    {
      name = "epochs",
      title = "Backups that obey only the newest",
      text = [[
Each new primary gets an epoch, a number that only grows, and the backups obey no earlier one. In `async` that does not
help: the old primary asks nobody. In `sync` it has to ask: it acknowledges what its backups have acknowledged. The
same cut, once more.]],
      code = [[
epochs = cut{ fencing = "epoch", mode = "async" }
sync_epochs = cut{ fencing = "epoch", mode = "sync" }
print("lost:", epochs.lost, sync_epochs.lost)
sync_epochs.lost]],
      predict = {
        question = "How many acknowledged writes does sync with epochs lose?",
        unit = "writes",
        tolerance = 0.5,
        answer = function(env) return env.sync_epochs.lost end,
      },
      hints = {
        "You need the clusters `epochs` and `sync_epochs`.",
        "Can kv-1 acknowledge anything while it is cut off?",
        "Not without its backups, and they are on the other side.",
      },
      check = function(t, env)
        t.that(t.has(env, "epochs", "table").lost > 0, "async loses writes in spite of epochs", "none")
        t.equal(t.has(env, "sync_epochs", "table").lost, 0, "acknowledged writes that sync loses")
      end,
      explain = function(env)
        return ([[
None, where async lost %d. An epoch (Raft's term, Kafka's leader epoch, a fencing token at a storage service) protects
what checks it. The old primary's own memory checks nothing: it may still answer reads from it, unless it asks
first, as this one does in sync.]]):format(env.epochs.lost)
      end,
    },
    {
      name = "lease",
      title = "A primary that knows when to stop",
      text = [[
A lease: the primary serves for 200 ms after it has heard from the monitor, by its own clock, and the monitor waits for
as long before it names another one. Nobody has to reach the old primary. Async again.]],
      code = [[
lease = cut{ fencing = "lease", lease = 0.2, mode = "async" }
stonith = cut{ fencing = "stonith", mode = "async" }
rows = {}
for _, row in ipairs{ { "none", split }, { "epoch", epochs }, { "lease", lease }, { "stonith", stonith } } do
  rows[#rows + 1] = { row[1], row[2].primaries, row[2].lost, row[2].near:ok() + row[2].far:ok() }
end
print(chart.table{ rows = rows, columns = { "fencing", "primaries at 3 s", "acknowledged, lost", "answers" } })
print(lease.picture)
lease.lost]],
      predict = {
        question = "kv-1 acknowledged alone while its lease lasted. How does what is lost compare with `none`?",
        choices = { "as many lost", "a fraction of it" },
        answer = function(env) return env.lease.lost * 2 > env.split.lost and "as many lost" or "a fraction of it" end,
      },
      hints = {
        "You need the clusters `lease` and `stonith`.",
        "For how long may kv-1 go on after 2 s?",
        "200 ms of 2 s.",
      },
      check = function(t, env)
        t.that(t.has(env, "lease", "table").lost < env.split.lost, "a lease loses less than no fencing",
          env.lease.lost .. " writes")
        t.has(env, "stonith", "table")
      end,
      explain = function(env)
        return ([[
%d in place of %d: what it acknowledged until the lease was over; then kv-1 refuses, as the picture shows. STONITH
("shoot the other node in the head": the monitor switches its power off) lost %d. A lease trusts clocks to run at
nearly the same rate; a power switch trusts that it works. With `async`, neither brings back what only kv-1 had.]])
          :format(env.lease.lost, env.split.lost, env.stonith.lost)
      end,
    },
    {
      name = "judge",
      title = "Ask the judge",
      text = [[
Was it one store, as far as its clients could see? Linearizability says. The histories of both groups of clients of the
first cut, and of sync with a lease, judged.]],
      code = [[
function verdict(options)
  local w = lab.world{ seed = 3 }
  local kv = w:replicas("kv", lab.replicate.primary_backup(options))
  w:run(1)
  local clients = w:clients{ count = 4, to = kv, keys = 1, timeout = 0.6, retries = 3 }
  w:at(2, lab.fault.partition{ sides = { { "kv-1" }, { "kv-2", "kv-3", "kv-monitor" } } }, 2)
  w:run(5)
  return lab.check.linearizable(clients:history(), "register")
end
without = verdict{ count = 3, mode = "async", fencing = "none" }
with = verdict{ count = 3, mode = "sync", fencing = "lease" }
print(without.text)
with.verdict]],
      predict = {
        question = "And sync with a lease?",
        choices = { "ok", "violated", "unknown" },
        answer = function(env) return env.with.verdict end,
      },
      hints = {
        "The verdicts are `without` and `with`.",
        "What can a client of sync with a lease see that one store would not show?",
        "Nothing.",
      },
      check = function(t, env)
        t.equal(t.has(env, "without", "table").verdict, "violated", "the verdict without fencing")
        t.equal(t.has(env, "with", "table").verdict, "ok", "the verdict with a lease, in sync")
      end,
      explain = [[
Without fencing no order of the operations explains the answers; with copies before acknowledgements, and one primary at
a time, there is one. Both are needed: fencing alone does not make copies, and copies alone do not make one primary.]],
    },
  },
  finish = [[
In October 2018 a link of GitHub's was away for 43 seconds. Its failover named primaries on the other coast, and both
sides had writes that the other one lacked; putting it right took a day. Look for the fencing in what you run: epochs in
Kafka, leases in Chubby and etcd's clients, STONITH in Pacemaker.]],
}

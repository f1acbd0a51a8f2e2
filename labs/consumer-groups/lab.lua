return {
  title = "Many readers, one group",
  minutes = 40,
  summary = [[
A group of consumers shares the partitions of a topic. You add members, crash them, slow them down, and see what is
done twice, what is never done, and for how long everybody waits.]],
  after = { "log-streams" },
  steps = {
    {
      name = "more_members",
      title = "More members",
      text = [[
A topic with six partitions, and a group of so many workers, each one slot that takes 0.1 s a record. 60 records a
second come in for 20 s; then we look at the lag: how many records the group has not committed.]],
      code = [[
function cluster()
  w = lab.world{ seed = 5 }
  history = lab.history()
  kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, history = history, rebalance_delay = 1,
    topics = { orders = { partitions = 6, min_insync = 2 } } })
  w:run(6)
end
done, finished, gaps = {}, {}, {}
function worker(name, options)
  options = options or {}
  local setup = { from = kafka, group = "billing", topics = { "orders" }, history = history, session = 9,
    heartbeat = options.heartbeat or 1, commit = options.commit or "auto", assignor = options.assignor,
      instance = options.instance,
    poll_interval = options.poll_interval or 60, poll_records = options.poll_records or 10, failed = options.failed }
  return w:service(name, { filters = { lab.stream.consumer(setup) }, handler = function(r, context)
    if r.type ~= "record" then return true end
    if r.value == options.poison then return nil, { code = "malformed", message = "no price" } end
    context:sleep(options.work or 0.1)
    done[r.value] = (done[r.value] or 0) + 1
    local p, now = r.partition, w:now()
    gaps[p] = math.max(gaps[p] or 0, now - (finished[p] or now))
    finished[p] = now
    return true
  end })
end
function send(count, rate)
  for i = 1, count do
    kafka[1]:call{ type = "produce", topic = "orders", partition = i % 6, value = i, acks = "all", timeout = 5 }
    if rate then w:run(1 / rate) end
  end
end
function lag() return kafka[1]:call{ type = "lag", group = "billing", timeout = 5 }.lag end
function lag_with(members)
  cluster(); done = {}
  for i = 1, members do worker("worker-" .. i, { commit = "after" }) end
  w:run(5); send(600, 60); w:run(5)
  return lag()
end
lags = { [1] = lag_with(1), [3] = lag_with(3), [6] = lag_with(6), [9] = lag_with(9) }
for _, n in ipairs{ 1, 3, 6, 9 } do print(n .. " members", "lag " .. lags[n]) end]],
      predict = {
        question = "With six members nearly nothing lags. What do three more change?",
        choices = { "the lag falls further", "nothing: they have no partition", "two members share a partition" },
        answer = function() return "nothing: they have no partition" end,
      },
      hints = {
        "`lags[n]` is the lag with n members.",
        "A partition has one reader in the group, because its order is worth keeping.",
        "Six partitions, so six members have work; the others wait for one of them to die.",
      },
      check = function(t, env)
        local lags = t.has(env, "lags", "table")
        t.that(type(lags[1]) == "number" and type(lags[9]) == "number", "lags for 1, 3, 6 and 9 members",
          "some are missing")
        t.that(lags[1] > lags[3] and lags[3] >= lags[6], "more members, less lag",
          ("%d, %d, %d"):format(lags[1], lags[3], lags[6]))
        t.that(lags[9] >= lags[6] - 20, "but not beyond six", tostring(lags[9]))
      end,
      explain = function(env)
        return ([[
%d, %d, %d, %d for 1, 3, 6 and 9 members. Partitions are the unit of sharing: as many members as partitions can work,
the rest stand by. How many partitions a topic has is decided when it is made, and by the key's hash, so it is worth a
thought.]]):format(env.lags[1], env.lags[3], env.lags[6], env.lags[9])
      end,
    },
    {
      name = "crash",
      title = "A crash in mid-work",
      text = [[
Two workers, 60 records, commits every 5 s ("auto"). One of them crashes after 4 s of work. The other one takes over at
the last commit when the session of 9 s is over.]],
      code = [[
function crash_with(commit)
  cluster(); done = {}
  worker("worker-1", { commit = commit }); worker("worker-2", { commit = commit })
  w:run(8); send(120)
  w:run(3)
  w:inject(lab.fault.crash("worker-1"))
  w:run(40)
  return lab.check.stream{ history = history }
end
by_time = crash_with("auto")
by_record = crash_with("after")
print("every 5 s: ", by_time.repeated .. " done twice", by_time.skipped .. " skipped")
print("each record:", by_record.repeated .. " done twice", by_record.skipped .. " skipped")]],
      predict = {
        question = "And with a commit after each record (\"after\"): how many are done twice at most?",
        unit = "records",
        tolerance = 3,
        answer = function(env) return env.by_record.repeated end,
      },
      hints = {
        "`by_time` and `by_record` are verdicts of `lab.check.stream`; look at `repeated` and `skipped`.",
        "What was done and not yet committed is done again.",
        "A commit after each: at most the one record of each partition whose commit was under way.",
      },
      check = function(t, env)
        local a, b = t.has(env, "by_time", "table"), t.has(env, "by_record", "table")
        t.that(a.verdict == "ok" and b.verdict == "ok", "both keep the stream's promises",
          a.message .. "; " .. b.message)
        t.that(a.repeated > b.repeated, "rare commits repeat more", a.repeated .. " and " .. b.repeated)
        t.equal(a.skipped + b.skipped, 0, "skipped records")
      end,
      explain = function(env)
        return ([[
%d, and %d with a commit every 5 s. Work first, then commit, is *at least once*, and the time between commits is how
much is repeated after a crash. Nothing is skipped either way. What must not happen twice has to be recognised by
whoever does it (an idempotent consumer).]]):format(env.by_record.repeated, env.by_time.repeated)
      end,
    },
    {
      name = "before",
      title = "Commit first, then work",
      text = "The same crash, but each record is committed *before* it is worked on. Work takes 0.5 s here.",
      code = [[
cluster(); done = {}
worker("worker-1", { commit = "before", work = 0.5 }); worker("worker-2", { commit = "before", work = 0.5 })
w:run(8); send(60); w:run(3)
w:inject(lab.fault.crash("worker-1"))
w:run(60)
before_work = lab.check.stream{ history = history, groups = { billing = "at_most_once" } }
before_work.repeated, before_work.skipped]],
      predict = {
        question = "What happens to the records that the dead worker had in its hands?",
        choices = { "they are done twice", "they are never done", "the other worker goes back for them" },
        answer = function(env)
          return env.before_work.skipped > 0 and "they are never done" or "they are done twice"
        end,
      },
      hints = {
        "Look at `before_work.repeated` and `.skipped`.",
        "Where does the other worker begin?",
        "At the committed offset, which is behind the record that was never finished.",
      },
      check = function(t, env)
        local v = t.has(env, "before_work", "table")
        t.equal(v.verdict, "ok", "the verdict: " .. v.message)
        t.that(v.skipped > 0 and v.repeated == 0, "some are skipped and none repeated",
          v.skipped .. " and " .. v.repeated)
      end,
      explain = function(env)
        return ([[
%d are never done: *at most once*. That is right for a sensor whose next value comes in a second, and wrong for orders.
"Exactly once" is at least once, and a consumer that recognises what it has done.]]):format(env.before_work.skipped)
      end,
    },
    {
      name = "rolling",
      title = "Stop the world, or not",
      text = [[
Three workers with six partitions, always busy: ten records a second each. They were started a third of a second apart,
so they hear of things at different times (heartbeats, once a second). Then a fourth joins. With the `range` assignor
(eager) everybody gives up everything and joins again; with `cooperative_sticky` only what moves is given up. We look
for the longest pause of each partition.]],
      code = [[
function join_with(assignor)
  cluster(); done, finished, gaps = {}, {}, {}
  for i = 1, 3 do worker("worker-" .. i, { commit = "after", assignor = assignor, work = 0.02 }); w:run(0.33) end
  w:run(10)
  w:spawn(function()
    for i = 1, 900 do
      w:spawn(function()
        kafka[1]:call{ type = "produce", topic = "orders", partition = i % 6, value = i, acks = "all", timeout = 5 }
      end)
      w:sleep(1/60)
    end
  end)
  w:run(3)
  worker("worker-4", { commit = "after", assignor = assignor, work = 0.02 })
  w:run(10)
  local still = 0
  for p = 0, 5 do if gaps[p] > 0.3 then still = still + 1 end end
  return gaps, still
end
gaps_eager, still_eager = join_with("range")
gaps_cooperative, still_cooperative = join_with("cooperative_sticky")
for p = 0, 5 do
  print("partition " .. p, ("eager %.2f s"):format(gaps_eager[p]), ("cooperative %.2f s"):format(gaps_cooperative[p]))
end
still_eager, still_cooperative]],
      predict = {
        question = "A fourth of six partitions is one or two. How many stand still for more than 0.3 s when the " ..
          "group is cooperative?",
        unit = "partitions",
        tolerance = 1,
        answer = function(env) return env.still_cooperative end,
      },
      hints = {
        "`still_eager` and `still_cooperative` count partitions with a pause of more than 0.3 s.",
        "Eager: who hears of it first gives up its partitions, and waits for the last one to join.",
        "Cooperative: only what the fourth member gets has to stop.",
      },
      check = function(t, env)
        t.that(type(env.still_eager) == "number" and type(env.still_cooperative) == "number", "two counts",
          "they are missing")
        t.that(env.still_cooperative < env.still_eager, "fewer partitions stand still when the group is cooperative",
          ("%d and %d"):format(env.still_cooperative, env.still_eager))
      end,
      explain = function(env)
        return ([[
%d of six, and %d with the eager protocol, where everybody waits for the slowest to join. The cooperative protocol
takes two rebalances for it: one in which the old owner gives up, one in which the new one gets. With Kafka's own
timeouts (heartbeats of 3 s, work of minutes) the difference is the reason for it.]])
          :format(env.still_cooperative, env.still_eager)
      end,
    },
    {
      name = "static_members",
      title = "A restart that nobody notices",
      text = [[
Three workers are restarted one after the other, as in a deployment: each is away for 3 s; the session is 9 s. First
without, then with a name for each machine (`instance`).]],
      code = [[
function deploy(static)
  cluster(); done = {}
  for i = 1, 3 do worker("worker-" .. i, { instance = static and "machine-" .. i or nil }) end
  w:run(10)
  local first = kafka[1]:call{ type = "describe_group", group = "billing" }.generation
  for i = 1, 3 do
    w:inject(lab.fault.crash("worker-" .. i)); w:run(3)
    w:inject(lab.fault.restart("worker-" .. i)); w:run(20)
  end
  return kafka[1]:call{ type = "describe_group", group = "billing" }.generation - first
end
rebalances_dynamic = deploy(false)
rebalances_static = deploy(true)
rebalances_dynamic, rebalances_static]],
      predict = {
        question = "How many rebalances do three restarts cost with instance names?",
        unit = "rebalances",
        tolerance = 0.5,
        answer = function(env) return env.rebalances_static end,
      },
      hints = {
        "`rebalances_static` counts generations.",
        "Who comes back with the same instance name within its session gets what it had.",
        "None.",
      },
      check = function(t, env)
        t.equal(env.rebalances_static, 0, "rebalances with instance names")
        t.that((env.rebalances_dynamic or 0) >= 3, "at least three without", tostring(env.rebalances_dynamic))
      end,
      explain = function(env)
        return ([[
None, and %d without names: each newcomer is one, and its dead predecessor another. The price: while a static member is
away its partitions wait for it, for up to a session. So sessions are made longer, and a real crash is noticed later.]])
          :format(env.rebalances_dynamic)
      end,
    },
    {
      name = "too_slow",
      title = "The slow consumer",
      text = [[
Work takes 4 s a record, a poll brings 10 records, and the poll interval is 15 s: who has not polled for so long is
taken for stuck and has to leave. One worker, auto commit, 20 records; three minutes.]],
      code = [[
cluster(); done = {}
slow = worker("worker-1", { work = 4, poll_interval = 15 })
w:run(8)
for i = 1, 20 do
  kafka[1]:call{ type = "produce", topic = "orders", partition = 0, value = i, acks = "all", timeout = 5 }
end
w:run(180)
slow_verdict = lab.check.stream{ history = history }
kicked = slow:state().filters[1].kicked
print("left the group " .. kicked .. " times", slow_verdict.repeated .. " done again")]],
      predict = {
        question = "20 records of 4 s are 80 s of work. What has happened after 180 s?",
        choices = { "all is done, once", "it was thrown out again and again, and work was done twice",
          "it hangs at the first record for ever" },
        answer = function(env)
          return env.slow_verdict.repeated > 0 and "it was thrown out again and again, and work was done twice"
            or "all is done, once"
        end,
      },
      hints = {
        "`slow_verdict.repeated` counts what was done again, `kicked` how often it left.",
        "When it leaves, what it is just working on is not committed.",
        "Smaller polls help: 3 records of 4 s fit into 15 s.",
      },
      check = function(t, env)
        t.that(type(env.kicked) == "number" and env.kicked > 0, "it had to leave", tostring(env.kicked))
        t.that(t.has(env, "slow_verdict", "table").repeated > 0, "something was done twice", "nothing was")
      end,
      explain = function(env)
        return ([[
It left %d times, and did %d records again. A heartbeat says that the process lives, a poll that it gets on; the group
asks for both. The cures: fewer records a poll, a longer interval, or hand the work to a queue.]])
          :format(env.kicked, env.slow_verdict.repeated)
      end,
    },
    {
      name = "poison",
      title = "A record that nobody can process",
      text = [[
Order 13 has no price, and fails every time. The partition's order is a promise: what comes behind it has to wait. One
group tries for ever (`failed = "block"`), one skips after three more attempts.]],
      code = [[
function poisoned(failed)
  cluster(); done = {}
  worker("worker-1", { poison = 13, failed = failed, commit = "after", work = 0.01 })
  w:run(8); send(60); w:run(30)
  return lag()
end
lag_blocked = poisoned("block")
lag_skipped = poisoned("skip")
lag_blocked, lag_skipped]],
      predict = {
        question = "60 records in six partitions, order 13 is the third in its partition. How many wait behind " ..
          "it, itself included?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.lag_blocked end,
      },
      hints = {
        "`lag_blocked` is what the group has not committed after 30 s.",
        "Ten records a partition. Two of this one are done.",
        "Eight.",
      },
      check = function(t, env)
        t.that(type(env.lag_blocked) == "number" and env.lag_blocked > 0, "a poison record holds up its partition",
          tostring(env.lag_blocked))
        t.equal(env.lag_skipped, 0, "the lag of the group that skips")
      end,
      explain = function(env)
        return ([[
%d: the other five partitions go on, this one stands still, and its lag grows for ever. A log has no redelivery count
and no dead letters of its own: who skips has to put the record aside himself (`failed = "dead_letter"`, into a topic).
A queue does that for you; see dead-letters.]]):format(env.lag_blocked)
      end,
    },
    {
      name = "coordinator",
      title = "The coordinator crashes",
      text = [[
Who is in the group and how far it has come is kept by one broker, its coordinator, and written into an internal topic.
Each broker crashes once, the coordinator among them, while two workers go on.]],
      code = [[
cluster(); done = {}
worker("worker-1", { commit = "after" }); worker("worker-2", { commit = "after" })
w:run(8)
for b = 1, 3 do
  for i = b * 100, b * 100 + 19 do
    kafka[b]:call{ type = "produce", topic = "orders", partition = i % 6, value = i, acks = "all", timeout = 5 }
  end
  w:inject(lab.fault.crash("kafka-" .. b)); w:run(15)
  w:inject(lab.fault.restart("kafka-" .. b)); w:run(15)
end
w:run(20)
after_all = lab.check.stream{ history = history, groups = { billing = "at_least_once" } }
after_all.processed, after_all.repeated, after_all.verdict]],
      predict = {
        question = "60 records. How many were processed in the end (different ones)?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.after_all.processed end,
      },
      hints = {
        "`after_all.processed` counts different records.",
        "The internal topic is replicated like any other.",
        "All 60; the next leader of that partition reads what was committed.",
      },
      check = function(t, env)
        local v = t.has(env, "after_all", "table")
        t.equal(v.verdict, "ok", "the verdict: " .. v.message)
        t.equal(v.processed, 60, "records processed")
      end,
      explain = function(env)
        return ([[
All %d, %d of them more than once. The offsets are records of a compacted topic, written with acks = all: whichever
broker leads that partition is the coordinator, reads it from the beginning, and knows the group.]])
          :format(env.after_all.processed, env.after_all.repeated)
      end,
    },
    {
      name = "zombie",
      title = "The zombie's commit",
      text = [[
You are a member yourself, by hand: you join, get partitions, fetch ten records of one, and then stand still for 20 s (a
long garbage collection). Your session of 9 s ends, and `worker-2` gets your partitions. Then you wake up, know of
nothing, and commit the ten.]],
      code = [[
cluster(); done, finished, gaps = {}, {}, {}
send(60)
me = kafka[1]:call{ type = "join_group", group = "billing", topics = { "orders" }, session = 9, rebalance = 9,
  timeout = 20 }
worker("worker-2", { commit = "after" })
mine = me.partitions[1].partition
ten = kafka[1]:call{ type = "fetch", topic = "orders", partition = mine, offset = 0, max = 10 }
w:run(40)
_, refused = kafka[1]:call{ type = "commit", group = "billing", member = me.member, generation = me.generation,
  offsets = { { topic = "orders", partition = mine, offset = #ten.records } } }
fenced = lab.check.stream{ history = history, groups = { billing = "at_least_once" } }
print(refused, "committed: " .. kafka[1]:call{ type = "committed", group = "billing", topic = "orders",
  partition = mine }.offset)]],
      predict = {
        question = "What does the coordinator say to your commit?",
        choices = { "nothing wrong: it is taken", "it is refused: you are no member any more",
          "it asks worker-2" },
        answer = function(env)
          return env.refused and "it is refused: you are no member any more" or "nothing wrong: it is taken"
        end,
      },
      hints = {
        "`refused` is the error of the commit, `fenced` the checker's verdict.",
        "Each commit carries the member's id and its generation.",
        "The group is in a later generation, and the offset must not go back.",
      },
      check = function(t, env)
        t.equal(t.has(env, "refused", "table").code, "UNKNOWN_MEMBER_ID", "what the commit hears")
        local v = t.has(env, "fenced", "table")
        t.equal(v.verdict, "ok", "the verdict: " .. v.message)
      end,
      explain = function(env)
        return ([[
%s. Member and *generation* are fencing tokens: whoever was away for too long cannot move the offset. What he did to the
outside world in the meantime cannot be taken back, though; worker-2 did those %d records, too.]])
          :format(env.refused.code, #env.ten.records)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
Four static members with the cooperative protocol, and each of ten faults in turn, from 20 s to 40 s. A checker reads
what the brokers and the members did.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
results = ordeal.run{ at = 20, lasting = 20, finish = 150, more = stream_shop.faults,
  build = function(w) return stream_shop.log(w, { count = 4,
    consumer = { assignor = "cooperative_sticky" } }) end,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "In which of these is a task done twice most often?",
        choices = { "broker loss", "partition", "duplicates", "clock skew" },
        answer = function(env)
          local most = "broker loss"
          for _, name in ipairs { "broker loss", "partition", "duplicates", "clock skew" } do
            if env.results[name].twice > env.results[most].twice then most = name end
          end
          return most
        end,
      },
      hints = {
        "`results` has a row for each fault; `twice` counts tasks that were done more than once.",
        "When does a member do again what was done? And when is it told to do it again?",
        "When the network doubles messages: `duplicates`.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 10, "ten rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "all is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "the promises hold after " .. row.fault, tostring(row.verdict))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
`duplicates`: %d tasks. A consumer that crashes repeats at most what it had not committed (%d here), a broker's loss %d.
Whatever breaks, all is done at least once, and no offset goes back.]]):format(r.duplicates.twice,
          r["consumer crash"].twice, r["broker loss"].twice)
      end,
    },
  },
  finish = [[
A group gives each partition one reader, notices who is gone, and never lets an offset go back. What it cannot know is
whether your work was done: that is yours to make repeatable. Next: messaging-or-streaming, clickstream.]],
}

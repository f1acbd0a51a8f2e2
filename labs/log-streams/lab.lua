local function is_one_of(t, value, list, what)
  for _, x in ipairs(list) do
    if value == x then return end
  end
  t.that(false, what, tostring(value))
end

return {
  title = "A log that is kept in three places",
  minutes = 35,
  summary = [[
A topic is cut into partitions, each partition is a log, and each log lies on three brokers. You append, read, read
again, and then take away the broker that matters, with the producer waiting for one copy or for all.]],
  after = { "queues" },
  steps = {
    {
      name = "offsets",
      title = "Keys, partitions, offsets",
      text = [[
Three brokers, a topic `clicks` with three partitions. Any broker takes a request and passes it on to the leader of
the partition. `acks = "all"` waits until every in-sync replica has the record.]],
      code = [[
function cluster(topic)
  w = lab.world{ seed = 3 }
  history = lab.history()
  kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, replica_lag = 10, retention_check = 10,
    history = history, topics = { clicks = topic } })
  w:run(6)
end
cluster{ partitions = 3 }
places = {}
for i, who in ipairs{ "ann", "bob", "ann", "cy", "ann", "dan" } do
  places[i] = kafka[1]:call{ type = "produce", topic = "clicks", key = who, value = who .. " " .. i, acks = "all" }
  print(who, "partition " .. places[i].partition, "offset " .. places[i].offset)
end]],
      predict = {
        question = "Ann's records are the 1st, 3rd and 5th. Where do they go?",
        choices = { "to the three partitions in turn", "to one partition, in their order",
          "to the partition with the least records" },
        answer = function() return "to one partition, in their order" end,
      },
      hints = {
        "`places[i]` says where record i is: partition and offset.",
        "The partition is a hash of the key: `lab.stream.partition{ key = \"ann\", partitions = 3 }`.",
        "Call `cluster{ partitions = 3 }` and produce six records with those keys into `places`.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local places = t.has(env, "places", "table")
        t.that(#places == 6, "six records are placed", #places .. " are")
        t.that(places[1].partition == places[3].partition and places[3].partition == places[5].partition,
          "ann's records are in one partition", "they are not")
        t.that(places[1].offset < places[3].offset and places[3].offset < places[5].offset, "their offsets ascend",
          "they do not")
      end,
      explain = function(env)
        return ([[
All in partition %d, by the hash of the key (murmur2, as Kafka's own producer does). Order is a promise within a
partition only: between ann and bob there is none. The offset is a record's place in its partition, for ever.]])
          :format(env.places[1].partition)
      end,
    },
    {
      name = "again",
      title = "Reading takes nothing away",
      text = "One reader reads all partitions, from offset 0. Then a second one does the same.",
      code = [[
function read_all(node)
  local n = 0
  for p = 0, 2 do
    local got = node:call{ type = "fetch", topic = "clicks", partition = p, offset = 0 }
    n = n + #got.records
  end
  return n
end
first_reader = read_all(kafka[1])
second_reader = read_all(kafka[2])
first_reader, second_reader]],
      predict = {
        question = "How many records does the second reader get?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.second_reader end,
      },
      hints = {
        "`first_reader` and `second_reader` are numbers of records.",
        "A queue gives a message to one and hides it. And a log?",
        "Run `read_all(kafka[1])` and then `read_all(kafka[2])`.",
      },
      check = function(t, env)
        t.equal(env.first_reader, 6, "records that the first reader gets")
        t.equal(env.second_reader, 6, "records that the second reader gets")
      end,
      explain = function(env)
        return ([[
%d: a fetch only looks. Nothing is deleted when it is read; retention (7 days by default) takes away what is old. So
any number of readers can come, also tomorrow, and a bug can be repaired by reading again.]]):format(env.second_reader)
      end,
    },
    {
      name = "leader_dies",
      title = "The leader dies",
      text = [[
One partition on three brokers. Its leader crashes at a known moment; a producer tries every 0.1 s until a record is
acknowledged by all in-sync replicas again. The controller gives up a broker that it has not heard of for 9 s.]],
      code = [[
cluster{ min_insync = 2 }
function leader(node)
  return node:call{ type = "metadata" }.topics.clicks.partitions[1].leader
end
function other_than(name)
  for i = 1, 3 do if kafka[i]:name() ~= name then return kafka[i] end end
end
dead = leader(kafka[1])
alive = other_than(dead)
w:inject(lab.fault.crash(dead))
crashed_at = w:now()
while not alive:call{ type = "produce", topic = "clicks", partition = 0, value = "x", acks = "all", timeout = 2 } do
  w:run(0.1)
end
gap = w:now() - crashed_at
gap]],
      predict = {
        question = "For how many seconds can nobody write to this partition?",
        unit = "s",
        tolerance = 4,
        answer = function(env) return env.gap end,
      },
      hints = {
        "`gap` is the time from the crash to the first record that is acknowledged.",
        "Nobody tells the controller; it waits for a heartbeat that does not come.",
        "9 s of silence, then one change of the metadata.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(type(env.gap) == "number" and env.gap > 3 and env.gap < 20, "`gap` is the time without a leader",
          tostring(env.gap))
        t.that(env.leader(env.alive) ~= env.dead, "another broker leads", env.dead .. " still does")
      end,
      explain = function(env)
        return ([[
%.1f s. A dead broker and a slow one look the same, so the controller waits for its session to end. Then the first of
the in-sync replicas leads, in a new epoch; it has all that was acknowledged with acks = all, so nothing is lost.]])
          :format(env.gap)
      end,
    },
    {
      name = "acks_one",
      title = "Cut off from the controller, with acks = 1",
      text = [[
Now the leader lives, but a partition of the network cuts it off from the other brokers, and so from the controller.
A producer beside it goes on writing, 1 record a second for 20 s, and waits for the leader's answer only (`acks = 1`).
Then the network heals.]],
      code = [[
function cut_off(acks)
  cluster{ min_insync = 2 }
  zombie = leader(kafka[1])
  local rest = {}
  for i = 1, 3 do if kafka[i]:name() ~= zombie then rest[#rest + 1] = kafka[i]:name() end end
  w:inject(lab.fault.partition{ sides = { { zombie }, rest } })
  local acknowledged = 0
  for i = 1, 20 do
    local put = w:find(zombie):call{ type = "produce", topic = "clicks", partition = 0, value = i, acks = acks,
      within = 0.5 }
    if put then acknowledged = acknowledged + 1 end
    w:run(1)
  end
  w:find(rest[1]):call{ type = "produce", topic = "clicks", partition = 0, value = "new", acks = "all" }
  w:heal()
  w:run(15)
  local got = kafka[1]:call{ type = "fetch", topic = "clicks", partition = 0, offset = 0 }
  return acknowledged, got.records
end
acknowledged_by_one, left_of_one = cut_off(1)
verdict_one = lab.check.stream(history)
acknowledged_by_one, #left_of_one, verdict_one.lost]],
      predict = {
        question = "20 records are acknowledged by the leader. How many of them are lost?",
        unit = "records",
        tolerance = 1,
        answer = function(env) return env.verdict_one.lost end,
      },
      hints = {
        "`verdict_one.lost` counts acknowledged records that a later reader does not find.",
        "What does the other side do after 9 s? And what does the old leader do with what only it has?",
        "It truncates its log to where it parts from the new leader's: all 20 go.",
      },
      check = function(t, env)
        t.equal(env.acknowledged_by_one, 20, "records acknowledged by the leader alone")
        local verdict = t.has(env, "verdict_one", "table")
        t.that(verdict.lost > 0, "acknowledged records are lost", verdict.lost .. " are")
      end,
      explain = function(env)
        return ([[
All %d. The old leader did not know that it was none any more, and said "done" twenty times. When it heard of the new
epoch it cut its log back to the last offset that both logs share. The checker calls this no violation: with acks = 1
nobody had promised anything.]]):format(env.verdict_one.lost)
      end,
    },
    {
      name = "acks_all",
      title = "The same, with acks = all",
      text = "The same partition of the network; the producer waits for all in-sync replicas, half a second each.",
      code = [[
acknowledged_by_all, left_of_all = cut_off("all")
verdict_all = lab.check.stream(history)
acknowledged_by_all, #left_of_all, verdict_all.verdict, verdict_all.lost]],
      predict = {
        question = "How many of the 20 records does the cut-off leader acknowledge now?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.acknowledged_by_all end,
      },
      hints = {
        "Call `cut_off(\"all\")`, as before.",
        "The ISR has three members. Who would have to take two of them out of it?",
        "The controller, and the leader cannot reach it: so it waits for followers that do not come.",
      },
      check = function(t, env)
        t.equal(env.acknowledged_by_all, 0, "records acknowledged by the cut-off leader")
        t.equal(t.has(env, "verdict_all", "table").lost, 0, "lost records")
      end,
      explain = [[
None: a leader cannot shrink the ISR by itself, only the controller can, and that one is on the other side. The
producer gets REQUEST_TIMED_OUT, which is indefinite, and tries again at another broker. Slower, and nothing that was
acknowledged is lost.]],
    },
    {
      name = "min_insync",
      title = "All of one is one",
      text = [[
acks = all means all that are in sync *now*. Two followers fall behind (their fetches are lost) for longer than the lag
time of 10 s, and leave the ISR. The topic asks for at least two in sync (`min_insync = 2`).]],
      code = [[
cluster{ min_insync = 2 }
lonely = leader(kafka[1])
for i = 1, 3 do
  if kafka[i]:name() ~= lonely then
    w:inject(lab.fault.drop{ type = "replicate", from = kafka[i]:name(), to = lonely })
  end
end
w:run(25)
in_sync = #w:find(lonely):call{ type = "metadata" }.topics.clicks.partitions[1].isr
_, refusal = w:find(lonely):call{ type = "produce", topic = "clicks", partition = 0, value = "x", acks = "all" }
in_sync, refusal.code]],
      predict = {
        question = "What does a producer with acks = all hear?",
        choices = { "an offset: all one in-sync replicas have it", "NOT_ENOUGH_REPLICAS", "REQUEST_TIMED_OUT" },
        answer = function(env)
          return env.refusal.code == "NOT_ENOUGH_REPLICAS" and "NOT_ENOUGH_REPLICAS" or "REQUEST_TIMED_OUT"
        end,
      },
      hints = {
        "`refusal` is the error of the last produce, `in_sync` the number of replicas in sync.",
        "The leader hears the controller, so this time the ISR does shrink.",
        "One is less than min_insync = 2: refused before anything is written.",
      },
      check = function(t, env)
        t.equal(env.in_sync, 1, "replicas in sync")
        is_one_of(t, t.has(env, "refusal", "table").code, { "NOT_ENOUGH_REPLICAS" }, "the produce is refused")
      end,
      explain = [[
NOT_ENOUGH_REPLICAS, and nothing was written. With min_insync = 1, the default, it would have been accepted by the
leader alone, and acks = all would have meant no more than acks = 1. Three replicas, min_insync = 2 and acks = all: one
broker may die without a word, and with two dead nothing is accepted that could be lost.]],
    },
    {
      name = "twice",
      title = "The answer is lost, not the record",
      text = [[
`shop` sends 20 orders through a producer that tries again after 1 s without an answer. Half of the answers are lost on
their way. Once with an ordinary producer, once with an idempotent one (an id, and a sequence number a record).]],
      code = [[
function shop_with(idempotent)
  cluster{ min_insync = 2 }
  shop = w:service("shop", { filters = { lab.stream.producer{ to = kafka, idempotent = idempotent,
    request_timeout = 1 } } })
  w:inject(lab.fault.loss{ from = { "kafka-1", "kafka-2", "kafka-3" }, to = "shop", probability = 0.5 })
  for i = 1, 20 do shop:call{ type = "produce", topic = "clicks", key = "k", value = i, timeout = 100 } end
  w:heal()
  return #kafka[1]:call{ type = "fetch", topic = "clicks", partition = 0, offset = 0 }.records
end
plain = shop_with(false)
numbered = shop_with(true)
plain, numbered]],
      predict = {
        question = "20 orders, sent again where no answer came. How many records has the idempotent producer's log?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.numbered end,
      },
      hints = {
        "`plain` and `numbered` are the lengths of the two logs.",
        "The leader remembers the last sequences of each producer.",
        "What it has already is answered with its offset, and not appended.",
      },
      check = function(t, env)
        t.equal(env.numbered, 20, "records of the idempotent producer")
        t.that(type(env.plain) == "number" and env.plain > 20, "the plain producer's log has duplicates",
          tostring(env.plain) .. " records")
      end,
      explain = function(env)
        return ([[
%d, and %d without it. A timeout does not say whether it happened, so the producer has to send again, and only the
broker can tell that it is the same record. The numbers are kept in the log itself, so a new leader knows them, too.]])
          :format(env.numbered, env.plain)
      end,
    },
    {
      name = "clocks",
      title = "A clock from tomorrow",
      text = [[
Retention is 60 s, in segments of a few records. Producers stamp records with their own wall clock. One record of ten
comes from a producer whose clock is an hour ahead. Five minutes pass.]],
      code = [[
function kept_after(ahead)
  cluster{ retention = 60, segment_bytes = 40 }
  right = w:service("right", { filters = { lab.stream.producer{ to = kafka } } })
  wrong = w:service("wrong", { filters = { lab.stream.producer{ to = kafka } } })
  w:inject(lab.fault.clock_skew{ target = "wrong", by = ahead })
  for i = 1, 40 do
    (i % 10 == 5 and wrong or right):call{ type = "produce", topic = "clicks", key = "k", value = ("%04d"):format(i),
      timeout = 5 }
  end
  w:run(300)
  return 40 - kafka[1]:call{ type = "list_offsets", topic = "clicks", partition = 0, time = "earliest" }.offset
end
kept_right = kept_after(0)
kept_wrong = kept_after(3600)
kept_right, kept_wrong]],
      predict = {
        question = "With right clocks nearly nothing of 40 records is left after five minutes. And with one wrong " ..
          "clock?",
        choices = { "the same", "only the four records from the future are left",
          "everything from the segment with the first of them on is left" },
        answer = function(env)
          return env.kept_wrong > 10 and "everything from the segment with the first of them on is left" or "the same"
        end,
      },
      hints = {
        "`kept_right` and `kept_wrong` count what is left after five minutes.",
        "Retention takes whole segments from the beginning, when the *newest* record of one is too old.",
        "A segment with a record of the next hour is not too old, and what comes after it has to wait, too.",
      },
      check = function(t, env)
        t.that(type(env.kept_right) == "number" and env.kept_right < 15, "right clocks: most is gone",
          tostring(env.kept_right) .. " are left")
        t.that(type(env.kept_wrong) == "number" and env.kept_wrong > env.kept_right, "a wrong clock keeps more",
          tostring(env.kept_wrong) .. " are left")
      end,
      explain = function(env)
        return ([[
%d records are left with right clocks (the active segment is never taken away), %d with one that is an hour ahead. A
clock that is behind does the opposite harm: it makes records look old. That is why brokers can be told to stamp
records themselves.]]):format(env.kept_right, env.kept_wrong)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
A producer, the log, two workers, a task every half second for half a minute; each of ten faults in turn, from 20 s to
40 s. `stream_shop` builds it anew for each, a checker reads what the brokers did.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
results = ordeal.run{ at = 20, lasting = 20, finish = 150, more = stream_shop.faults,
  build = function(w) return stream_shop.log(w) end,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "After which of these was a task waited for longest?",
        choices = { "broker loss", "partition", "duplicates", "clock skew" },
        answer = function(env)
          local most = "broker loss"
          for _, name in ipairs { "broker loss", "partition", "duplicates", "clock skew" } do
            if env.results[name].late > env.results[most].late then most = name end
          end
          return most
        end,
      },
      hints = {
        "`results` has a row for each fault; `late` is the longest time from asking to done.",
        "Which of them is noticed by a timeout? The session of a broker is 6 s here, a consumer's 9 s.",
        "The consumer that is cut off is missed after 9 s.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 10, "ten rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "all is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "the promises hold after " .. row.fault, tostring(row.verdict))
        end
        t.that(results["poison message"].dead == 1, "the poison is put aside", tostring(results["poison message"].dead))
      end,
      explain = function(env)
        local r = env.results
        return ([[
The consumer cut off: %.1f s; the broker's loss costs %.1f s and its being cut off from the controller %.1f s. Nothing
is missing in any row. %d tasks were done twice when all messages of the network may come twice: the producer's numbers
keep the log clean, and the doubled request to work is done twice all the same.]]):format(r["partition"].late,
          r["broker loss"].late, r["controller cut off"].late, r.duplicates.twice)
      end,
    },
  },
  finish = [[
A record is where its key says, for as long as retention says, and safe with those who had it when "done" was said.
Next: who reads it (consumer-groups), the hosted cousin with shards (shards-and-hot-keys), and when a queue is the
better tool (messaging-or-streaming).]],
}

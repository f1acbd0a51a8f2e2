return {
  title = "Shards, and the key that is too hot",
  minutes = 35,
  summary = [[
A stream of shards has a fixed capacity a shard and second. You fill one, heat one up with a popular key, split it,
read it in the wrong order, and read it again after a mistake.]],
  after = { "log-streams" },
  steps = {
    {
      name = "full",
      title = "A second of one shard",
      text = [[
One shard takes 1000 records or 1 MiB in a second, whichever comes first. 1500 small records come within one second.]],
      code = [[
s = lab.stream.shards{ shards = 1 }
refused = 0
for i = 1, 1500 do
  local put, err = s:put{ key = "k" .. i, data = "x", now = i / 2000 }
  if not put then refused = refused + 1; why = err.code end
end
refused, why]],
      predict = {
        question = "How many of the 1500 records are refused?",
        unit = "records",
        tolerance = 1,
        answer = function(env) return env.refused end,
      },
      hints = {
        "`refused` counts them, `why` is the code.",
        "1000 a second and shard.",
        "500.",
      },
      check = function(t, env)
        t.equal(env.refused, 500, "records refused")
        t.equal(env.why, "ProvisionedThroughputExceededException", "why")
      end,
      explain = [[
500. The refusal is definite, nothing was written, and the producer has to come again later: the stream does not wait
for you as a queue would. 1000 records of 2 KB would have been refused by bytes at half of that.]],
    },
    {
      name = "hot",
      title = "Eight shards and one hot key",
      text = [[
Eight shards: 8000 records a second. 4000 records a second come, half of them with one key (a celebrity), the rest with
10 000 different keys. Five seconds of that.]],
      code = [[
function five_seconds(s, key_of, from)
  local taken, refused = 0, 0
  for i = 1, 20000 do
    local put = s:put{ key = key_of(i), data = "x", now = from + i / 4000 }
    if put then taken = taken + 1 else refused = refused + 1 end
  end
  return taken, refused
end
function celebrity(i) return i % 2 == 0 and "celebrity" or "user " .. i % 10000 end
eight = lab.stream.shards{ shards = 8 }
taken_hot, refused_hot = five_seconds(eight, celebrity, 0)
for id, heat in pairs(eight:heat()) do
  print(id:sub(-2), ("#"):rep(heat.put / 150) .. ("x"):rep(heat.refused / 150),
    heat.put .. " taken, " .. heat.refused .. " refused")
end]],
      predict = {
        question = "The stream has twice the capacity that is asked for. What percentage of the records is refused?",
        unit = "%",
        tolerance = 8,
        answer = function(env) return 100 * env.refused_hot / 20000 end,
      },
      hints = {
        "`refused_hot` of 20 000 records.",
        "All of the celebrity's records go to one shard: 2000 a second, and some of the others.",
        "That shard takes 1000 of some 2250 a second, so about 1250 of 4000 are refused.",
      },
      check = function(t, env)
        t.has(env, "eight", "Shards")
        t.that(type(env.refused_hot) == "number" and env.refused_hot > 4000, "the hot shard refuses",
          tostring(env.refused_hot))
        t.equal(env.taken_hot + env.refused_hot, 20000, "records in all")
      end,
      explain = function(env)
        return ([[
%.0f %%, all at one shard (the x in the picture), while seven idle. Capacity is sold by the shard and used by the
key.]])
          :format(100 * env.refused_hot / 20000)
      end,
    },
    {
      name = "split",
      title = "Split it",
      text = "The obvious cure: the hot shard is split in two. Then the same five seconds again.",
      code = [[
hottest, most = nil, 0
for id, heat in pairs(eight:heat()) do if heat.refused > most then hottest, most = id, heat.refused end end
children = eight:split{ shard = hottest, now = 10 }
taken_split, refused_split = five_seconds(eight, celebrity, 20)
for _, child in ipairs(children) do
  print(child, eight:heat()[child].put .. " taken", eight:heat()[child].refused .. " refused")
end
refused_hot, refused_split]],
      predict = {
        question = "What has the split changed?",
        choices = { "the refusals are halved", "nearly nothing: the key is as hot as before", "nothing is refused" },
        answer = function(env)
          return env.refused_split > 0.7 * env.refused_hot and "nearly nothing: the key is as hot as before"
            or "the refusals are halved"
        end,
      },
      hints = {
        "`refused_split` beside `refused_hot`.",
        "A key has one MD5, so it is in one of the two children.",
        "Only the neighbours of the celebrity are better off.",
      },
      check = function(t, env)
        t.that(type(env.children) == "table" and #env.children == 2, "two children", "there are none")
        t.that(type(env.refused_split) == "number" and env.refused_split > 0.7 * env.refused_hot, "it hardly helps",
          tostring(env.refused_split))
      end,
      explain = function(env)
        return ([[
%d refusals before, %d after: 2000 records a second with one key do not fit into any shard, however small its range.
Splitting helps where many keys share a warm shard.]]):format(env.refused_hot, env.refused_split)
      end,
    },
    {
      name = "salt",
      title = "Salt",
      text = [[
The producer adds a number from 0 to 7 to the celebrity's key: eight keys, which lie where their hashes fall.]],
      code = [[
function salted(i) return i % 2 == 0 and "celebrity " .. i / 2 % 8 or "user " .. i % 10000 end
fresh = lab.stream.shards{ shards = 8 }
taken_salted, refused_salted = five_seconds(fresh, salted, 0)
taken_salted, refused_salted]],
      predict = {
        question = "And what does that cost?",
        choices = { "nothing", "the celebrity's records have no common order any more", "twice the storage" },
        answer = function() return "the celebrity's records have no common order any more" end,
      },
      hints = {
        "`refused_salted` is far less than before.",
        "Order is a promise within a key's shard.",
        "Eight keys, eight orders; whoever wants one has to merge them by time.",
      },
      check = function(t, env)
        t.that(type(env.refused_salted) == "number" and env.refused_salted < env.refused_hot / 2,
          "far fewer are refused", tostring(env.refused_salted))
      end,
      explain = function(env)
        return ([[
%d refused instead of %d; not none, because eight keys do not fall evenly on eight shards. The price is the order of
the celebrity's records. Count likes with salt; do not do it to somebody's bank account.]])
          :format(env.refused_salted, env.refused_hot)
      end,
    },
    {
      name = "parents",
      title = "Parents first",
      text = [[
A stream with one shard, 40 records of one key, and a split in the middle. A reader that begins all shards at once
(`order = "any"`), and one that reads a parent to its end before its children.]],
      code = [[
function read_split(order)
  w = lab.world{ seed = 2 }
  history = lab.history()
  api = w:service("api", { slots = 32, filters = { lab.stream.shard_service{ history = history,
    streams = { s = lab.stream.shards() } } } })
  local seen = {}
  w:service("app", { handler = function(r) seen[#seen + 1] = r.data return true end,
    filters = { lab.stream.shard_consumer{ from = api, stream = "s", app = "app", order = order, poll = 0.5,
      limit = 3, history = history } } })
  for i = 1, 40 do
    api:call{ type = "put_record", stream = "s", key = "account 7", data = i }
    if i == 20 then api:call{ type = "split", stream = "s", shard = "shardId-000000000000" } end
  end
  w:run(60)
  return seen, lab.check.stream(history)
end
any, any_verdict = read_split("any")
first, first_verdict = read_split("parent_first")
print("at once:      ", table.concat(any, " "))
print("parents first:", table.concat(first, " "))
any_verdict.message]],
      predict = {
        question = "What does the reader that begins all shards at once see of `account 7`?",
        choices = { "all 40 in order", "21 comes before 20 was read", "only 20 records" },
        answer = function(env)
          return env.any_verdict.rule == "parents_first" and "21 comes before 20 was read" or "all 40 in order"
        end,
      },
      hints = {
        "`any` and `first` are the records in the order in which they were seen.",
        "After the split, the key's new records go to a child; the old ones are still in the parent.",
        "The checker calls it: rule `parents_first`.",
      },
      check = function(t, env)
        t.equal(t.has(env, "first_verdict", "table").verdict, "ok", "parents first: the verdict")
        t.equal(t.has(env, "any_verdict", "table").rule, "parents_first", "at once: the rule that is broken")
        for i = 1, 40 do t.equal(env.first[i], i, "record " .. i .. " of the patient reader") end
      end,
      explain = [[
Out of order: it reads three of the parent, three of the child ... Each shard is in order, the key is not. A closed
shard says so by giving no further iterator, and names its children.]],
    },
    {
      name = "five_reads",
      title = "Five reads a second, for all together",
      text = [[
Three applications read the same shard, each asking three times a second. Five calls a second and shard are allowed,
shared by all who poll. Then each is registered for *enhanced fan-out*.]],
      code = [[
function three_readers(enhanced)
  w = lab.world{ seed = 2 }
  local api = w:service("api", { slots = 32,
    filters = { lab.stream.shard_service{ streams = { s = lab.stream.shards() } } } })
  local throttled = 0
  for i = 1, 3 do
    local name = "app-" .. i
    if enhanced then api:call{ type = "register_consumer", stream = "s", consumer = name } end
    w:service(name, { filters = { lab.stream.shard_consumer{ from = api, stream = "s", app = name, poll = 0.33,
      consumer = enhanced and name or nil } } })
  end
  w:run(30)
  for i = 1, 3 do throttled = throttled + w:find("app-" .. i):state().filters[1].throttled end
  return throttled
end
throttled_polling = three_readers(false)
throttled_enhanced = three_readers(true)
throttled_polling, throttled_enhanced]],
      predict = {
        question = "How many calls of 30 s are throttled with enhanced fan-out?",
        unit = "calls",
        tolerance = 0.5,
        answer = function(env) return env.throttled_enhanced end,
      },
      hints = {
        "`throttled_polling` and `throttled_enhanced`.",
        "Nine calls a second, where five are allowed: and when each application has its own?",
        "None.",
      },
      check = function(t, env)
        t.that((env.throttled_polling or 0) > 20, "polling together is throttled", tostring(env.throttled_polling))
        t.equal(env.throttled_enhanced, 0, "throttled calls with enhanced fan-out")
      end,
      explain = function(env)
        return ([[
None, and %d when they poll. With polling, a new application takes from the others; with fan-out of its own each has 2
MiB a second (and pays for it).]]):format(env.throttled_polling)
      end,
    },
    {
      name = "replay",
      title = "Read it again",
      text = [[
100 orders, one every 10 s. Between 300 s and 600 s the application had a bug. It is repaired; now read again from then
on (AT_TIMESTAMP). The stream keeps records for 24 hours.]],
      code = [[
orders = lab.stream.shards()
for i = 1, 100 do orders:put{ key = "order", data = i, now = i * 10 } end
from = orders:iterator{ shard = "shardId-000000000000", position = "AT_TIMESTAMP", time = 300, now = 2000 }
again = orders:read{ iterator = from, now = 2000 }.records
tomorrow = orders:read{ now = 86400 + 505, iterator =
  orders:iterator{ shard = "shardId-000000000000", now = 86400 + 505 } }.records
#again, again[1].data, #tomorrow]],
      predict = {
        question = "A day later, at 86 905 s, somebody reads from the beginning. How many of the 100 records are left?",
        unit = "records",
        tolerance = 1,
        answer = function(env) return #env.tomorrow end,
      },
      hints = {
        "`again` is the second reading, `tomorrow` what a day later is left.",
        "Record i was put at 10 i seconds, and is kept for 86 400 s.",
        "Those put after 505 s: from the 51st on.",
      },
      check = function(t, env)
        t.equal(#t.has(env, "again", "table"), 71, "records from 300 s on")
        t.equal(#t.has(env, "tomorrow", "table"), 50, "records left a day later")
      end,
      explain = function(env)
        return ([[
%d: retention is to the second here, and can be set to 365 days. A place in the stream is a sequence number or a time;
an iterator, which you get for it, lives five minutes.]]):format(#env.tomorrow)
      end,
    },
    {
      name = "reader_dies",
      title = "A reader dies",
      text = [[
The application works 0.2 s on each record, reads ten at a time, and writes a checkpoint after each ten. It crashes in
mid-work, and so does the stream's own node a little later. Both come back.]],
      code = [[
w = lab.world{ seed = 4 }
history = lab.history()
api = w:service("api", { slots = 32, filters = { lab.stream.shard_service{ history = history,
  streams = { s = lab.stream.shards() } } } })
counted = {}
w:service("app", {
  handler = function(r, context) context:sleep(0.2) counted[r.data] = (counted[r.data] or 0) + 1 return true end,
  filters = { lab.stream.shard_consumer{ from = api, stream = "s", app = "app", limit = 10, history = history } } })
for i = 1, 50 do api:call{ type = "put_record", stream = "s", key = "k", data = i } end
w:run_until(function() return counted[17] end)
w:inject(lab.fault.crash("app")); w:inject(lab.fault.restart("app"))
w:run(4)
w:inject(lab.fault.crash("api")); w:inject(lab.fault.restart("api"))
w:run(60)
died = lab.check.stream(history)
died.processed, died.repeated]],
      predict = {
        question = "It dies after the 17th record. How many are done twice (at least because of this crash)?",
        unit = "records",
        tolerance = 4,
        answer = function(env) return env.died.repeated end,
      },
      hints = {
        "`died` is the checker's verdict: `processed`, `repeated`.",
        "Where was the last checkpoint?",
        "After the 10th: so the 11th to the 17th.",
      },
      check = function(t, env)
        local v = t.has(env, "died", "table")
        t.equal(v.verdict, "ok", "the verdict: " .. v.message)
        t.equal(v.processed, 50, "records processed")
        t.that(v.repeated > 0, "some were done twice", "none")
      end,
      explain = function(env)
        return ([[
%d, and none is missing: at least once. The stream's node keeps records on its disk before it says "done", so its crash
costs time only.]]):format(env.died.repeated)
      end,
    },
    {
      name = "partial",
      title = "Half a batch",
      text = [[
A producer sends batches of 500 records, three in one second, to one shard. put_records answers "ok" with a list; a
careless producer looks at the "ok".]],
      code = [[
w = lab.world{ seed = 4 }
api = w:service("api", { slots = 32, filters = { lab.stream.shard_service{ streams = { s = lab.stream.shards() } } } })
batch = {}
for i = 1, 500 do batch[i] = { key = "k" .. i, data = i } end
sent, answers = 0, {}
for i = 1, 3 do
  answers[i] = api:call{ type = "put_records", stream = "s", records = batch, timeout = 10 }
  if answers[i] then sent = sent + 500 end
end
stored = api:call{ type = "list_shards", stream = "s" }[1].records
sent, stored, answers[3].failed]],
      predict = {
        question = "How many of the 1500 records that the careless producer believes to be sent are lost?",
        unit = "records",
        tolerance = 1,
        answer = function(env) return env.sent - env.stored end,
      },
      hints = {
        "`sent` is what it believes, `stored` what is there.",
        "The third batch comes in the same second.",
        "`answers[3].failed` says it: 500.",
      },
      check = function(t, env)
        t.equal(env.sent, 1500, "records believed to be sent")
        t.equal(env.stored, 1000, "records stored")
      end,
      explain = function(env)
        return ([[
%d. The call succeeded, the records did not: each has an entry of its own, with a sequence number or a code. Send the
refused ones again (after a wait; and mind that they now come after others).]]):format(env.sent - env.stored)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
A stream of two shards, an application, a task every half second; each of nine faults in turn, from 20 s to 40 s. The
stream is one node here, so its loss is felt.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
results = ordeal.run{ at = 20, lasting = 20, finish = 150, more = stream_shop.faults,
  build = function(w) return stream_shop.shards(w) end,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "The application crashes for 20 s. About how long is a task waited for at most?",
        choices = { "as long as it is away", "a session longer", "for ever" },
        answer = function(env)
          return env.results["consumer crash"].late < 24 and "as long as it is away" or "a session longer"
        end,
      },
      hints = {
        "`results[\"consumer crash\"].late` is the longest time.",
        "Nobody takes over here: one worker has all shards.",
        "It goes on from its checkpoint when it is back.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "all is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "the promises hold after " .. row.fault, tostring(row.verdict))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
%.1f s: it is away for 20 s and then goes on from its checkpoint. The stream itself being away costs %.1f s, and %d
tasks are done twice when the network doubles messages. Nothing is missing in any row.]]):format(
          r["consumer crash"].late, r["broker loss"].late, r.duplicates.twice)
      end,
    },
  },
  finish = [[
Choose keys that are many and even; split what is warm, salt what is hot; read parents first; look at every entry of a
batch. Next: delivery-streams, windows, clickstream.]],
}

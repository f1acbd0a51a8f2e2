return {
  title = "A pipe into the lake",
  minutes = 25,
  summary = [[
A delivery stream brings records to a store in batches, by size or by time. You choose the batch, take the store away,
and find out what is there twice, what is put aside, and what cannot be read again.]],
  after = { "shards-and-hot-keys" },
  steps = {
    {
      name = "size_or_time",
      title = "By size or by time",
      text = [[
A batch goes out when it has 1 MB, or when its first record is 300 s old. Each record has 1 kB. First a quiet hour with
one record a second, then a busy one with twenty.]],
      code = [[
function pipe(options)
  w = lab.world{ seed = 6 }
  objects, stored = {}, 0
  store = w:service("store", { time = 20*ms, slots = 4, handler = function(r)
    objects[#objects + 1] = { key = r.key, records = #r.records, at = w:now() }
    stored = stored + #r.records
    return true
  end })
  aside = 0
  w:service("aside", { handler = function(r) aside = aside + #r.records return true end })
  options.to = "store"
  delivery = w:service("delivery", { slots = 64, filters = { lab.stream.delivery(options) } })
end
line = ("x"):rep(1000)
function hour(rate)
  for second = 1, 3600 do
    local records = {}
    for i = 1, rate do records[i] = { data = line } end
    delivery:call{ type = "put_record_batch", records = records, timeout = 20 }
    w:run_until(math.max(w:now(), second))
  end
end
function hours(rate)
  pipe{ buffer_bytes = 1e6, buffer_time = 300 }
  hour(rate)
  w:run(400)
  return #objects
end
quiet = hours(1)
busy = hours(20)
quiet, busy]],
      predict = {
        question = "The quiet hour brings 3.6 MB. How many objects are in the store?",
        unit = "objects",
        tolerance = 1.5,
        answer = function(env) return env.quiet end,
      },
      hints = {
        "`quiet` and `busy` are numbers of objects.",
        "After 300 s, 300 kB are there: which limit comes first?",
        "The time: 3600 / 300 is 12. The busy hour is cut by size: 72 MB in pieces of 1 MB.",
      },
      check = function(t, env)
        t.that((env.quiet or 0) >= 10 and env.quiet <= 14, "about 12 objects in the quiet hour", tostring(env.quiet))
        t.that((env.busy or 0) >= 60 and env.busy <= 75, "about 72 in the busy one", tostring(env.busy))
      end,
      explain = function(env)
        return ([[
%d, and %d in the busy hour: time rules when it is quiet, size when it is busy. An object costs about the same whether
it is large or small, and small ones are slow to query; that is what the buffer is for.]]):format(env.quiet, env.busy)
      end,
    },
    {
      name = "freshness",
      title = "Fresh or cheap",
      text = "The quiet hour again, with a buffer time of 10 s.",
      code = [[
pipe{ buffer_bytes = 1e6, buffer_time = 10 }
hour(1)
w:run(20)
fresh = #objects
fresh]],
      predict = {
        question = "How many objects now?",
        unit = "objects",
        tolerance = 45,
        answer = function(env) return env.fresh end,
      },
      hints = {
        "`fresh` is the number of objects.",
        "One every 10 s or a little more.",
        "The clock starts with the first record of a batch: some 10 to 11 s each.",
      },
      check = function(t, env)
        t.that((env.fresh or 0) > 250, "hundreds of objects", tostring(env.fresh))
      end,
      explain = function(env)
        return ([[
%d instead of %d, of ten records each. Who needs seconds should read a stream; a delivery stream is for minutes.]])
          :format(env.fresh, env.quiet)
      end,
    },
    {
      name = "sink_down",
      title = "The store is away",
      text = [[
One record a second for ten minutes, batches every 30 s. From 100 s to 220 s the store is down. A batch is tried again
for 300 s, with growing waits.]],
      code = [[
function outage(seconds)
  pipe{ buffer_bytes = 1e6, buffer_time = 30, retry = 300, failed_to = "aside" }
  w:at(100, lab.fault.crash("store"), seconds)
  for second = 1, 600 do
    delivery:call{ type = "put_record", data = second, timeout = 5 }
    w:run_until(math.max(w:now(), second))
  end
  w:run(900)
end
outage(120)
short = { stored = stored, aside = aside }
short.stored, short.aside]],
      predict = {
        question = "How many of the 600 records are missing in the store in the end?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return 600 - env.short.stored end,
      },
      hints = {
        "`short.stored` is what the store has.",
        "120 s is less than the 300 s for which it tries.",
        "None.",
      },
      check = function(t, env)
        t.equal(t.has(env, "short", "table").stored, 600, "records stored")
        t.equal(env.short.aside, 0, "records put aside")
      end,
      explain = [[
None: the stream holds what it has taken, and tries again after 1, 2, 4 ... 60 s. The batches arrive late, and not in
their order.]],
    },
    {
      name = "too_long",
      title = "And for too long",
      text = "The same with an outage of 450 s. What was tried for 300 s in vain goes to another place.",
      code = [[
outage(450)
long = { stored = stored, aside = aside }
long.stored, long.aside]],
      predict = {
        question = "What about the records of the batches that were given up?",
        choices = { "lost", "in the place for the failed, for somebody to look at",
          "delivered when the store is back" },
        answer = function(env)
          return env.long.aside > 0 and "in the place for the failed, for somebody to look at"
            or "delivered when the store is back"
        end,
      },
      hints = {
        "`long.stored` and `long.aside`.",
        "A batch of 110 s is given up when it was tried for 300 s, and the store is away until 550 s.",
        "Several batches went to `aside`; nobody brings them back by himself.",
      },
      check = function(t, env)
        local long = t.has(env, "long", "table")
        t.that(long.aside > 0, "some are put aside", tostring(long.aside))
        t.equal(long.stored + long.aside, 600, "records stored or aside")
      end,
      explain = function(env)
        return ([[
%d records lie aside, in objects of their own. Together all 600 are there. Without such a place they would be dropped
and counted. An alarm on "something is aside" is part of the design.]]):format(env.long.aside)
      end,
    },
    {
      name = "lost_answer",
      title = "The answer is lost",
      text = [[
The store is up, but half of its answers are lost on their way for two minutes. A batch without an answer is sent
again.]],
      code = [[
pipe{ buffer_bytes = 1e6, buffer_time = 10, timeout = 2 }
w:inject(lab.fault.loss{ from = "store", to = "delivery", probability = 0.5 }, 120)
for second = 1, 120 do
  delivery:call{ type = "put_record", data = second, timeout = 5 }
  w:run_until(math.max(w:now(), second))
end
w:run(200)
names, double = {}, 0
for _, object in ipairs(objects) do
  if names[object.key] then double = double + 1 end
  names[object.key] = true
end
stored, double]],
      predict = {
        question = "120 records were taken. The store counts what it was sent:",
        choices = { "exactly 120", "more than 120", "less than 120" },
        answer = function(env) return env.stored > 120 and "more than 120" or "exactly 120" end,
      },
      hints = {
        "`stored` counts records, `double` objects whose name came twice.",
        "A lost answer looks like a lost batch.",
        "At least once; but the batch has the same name the second time.",
      },
      check = function(t, env)
        t.that((env.stored or 0) > 120, "more than was taken", tostring(env.stored))
        t.that((env.double or 0) > 0, "some names came twice", tostring(env.double))
      end,
      explain = function(env)
        return ([[
%d: at least once, as ever. The name of an object is the same in each attempt, so a store that overwrites ends up with
each once; %d were overwritten here. For http endpoints the request id does that, for an index the record's id.]])
          :format(env.stored, env.double)
      end,
    },
    {
      name = "poison",
      title = "A record that the index refuses",
      text = [[
The destination is a search index. It takes a batch and names the records that it could not index: here every tenth,
which has a malformed date, however often it is sent.]],
      code = [[
w = lab.world{ seed = 6 }
indexed, aside = {}, 0
w:service("index", { handler = function(r)
  local failed = {}
  for _, item in ipairs(r.records) do
    if item.data % 10 == 0 then failed[#failed + 1] = item.id
      else indexed[item.data] = (indexed[item.data] or 0) + 1 end
  end
  return { failed = failed }
end })
w:service("aside", { handler = function(r) aside = aside + #r.records return true end })
delivery = w:service("delivery", { slots = 64, filters = { lab.stream.delivery{ to = "index", sink = "search",
  buffer_time = 10, retry = 60, failed_to = "aside" } } })
for i = 1, 100 do delivery:call{ type = "put_record", data = i } end
w:run(200)
good = 0
for _, times in pairs(indexed) do if times == 1 then good = good + 1 end end
good, aside]],
      predict = {
        question = "How many of the 90 good records are indexed exactly once?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.good end,
      },
      hints = {
        "`good` counts them, `aside` what was put aside.",
        "Which records of the batch are sent again?",
        "Only those that were refused: so 90.",
      },
      check = function(t, env)
        t.equal(env.good, 90, "good records indexed once")
        t.equal(env.aside, 10, "records put aside")
      end,
      explain = [[
All 90, and the ten are put aside after a minute. Here a poison record holds up nobody, because a delivery stream
keeps no order. Compare consumer-groups, where order is kept and a poison record stops its partition.]],
    },
    {
      name = "crash",
      title = "The pipe itself crashes",
      text = [[
Ten records are taken and acknowledged. Before the batch is due, the delivery stream crashes; it comes
back after 5 s.]],
      code = [[
pipe{ buffer_bytes = 1e6, buffer_time = 60 }
for i = 1, 10 do delivery:call{ type = "put_record", data = i } end
w:run(10)
w:inject(lab.fault.crash("delivery"), 5)
w:run(120)
after_crash = stored
after_crash]],
      predict = {
        question = "How many of the ten reach the store?",
        unit = "records",
        tolerance = 0.5,
        answer = function(env) return env.after_crash end,
      },
      hints = {
        "`after_crash` is what the store got.",
        "When is a put acknowledged?",
        "When it is on the disk: so all ten.",
      },
      check = function(t, env)
        t.equal(env.after_crash, 10, "records in the store")
      end,
      explain = "All ten: acknowledged means on the disk, and the new process takes them up where the old one was.",
    },
    {
      name = "no_replay",
      title = "No replay",
      text = "The analysts made a mistake and want to read the last hour from the stream again.",
      code = [[
_, answer = delivery:call{ type = "get_records" }
tostring(answer)]],
      predict = {
        question = "What does the delivery stream say?",
        choices = { "here are the records of the last 24 hours", "it cannot: what is delivered is gone" },
        answer = function(env)
          return env.answer.code == "UnsupportedOperation" and "it cannot: what is delivered is gone"
            or "here are the records of the last 24 hours"
        end,
      },
      hints = {
        "`answer` is an error.",
        "Where are the records now?",
        "Ask with `type = \"get_records\"`, and look at the code.",
      },
      check = function(t, env)
        t.equal(t.has(env, "answer", "table").code, "UnsupportedOperation", "the code")
      end,
      explain = [[
It cannot. There is no position, no retention, no second reader: the store is the only copy, so read that. Whoever needs
replay puts a stream in front and a delivery stream behind it, as clickstream does.]],
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
A record every half second into a delivery stream with batches of 5 s, and each of nine faults in turn, from 20 s to 40
s. "Consumer" is the store here, "broker" the delivery stream. The store refuses a whole batch with the poison in it.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
results = ordeal.run{ at = 20, lasting = 20, finish = 150, more = stream_shop.faults,
  build = function(w) return stream_shop.delivery(w) end }
print(ordeal.table(results))]],
      predict = {
        question = "After which of these are records missing in the store?",
        choices = { "consumer crash", "poison message", "broker loss", "clock skew" },
        answer = function(env)
          for _, name in ipairs { "consumer crash", "poison message", "broker loss", "clock skew" } do
            if env.results[name].missing > 0 then return name end
          end
          return "clock skew"
        end,
      },
      hints = {
        "`results` has a row for each fault; `missing` counts records that never came (shown as \"never\").",
        "What is tried again long enough arrives. What can never succeed?",
        "The batch with the poison, and everybody who is in it.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.fault == "poison message" or row.missing == 0, "nothing is missing without poison",
            ("%d are after %s"):format(row.missing, row.fault))
        end
        local poison = results["poison message"]
        t.that(poison.missing + 1 == poison.dead, "what is missing lies aside, with the poison",
          ("%d and %d"):format(poison.missing, poison.dead))
      end,
      explain = function(env)
        local r = env.results
        return ([[
The poison: %d good records lie aside with it, because this store refuses the whole batch. A sink that names the bad
ones (as the search index above) loses none of the others. Everything else is only late: %.1f s after the store's
crash.]])
          :format(r["poison message"].missing, r["consumer crash"].late)
      end,
    },
  },
  finish = [[
By size or by time; at least once; what fails is put aside; nothing can be read again. Next: windows, and clickstream,
which puts it all together.]],
}

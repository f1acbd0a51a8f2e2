-- Notifications: one event, several channels, people who do not want them all, providers that are slow, strict or deaf.

return {
  title = "Notifications: to whom, by which way, and how often",
  minutes = 30,
  after = { "fan-out", "dead-letters" },
  summary = [[
A parcel has been sent, a password must be confirmed, there is a sale: all of these go out as push, mail or SMS. You
route them, keep the urgent ones out of the queue of the others, stay within the limits of a provider, stop sending
twice, and leave people in peace.]],

  steps = {
    {
      name = "channels",
      title = "One event, three channels",
      text = [[
Each channel is a subscriber of one topic, with a queue of its own and a filter. The event says in an attribute by
which ways it may go: a list. 200 events: all may go as push, every second as mail, every tenth as SMS.]],
      code = [[
w = lab.world{ seed = 1 }
queues = { push = lab.queue.standard(), mail = lab.queue.standard(), sms = lab.queue.standard() }
mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = queues } } })
subscriptions = {}
for name in pairs(queues) do
  subscriptions[#subscriptions + 1] = { name = name, to = "mq", queue = name, raw = true, filter = { ways = { name } } }
end
topic = w:service("topic", { slots = 20, filters = { lab.topic.fanout{ subscriptions = subscriptions } } })
for i = 1, 200 do
  local ways = { "push" }
  if i % 2 == 0 then ways[#ways + 1] = "mail" end
  if i % 10 == 0 then ways[#ways + 1] = "sms" end
  topic:call{ type = "publish", body = "event " .. i, attributes = { ways = ways } }
end
w:run(1*s)
messages = 0
for name in pairs(queues) do messages = messages + mq:call{ type = "attributes", queue = name }.visible end
w:show()]],
      predict = {
        question = "How many messages wait in the three queues together?",
        unit = "messages",
        tolerance = 0.4,
        answer = function(env) return env.messages end,
      },
      hints = {
        "`messages` is the sum over the three queues.",
        "An attribute that is a list matches if one of its elements does.",
        "200 + 100 + 20.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local mq = t.has(env, "mq", "Node")
        t.that(mq:call { type = "attributes", queue = "sms" }.visible == 20, "20 wait in `sms`",
          tostring(mq:call { type = "attributes", queue = "sms" }.visible))
        t.that(type(env.messages) == "number", "`messages` is their sum", tostring(env.messages))
      end,
      explain = function(env)
        return ([[
%d. Who sends the event knows nothing of channels, providers and their troubles; and a provider of SMS that is down
for an hour fills its own queue and no other.]]):format(env.messages)
      end,
    },
    {
      name = "urgent",
      title = "The code that came too late",
      text = [[
10 000 advertisements are put into the mail queue at once; the workers do 100 a second. A second later somebody asks
for a code to log in; the code is good for a minute. Once in one queue, once in a queue with two priorities, once in a
fair queue, where the groups `code` and `sale` take turns.]],
      code = [[
function delay_of_code(queue, ad, code)
  w = lab.world{ seed = 1, keep = 1000 }
  local broker = lab.queue.broker{ queues = { mail = queue }, durable = false }
  local mq = w:service("mq", { slots = 50, filters = { broker } })
  local at
  w:fleet("sender", 10, { time = 100*ms, handler = function(request)
    if request.body == "code" then at = w:now() end
    return true
  end, filters = { lab.queue.consumer{ from = "mq", queue = "mail" } } })
  local function send(body, more)
    mq:call{ type = "send", queue = "mail", body = body, priority = more.priority, group = more.group }
  end
  for batch = 1, 1000 do
    local entries = {}
    for i = 1, 10 do entries[i] = { id = tostring(i), body = "ad", priority = ad.priority, group = ad.group } end
    mq:call{ type = "send_batch", queue = "mail", entries = entries }
  end
  local asked = w:now()
  send("code", code)
  w:run(150*s)
  return at - asked
end
one = delay_of_code(lab.queue.standard{ visibility = 600 }, {}, {})
priority = delay_of_code(lab.queue.priority{ visibility = 600 }, { priority = 1 }, { priority = 9 })
fair = delay_of_code(lab.queue.fair{ visibility = 600 }, { group = "sale" }, { group = "code" })
chart = require "chart"
print(chart.bars({ { "one queue", one }, { "priorities", priority }, { "fair", fair } }, { unit = "s" }))]],
      predict = {
        question = "How long does the code take through the one queue?",
        unit = "s",
        tolerance = 12,
        answer = function(env) return env.one end,
      },
      hints = {
        "`one`, `priority` and `fair` are the delays of the code in the three queues.",
        "10 000 at 100 a second are before it, less those that were sent while they were put there.",
        "Something below 100 s.",
      },
      check = function(t, env)
        for _, name in ipairs { "one", "priority", "fair" } do t.has(env, name, "number") end
        t.that(env.one > 60, "in one queue the code is too late", ("%.1f s"):format(env.one))
        t.that(env.priority < 1 and env.fair < 1, "in the others it takes less than a second",
          ("%.1f s and %.1f s"):format(env.priority, env.fair))
      end,
      explain = function(env)
        return ([[
%.0f s, and the code is dead on arrival. With priorities %.2f s, fair %.2f s. Priorities starve whoever is below
while there is anything above; fair queues need no ranking, and one sender of a million messages only makes itself
wait. The plainest way is a queue of its own for what is urgent, with workers of its own.]])
          :format(env.one, env.priority, env.fair)
      end,
    },
    {
      name = "provider",
      title = "The provider says no",
      text = [[
The provider of SMS takes 20 a second (a token bucket of 20) and answers `rate_limited` beyond that; every answer
counts on the bill, also a no. 600 SMS. Ten workers: once they send as fast as they can, and try again after a
failure; once they take from a job queue with `rate = 20`.]],
      code = [[
function campaign(jobs)
  w = lab.world{ seed = 1, keep = 1000 }
  local calls, sent, last = 0, 0, 0
  local bucket = lab.limit.token_bucket{ rate = 20, burst = 20 }
  w:service("sms", { time = 50*ms, slots = 50, handler = function()
    calls = calls + 1
    if not bucket:admit(w:now()) then return nil, "rate_limited" end
    sent, last = sent + 1, w:now()
    return true
  end })
  local mq = w:service("mq", { slots = 50, filters = { lab.queue.broker{ jobs = { sms = jobs } } } })
  for i = 1, 600 do mq:call{ type = "put", jobs = "sms", data = i } end
  w:fleet("sender", 10, { calls = w:find("sms"), filters = { lab.queue.consumer{ from = "mq", jobs = "sms" } } })
  w:run(3*min)
  return { calls = calls, sent = sent, last = last }
end
hasty = campaign(lab.queue.jobs{ backoff = 1, backoff_max = 30 })
paced = campaign(lab.queue.jobs{ rate = 20, burst = 20, backoff = 1, backoff_max = 30 })
rows = { { "as fast as they can", hasty.sent, hasty.calls, hasty.last },
  { "20 a second", paced.sent, paced.calls, paced.last } }
print(chart.table{ rows = rows,
  columns = { "workers", { title = "SMS sent" }, { title = "calls" }, { title = "done", format = "%.0f s" } } })]],
      predict = {
        question = "Which of the two has sent all its SMS first?",
        choices = { "as fast as they can", "20 a second", "about the same time" },
        answer = function(env)
          local difference = env.hasty.last - env.paced.last
          return math.abs(difference) < 3 and "about the same time" or difference < 0 and "as fast as they can"
            or "20 a second"
        end,
      },
      hints = {
        "`hasty` and `paced` have `calls`, `sent` and `last`, the time of the last SMS.",
        "What does a refused job do while tokens drip into the bucket?",
        "It waits for its backoff, and those waits grow: at the end tokens are there and no job is.",
      },
      check = function(t, env)
        local hasty, paced = t.has(env, "hasty", "table"), t.has(env, "paced", "table")
        t.that(paced.sent == 600, "all 600 are sent at 20 a second", tostring(paced.sent))
        t.that(hasty.calls > 1.2 * paced.calls, "the hasty ones make many more calls",
          ("%s against %s"):format(tostring(hasty.calls), tostring(paced.calls)))
      end,
      explain = function(env)
        return ([[
%d calls in place of %d, and not sooner: %.0f s against %.0f s. The limit of the provider is the speed of the
campaign in any case; going at it from the beginning saves the noes. Backoff is for surprises, a rate is for what is
known.]]):format(env.hasty.calls, env.paced.calls, env.hasty.last, env.paced.last)
      end,
    },
    {
      name = "twice",
      title = "Did you get my message? Did you get my message?",
      text = [[
A provider that sends the mail and then answers too late: one in five answers takes 10 s, and the worker waits for 3.
So it tries again. Then the same with an idempotency key: the provider remembers the keys it has done.]],
      code = [[
function letters(remembers)
  w = lab.world{ seed = 1, keep = 1000 }
  local got, total = {}, 0
  w:service("mail", { slots = 100, handler = function(request, context)
    local key = request.id
    if not (remembers and got[key]) then
      got[key] = (got[key] or 0) + 1
      total = total + 1
    end
    context:sleep(context:random() < 0.2 and 10 or 0.1)
    return true
  end })
  local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = {
    mail = lab.queue.standard{ visibility = 15 } } } } })
  for i = 1, 200 do mq:call{ type = "send", queue = "mail", body = "letter " .. i } end
  w:fleet("sender", 5, { calls = w:find("mail"), call_timeout = 3*s,
    filters = { lab.queue.consumer{ from = "mq", queue = "mail", retry = 1*s } } })
  w:run(10*min)
  return total
end
plain, keyed = letters(false), letters(true)
print(chart.bars({ { "letters", 200 }, { "without a key", plain }, { "with a key", keyed } }, { unit = "mails" }))]],
      predict = {
        question = "How many mails arrive for the 200 letters, without a key?",
        unit = "mails",
        tolerance = 20,
        answer = function(env) return env.plain end,
      },
      hints = {
        "`plain` and `keyed` count the mails that arrive.",
        "Every fifth try is repeated, and every fifth of those again.",
        "200 * (1 + 0.2 + 0.04 + ...) = 250.",
      },
      check = function(t, env)
        t.that(env.keyed == 200, "with a key each letter arrives once", tostring(env.keyed))
        t.that(type(env.plain) == "number" and env.plain > 215, "without one some arrive twice", tostring(env.plain))
      end,
      explain = function(env)
        return ([[
%d. A timeout does not say that nothing happened. So either a mail can be missing, or it can come twice, unless the
provider knows the letter again: the id of the message is the key, the same in every try. Where it has no such
feature, twice is the better mistake for a bill and the worse one for an advertisement.]]):format(env.plain)
      end,
    },
    {
      name = "peace",
      title = "Leave me in peace",
      text = [[
Fifty likes within ten minutes are fifty notifications. A limiter for each user, three at once and then one an hour,
sends some of them; the others go into a digest every hour. Anna gets 50 likes in ten minutes, Ben 2.]],
      code = [[
limiter = lab.limit.token_bucket{ rate = 1 / 3600, burst = 3, max_keys = 10000 }
jobs = lab.queue.jobs{}
jobs:repeats{ name = "digest", every = 1*h, data = "digest", now = 0 }
single, kept, digests = { anna = 0, ben = 0 }, { anna = 0, ben = 0 }, { anna = 0, ben = 0 }
events = {}
for i = 1, 50 do events[#events + 1] = { at = i * 12, user = "anna" } end
events[#events + 1] = { at = 700, user = "ben" }
events[#events + 1] = { at = 710, user = "ben" }
for _, event in ipairs(events) do
  if limiter:admit(event.user, event.at) then single[event.user] = single[event.user] + 1
  else kept[event.user] = kept[event.user] + 1 end
end
for hour = 1, 3 do
  local job = jobs:take{ now = hour*h }
  for user in pairs(kept) do
    if kept[user] > 0 then digests[user], kept[user] = digests[user] + 1, 0 end
  end
  jobs:ack{ id = job.id, take = job.take, now = hour*h }
end
annas = single.anna + digests.anna]],
      predict = {
        question = "How often does Anna's phone ring?",
        unit = "times",
        tolerance = 0.4,
        answer = function(env) return env.annas end,
      },
      hints = {
        "`single` counts what was sent at once, `digests` the digests, `annas` both for Anna.",
        "Three at once; how much of a token arrives in ten minutes?",
        "Three, and one digest.",
      },
      check = function(t, env)
        local single, digests = t.has(env, "single", "table"), t.has(env, "digests", "table")
        t.that(single.ben == 2 and digests.ben == 0, "Ben gets both at once",
          ("%s at once, %s digests"):format(tostring(single.ben), tostring(digests.ben)))
        t.that(type(env.annas) == "number" and env.annas < 10, "Anna is left in peace", tostring(env.annas))
      end,
      explain = function(env)
        return ([[
%d times in place of 50: three at once and a digest with the other 47. The limit is for each user, so Ben does not
feel that Anna is popular. Codes to log in and alarms pass around such a limit, and that should be written down
before somebody calls an advertisement urgent.]]):format(env.annas)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
A topic, a queue behind it, two senders, a provider that knows its keys; a notification every half second for a
minute; and each fault in turn, from 20 s to 50 s. The publisher tries again until it has an answer.]],
      code = [[
function build(w)
  local sent, done, finished = {}, {}, {}
  w:service("mail", { time = 200*ms, slots = 10, handler = function(request)
    local key = request.body
    if key == "poison" then return nil, "crashed" end
    done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
    return true
  end })
  local dead = lab.queue.standard()
  local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { dead = dead,
    mail = lab.queue.standard{ visibility = 8, dead_letter = dead, max_receives = 4 } } } } })
  local topic = w:service("topic", { slots = 20, filters = { lab.topic.fanout{ subscriptions = {
    { name = "mail", to = "mq", queue = "mail", raw = true } } } } })
  w:fleet("sender", 2, { time = 200*ms, calls = w:find("mail"), call_timeout = 5*s,
    filters = { lab.queue.consumer{ from = "mq", queue = "mail" } } })
  local function publish(body)
    while not topic:call{ type = "publish", body = body, timeout = 2 } do w:sleep(1) end
  end
  w:spawn(function()
    for i = 1, 120 do
      local key, at = "notice " .. i, w:now()
      w:spawn(function() publish(key); sent[key] = at end)
      w:sleep(0.5)
    end
  end)
  return { consumer = "sender-1", broker = "mq", sent = sent, done = done, finished = finished,
    dead = function() return mq:call{ type = "attributes", queue = "dead" }.visible end,
    poison = function() publish "poison" end }
end
ordeal = require "ordeal"
results = ordeal.run{ build = build, at = 20, lasting = 30, finish = 300 }
print(ordeal.table(results))]],
      predict = {
        question = "The broker is away for 30 s; the topic tries again. How many notices are never sent?",
        unit = "notices",
        tolerance = 0.4,
        answer = function(env) return env.results["broker loss"].missing end,
      },
      hints = {
        "`results[\"broker loss\"]` is the row; `never` is its field `missing`.",
        "A topic retries a queue 3 times at once, 2 times after 1 s, 10 times up to 20 s apart, and then for weeks.",
        "30 s are well within that.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every notice is sent, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
        end
        t.that(results["poison message"].dead == 1, "the poison message is put aside",
          results["poison message"].dead .. " were")
      end,
      explain = function(env)
        local r = env.results
        return ([[
%d. It costs time: %.0f s at most after the broker's loss, %.0f s after the crash of a sender, %.0f s behind a
partition. And it costs doubles: %d where messages were doubled on the network, all of which a provider with keys
would have swallowed.]]):format(r["broker loss"].missing, r["broker loss"].late,
          r["consumer crash"].late, r.partition.late, r.duplicates.twice)
      end,
    },
  },
  finish = [[
A topic for the event, a queue for each channel, a rate for each provider, a key for each message, a limit for each
person, and a lane of its own for what cannot wait.]],
}

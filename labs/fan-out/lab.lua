-- Fan-out: one order, three services that want to know; calls, a topic, queues behind it, filters.

return {
  title = "Fan-out: tell everybody, wait for nobody",
  minutes = 20,
  after = { "queues" },
  summary = [[
An order has to reach billing, the stock and the mail service. First the shop calls all three; then it publishes
once, to a topic. You will see what the shop's customers feel of it, what happens while the mail service is down,
and what a filter is worth when it takes a quarter of an hour to change.]],

  steps = {
    {
      name = "calls",
      title = "One after the other",
      text = [[
The shop calls billing (50 ms), then the stock (50 ms), then mail (400 ms), and then answers the customer. Five
orders a second. At 60 s the mail service crashes, for a minute.]],
      code = [[
w = lab.world{ seed = 1 }
billing = w:service("billing", { time = 50*ms, slots = 20 })
stock = w:service("stock", { time = 50*ms, slots = 20 })
mail = w:service("mail", { time = 400*ms, slots = 20 })
shop = w:service("shop", { slots = 100, calls = { billing, stock, mail } })
customers = w:load{ to = shop, rate = 5, timeout = 5*s }
w:run(60*s)
before = customers:percentile(50)
w:inject(lab.fault.crash("mail")); w:run(60*s)
failed = customers:errors()
w:show()]],
      predict = {
        question = "How long does an order take while all is well?",
        unit = "ms",
        tolerance = 60,
        answer = function(env) return 1000 * env.before end,
      },
      hints = {
        "`before` is the median of the first minute, `failed` counts the orders that failed in the second.",
        "The calls are made one after the other.",
        "50 + 50 + 400 ms and a little network.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local customers = t.has(env, "customers", "Load")
        t.that(customers:sent() > 400, "two minutes of orders", customers:sent() .. " orders")
        t.that(type(env.failed) == "number" and env.failed > 200, "orders fail while mail is down",
          tostring(env.failed) .. " failed")
      end,
      explain = function(env)
        return ([[
%.0f ms: the sum of all three, and most of it is a mail that nobody waits for. And in the second minute %d orders
failed, because of a mail. Who calls three services is as slow as their sum, and up only when all of them are.]])
          :format(1000 * env.before, env.failed)
      end,
    },
    {
      name = "publish",
      title = "Publish once",
      text = [[
Now the shop publishes the order to a topic. Each service has a queue at a broker, each queue is a subscriber. The
customer is answered when the topic has taken the order.]],
      code = [[
w = lab.world{ seed = 1 }
queues = { billing = lab.queue.standard(), stock = lab.queue.standard(), mail = lab.queue.standard() }
mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = queues } } })
topic = w:service("topic", { time = 5*ms, slots = 20, filters = { lab.topic.fanout{ subscriptions = {
  { name = "billing", to = "mq", queue = "billing", raw = true },
  { name = "stock", to = "mq", queue = "stock", raw = true },
  { name = "mail", to = "mq", queue = "mail", raw = true } } } } })
shop = w:service("shop", { slots = 100, handler = function(request, context)
  return context:call(topic, { type = "publish", body = "an order", attributes = { kind = "goods" } })
end })
customers = w:load{ to = shop, rate = 5, timeout = 5*s }
w:run(60*s)
after = customers:percentile(50)
waiting = mq:call{ type = "attributes", queue = "mail" }.visible
chart = require "chart"
print(chart.bars({ { "calls", 1000 * before }, { "topic", 1000 * after } }, { unit = "ms" }))]],
      predict = {
        question = "No service takes anything from its queue yet. How long does an order take?",
        unit = "ms",
        tolerance = 5,
        answer = function(env) return 1000 * env.after end,
      },
      hints = {
        "`after` is the median of the new shop, `waiting` what lies in the queue of the mail service.",
        "The shop waits for the topic only: 5 ms, and four trips of 250 µs.",
        "`.go` types the code.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local customers = t.has(env, "customers", "Load")
        t.that(customers:errors() == 0, "no order fails", customers:errors() .. " failed")
        t.that(type(env.waiting) == "number" and env.waiting > 200, "the orders wait in the queue `mail`",
          tostring(env.waiting))
      end,
      explain = function(env)
        return ([[
%.1f ms, whether mail is slow, down or not written yet: %d orders wait for it, and as many for each of the others.
What the shop has given up is knowing: when it answers, nobody has been billed.]]):format(1000 * env.after, env.waiting)
      end,
    },
    {
      name = "outage",
      title = "Pushed or fetched",
      text = [[
A topic can push to a service directly (`protocol = "http"`) in place of a queue. Published: three retries, 20 s
apart, then the message is dropped. One order every 10 s; the mail service is down for ten minutes, from 10 s on.]],
      code = [[
w = lab.world{ seed = 1 }
mails = 0
mail = w:service("mail", { slots = 20, handler = function() mails = mails + 1; return true end })
topic = w:service("topic", { slots = 20, filters = { lab.topic.fanout{ subscriptions = {
  { name = "mail", to = "mail", protocol = "http" } } } } })
w:spawn(function()
  for order = 1, 90 do
    topic:call{ type = "publish", body = "order " .. order }
    w:sleep(10)
  end
end)
w:at(10*s, lab.fault.crash("mail")); w:at(610*s, lab.fault.restart("mail"))
w:run(30*min)
lost = 90 - mails]],
      predict = {
        question = "90 orders, 60 of them in the ten minutes. How many mails are lost?",
        unit = "mails",
        tolerance = 3,
        answer = function(env) return env.lost end,
      },
      hints = {
        "`mails` counts what the mail service got, `lost` is the rest of the 90.",
        "For how long is one message tried?",
        "For 60 s: only the orders of the last minute of the outage are still tried when the service comes back.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(type(env.lost) == "number" and env.lost > 30, "most of the mails of the outage are lost",
          tostring(env.lost) .. " are lost")
        t.that(env.mails > 30, "the others arrive", tostring(env.mails) .. " arrived")
      end,
      explain = function(env)
        return ([[
%d. A push is over after its last retry, here after 60 s; a queue keeps messages for 4 days and its consumer
fetches them when it can. So put a queue between a topic and whatever may be down for longer than a minute, or
give the subscription a dead-letter queue.]]):format(env.lost)
      end,
    },
    {
      name = "filters",
      title = "Only what one wants",
      text = [[
Half of the orders are downloads, which the parcel service has no use for. So its subscription gets a filter. As
published, a change of a filter can take up to 15 minutes; here it takes 15 minutes. An order a second for half an
hour.]],
      code = [[
w = lab.world{ seed = 1 }
mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { parcels = lab.queue.standard() } } } })
topic = w:service("topic", { slots = 20, filters = { lab.topic.fanout{ propagation = 15*min, subscriptions = {
  { name = "parcels", to = "mq", queue = "parcels", raw = true } } } } })
topic:call{ type = "set_filter", name = "parcels", filter = { kind = { "goods" } } }
w:spawn(function()
  for order = 1, 1800 do
    local kind = order % 2 == 0 and "goods" or "download"
    topic:call{ type = "publish", body = "order " .. order, attributes = { kind = kind } }
    w:sleep(1)
  end
end)
w:run(40*min)
parcels = mq:call{ type = "attributes", queue = "parcels" }.visible]],
      predict = {
        question = "1800 orders, half of them goods. How many reach the parcel service?",
        unit = "orders",
        tolerance = 60,
        answer = function(env) return env.parcels end,
      },
      hints = {
        "`parcels` is what lies in the queue at the end.",
        "What does the topic deliver in the first 15 minutes, what in the second?",
        "900 of the first 15 minutes, and half of the other 900.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(type(env.parcels) == "number", "`parcels` is the number of messages in the queue", tostring(env.parcels))
        t.that(env.parcels > 1000 and env.parcels < 1800, "some downloads got through, and not all",
          tostring(env.parcels) .. " messages")
      end,
      explain = function(env)
        return ([[
%d. The call that sets the filter returns at once and has changed nothing yet. A consumer must stand what its filter
should have kept away; a filter saves work, and is no protection.]]):format(env.parcels)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
The topic with a queue for the mail service, two workers behind it, an order every half second for a minute; nine faults
in turn, from 20 s to 50 s. The shop publishes again until it is answered.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local dead = lab.queue.standard()
  local system = ordeal.shop(w, { tasks = 0, count = 2, queues = { dead = dead,
    jobs = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 4 } } })
  local topic = w:service("topic", { slots = 20, filters = { lab.topic.fanout{ subscriptions = {
    { name = "mail", to = "mq", queue = "jobs", raw = true } } } } })
  local function publish(key)
    local at = w:now()
    while not topic:call{ type = "publish", body = key, timeout = 2 } do w:sleep(1) end
    if key ~= "poison" then system.sent[key] = at end
  end
  w:spawn(function()
    for i = 1, 120 do w:spawn(publish, "order " .. i); w:sleep(0.5) end
  end)
  system.poison = function() publish "poison" end
  return system
end
results = ordeal.run{ build = build, at = 20.2, lasting = 30, finish = 300,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "The broker with the queue is away for 30 s. How many orders are lost between topic and queue?",
        unit = "orders",
        tolerance = 0.4,
        answer = function(env) return env.results["broker loss"].missing end,
      },
      hints = {
        "`results[\"broker loss\"].missing` counts them.",
        "Published: queues are retried for weeks.",
        "None; 30 s are within the retries.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every order arrives, whatever breaks", ("%d do not after %s"):format(row.missing,
            row.fault))
        end
        t.that(results["poison message"].dead == 1, "the poison message is put aside",
          results["poison message"].dead .. " were")
      end,
      explain = function(env)
        local r = env.results
        return ([[
%d. But %d were delivered twice in that row, where the topic had no answer in time and sent again after the broker had
taken the message, and %d where the network doubled messages. Fan-out adds a second place where "at least once" is made,
so duplicates come from two sides, and each subscriber has to recognise them for itself. The topic keeps what is under
way in memory: lose the topic, and that is lost.]]):format(
          r["broker loss"].missing, r["broker loss"].twice, r.duplicates.twice)
      end,
    },
  },
  finish = [[
A topic decouples in time and in number: the shop knows one name. With a queue behind each subscription nothing is
lost while somebody is down. What remains is to answer: who notices when nobody is billed?]],
}

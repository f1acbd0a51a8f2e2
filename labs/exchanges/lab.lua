-- Exchanges: direct, fanout, topic, headers; what is not routed; request and reply.

return {
  title = "Exchanges: four ways to a queue",
  minutes = 15,
  after = { "queues" },
  summary = [[
In RabbitMQ nobody sends to a queue: one publishes to an exchange, with a routing key, and bindings decide. You
will use the four kinds, lose a message without an error, and call a service through a queue.]],

  steps = {
    {
      name = "kinds",
      title = "The same bindings, three kinds",
      text = [[
Three queues, bound with the same keys to a direct, a topic and a fanout exchange. Then a message with the key
`log.error.disk`.]],
      code = [[
routed = {}
for _, kind in ipairs{ "direct", "topic", "fanout" } do
  e = lab.queue.exchange(kind)
  e:bind("errors", "log.error.*")
  e:bind("logs", "log.#")
  e:bind("disk", "log.error.disk")
  routed[kind] = e:route("log.error.disk")
end
routed]],
      predict = {
        question = "To how many queues does the direct exchange route it?",
        unit = "queues",
        tolerance = 0.4,
        answer = function(env) return #env.routed.direct end,
      },
      hints = {
        "`routed` has the list of queues for each of the three kinds.",
        "Does a direct exchange know `*` and `#`?",
        "Only the binding with exactly this key.",
      },
      check = function(t, env)
        local routed = t.has(env, "routed", "table")
        t.that(#(routed.direct or {}) == 1, "direct routes to one queue", "it routes to " .. #(routed.direct or {}))
        t.that(#(routed.topic or {}) == 3, "topic routes to three", "it routes to " .. #(routed.topic or {}))
      end,
      explain = [[
One: for a direct exchange `log.error.*` is just a key with a star in it. The topic exchange matches all three,
and the fanout exchange does not look at keys at all. A queue that is matched by several bindings gets the message
once.]],
    },
    {
      name = "words",
      title = "One word, or any number",
      text = [[
In a topic binding `*` stands for exactly one word, `#` for any number, none included. Six keys against
`order.*.paid` and `order.#`.]],
      code = [[
e = lab.queue.exchange("topic")
e:bind("paid", "order.*.paid")
e:bind("all", "order.#")
hits = { paid = 0, all = 0 }
for _, key in ipairs{ "order", "order.eu", "order.eu.paid", "order.eu.de.paid", "order.paid", "orders.eu.paid" } do
  for _, queue in ipairs(e:route(key)) do hits[queue] = hits[queue] + 1 end
end
hits]],
      predict = {
        question = "How many of the six keys does `order.#` match?",
        unit = "keys",
        tolerance = 0.4,
        answer = function(env) return env.hits.all end,
      },
      hints = {
        "`hits` counts the messages of each queue.",
        "`#` may stand for no word at all; words are whole words.",
        "All but `orders.eu.paid`.",
      },
      check = function(t, env)
        local hits = t.has(env, "hits", "table")
        t.that(hits.paid == 1, "one key matches `order.*.paid`", tostring(hits.paid))
      end,
      explain = function(env)
        return ([[
%d, also the bare `order`; `order.*.paid` matches %d of them. `order.paid` is too short for it and
`order.eu.de.paid` too long: with `*` the place of a word in the key is a promise that everybody who publishes has
to keep.]]):format(
          env.hits.all, env.hits.paid)
      end,
    },
    {
      name = "lost",
      title = "Published, and gone",
      text = [[
A broker in a world. Somebody misspells a key. The second exchange has an alternate, which gets what nobody wants.]],
      code = [[
w = lab.world{ seed = 1 }
queues = { paid = lab.queue.standard(), lost = lab.queue.standard() }
mq = w:service("mq", { filters = { lab.queue.broker{ queues = queues, exchanges = {
  plain = { kind = "direct", bindings = { { queue = "paid", key = "order.paid" } } },
  safe = { kind = "direct", alternate = "rest", bindings = { { queue = "paid", key = "order.paid" } } },
  rest = { kind = "fanout", bindings = { { queue = "lost" } } } } } } })
first, err = mq:call{ type = "publish", exchange = "plain", key = "order.payed", body = "30 euros" }
second = mq:call{ type = "publish", exchange = "safe", key = "order.payed", body = "30 euros" }
second.routed]],
      predict = {
        question = "What does the first publish return?",
        choices = { "an error", "success, with no queues", "success, with the queue paid" },
        answer = function(env)
          return not env.first and "an error" or #env.first.routed == 0 and "success, with no queues"
            or "success, with the queue paid"
        end,
      },
      hints = {
        "`first` is what the publish to `plain` returned.",
        "Is it the exchange's business whether somebody listens?",
        "`.go` types the code; look at `first`.",
      },
      check = function(t, env)
        t.has(env, "mq", "Node")
        t.has(env, "first", "table")
        local second = t.has(env, "second", "table")
        t.that(second.routed[1] == "lost", "the second message is in the queue `lost`", tostring(second.routed[1]))
      end,
      explain = [[
Success. An exchange routes to whoever is bound; nobody is a valid number. So a misspelt key, or a consumer that
has not bound its queue yet, loses messages without any error. An alternate exchange catches them. (AMQP also has
a `mandatory` flag, with which such a message comes back to its sender.)]],
    },
    {
      name = "headers",
      title = "By what it carries",
      text = [[
A headers exchange looks at the message's headers: at all that the binding names, or with `x-match = "any"` at any.]],
      code = [[
e = lab.queue.exchange("headers")
e:bind("pdf_reports", "", { type = "report", format = "pdf" })
e:bind("either", "", { ["x-match"] = "any", type = "report", format = "pdf" })
taken = { pdf_reports = 0, either = 0 }
for _, headers in ipairs{ { type = "report", format = "pdf", pages = 3 }, { type = "report", format = "html" },
                          { type = "letter", format = "pdf" }, { type = "letter" }, {} } do
  for _, queue in ipairs(e:route("", headers)) do taken[queue] = taken[queue] + 1 end
end
chart = require "chart"
print(chart.bars({ { "all", taken.pdf_reports }, { "any", taken.either } }, { unit = "messages" }))]],
      predict = {
        question = "How many of the five messages reach `either`?",
        unit = "messages",
        tolerance = 0.4,
        answer = function(env) return env.taken.either end,
      },
      hints = {
        "`taken` counts the messages of each queue.",
        "One header that fits is enough.",
        "The first three.",
      },
      check = function(t, env)
        local taken = t.has(env, "taken", "table")
        t.that(taken.pdf_reports == 1, "one message is a report in pdf", tostring(taken.pdf_reports))
      end,
      explain = function(env)
        return ([[
%d, and %d reach the one that wants both. Headers are the slow and precise kind: the exchange compares every binding.]])
          :format(env.taken.either, env.taken.pdf_reports)
      end,
    },
    {
      name = "request_reply",
      title = "A call through a queue",
      text = [[
Request and reply: the message says where the answer goes (`reply_to`) and which question it belongs to
(`correlation`). Two workers of 1 s each; five questions at once.]],
      code = [[
w = lab.world{ seed = 1 }
mq = w:service("mq", { slots = 8, filters = { lab.queue.broker{ queues = { sums = lab.queue.standard() } } } })
for worker = 1, 2 do
  w:spawn(function()
    while true do
      for _, m in ipairs(mq:call{ type = "receive", queue = "sums", wait = 20, timeout = 30 } or {}) do
        w:sleep(1)
        mq:call{ type = "reply", correlation = m.attributes.correlation, body = m.body[1] + m.body[2] }
        mq:call{ type = "delete", queue = "sums", receipt = m.receipt }
      end
    end
  end)
end
answers, last = {}, 0
for i = 1, 5 do
  w:spawn(function()
    answers[i] = mq:call{ type = "request", queue = "sums", body = { i, i }, timeout = 20 }
    last = w:now()
  end)
end
w:run(30*s)
last]],
      predict = {
        question = "When is the last of the five questions answered?",
        unit = "s",
        tolerance = 0.4,
        answer = function(env) return env.last end,
      },
      hints = {
        "`answers[i]` is the answer to question i, `last` is when the last one came.",
        "Two workers, 1 s each, five questions.",
        "Three rounds.",
      },
      check = function(t, env)
        local answers = t.has(env, "answers", "table")
        for i = 1, 5 do
          t.that(answers[i] == 2 * i, ("the answer to question %d is %d"):format(i, 2 * i), tostring(answers[i]))
        end
      end,
      explain = function(env)
        return ([[
At %.2f s. To the caller it looks like any call. Between them is a queue, so workers can come and go, and a burst
waits in place of failing. But the caller waits, too, and gives up at some time, and then its question is still
worked on: a queue does not make a synchronous call asynchronous.]]):format(env.last)
      end,
    },
    {
      name = "ordeal",
      title = "Pushed, and everything that breaks",
      text = [[
Here the broker pushes: workers say `consume` once, and it sends them messages, one at a time each. An order is
published every half second for a minute, three workers take it; eight faults in turn, from 20 s to 50 s. Once the
workers say `consume` when the shop opens, once they say it again every 5 s if they have had nothing to do.]],
      code = [[
ordeal = require "ordeal"
function shop(again)
  return function(w)
    local sent, done, finished, last = {}, {}, {}, {}
    local orders = lab.queue.standard{ visibility = 10 }
    local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { orders = orders },
      exchanges = { shop = { kind = "topic", bindings = { { queue = "orders", key = "order.#" } } } } } } })
    for i = 1, 3 do
      local name = "worker-" .. i
      w:service(name, { time = 0.4, slots = 4, handler = function(request)
        local key = request.body
        last[name] = w:now()
        if key == "poison" then return nil, "crashed" end
        done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
        return true
      end })
      local function consume() return mq:call{ type = "consume", queue = "orders", to = name, within = 5 } end
      w:spawn(function()
        while not consume() do w:sleep(1) end
        while again do
          w:sleep(5)
          if w:now() - (last[name] or 0) > 5 then consume() end
        end
      end)
    end
    w:spawn(function()
      for i = 1, 120 do
        local key, at = "order " .. i, w:now()
        local order = { type = "publish", exchange = "shop", key = "order.eu", body = key, timeout = 2 }
        w:spawn(function()
          while not mq:call(order) do w:sleep(1) end
          sent[key] = at
        end)
        w:sleep(0.5)
      end
    end)
    return { consumer = "worker-1", broker = "mq", sent = sent, done = done, finished = finished }
  end
end
once = ordeal.run{ build = shop(false), at = 20.2, lasting = 30, finish = 180 }
often = ordeal.run{ build = shop(true), at = 20.2, lasting = 30, finish = 180, only = { "nothing", "broker loss" } }
print(ordeal.table(once))
print(ordeal.table(often))]],
      predict = {
        question = "The broker comes back after 30 s, with all its messages. Who works, if each said `consume` once?",
        choices = { "all three workers", "nobody", "the one that was idle" },
        answer = function(env)
          return env.once["broker loss"].missing == 0 and "all three workers" or env.once["broker loss"].missing > 30
            and "nobody" or "the one that was idle"
        end,
      },
      hints = {
        "`once` and `often` have a row for each fault; `never` is the field `missing`.",
        "The messages are on the broker's disk. Where is the list of its consumers?",
        "In its memory: after the restart it knows nobody to push to.",
      },
      check = function(t, env)
        local once, often = t.has(env, "once", "table"), t.has(env, "often", "table")
        t.that(#once == 8, "eight rows: no poison here", #once .. " rows")
        t.that(often["broker loss"].missing == 0, "who says it again gets all orders",
          often["broker loss"].missing .. " are missing")
        t.that(once["consumer crash"].missing == 0, "a crash of a worker loses nothing",
          once["consumer crash"].missing .. " are missing")
      end,
      explain = function(env)
        return ([[
Nobody: %d orders lie in the queue, and no error is seen anywhere; who says `consume` again has all of them. A consumer
that is pushed to must notice that its broker forgot it (heartbeats, a connection that breaks, an alarm on the age of
the oldest message). One that fetches notices by itself, because it asks. After a crash of a worker the push is
quicker: the broker hears of it and gives the message to another one at once (%.1f s).]]):format(
          env.once["broker loss"].missing, env.once["consumer crash"].late)
      end,
    },
  },
  finish = [[
An exchange is a switchboard in front of queues: direct for names, topic for families of names, fanout for everybody,
headers for everything else. What is routed nowhere is lost silently, unless you give it somewhere to go.]],
}

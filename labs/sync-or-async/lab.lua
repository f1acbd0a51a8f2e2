-- Sync or async: what a customer has to wait for, what can be promised for later, and what each choice breaks.

return {
  title = "Sync or async: what the customer waits for",
  minutes = 25,
  after = { "queues", "dead-letters" },
  summary = [[
An order means four things: take the goods from the stock, take the money, write an invoice, send a mail. You do all
of them before the customer is answered, then only two, then too few; each time with a rush of orders, and in the end
with everything breaking that can break.]],

  steps = {
    {
      name = "chain",
      title = "All four, one after the other",
      text = [[
Stock 20 ms, payment 80 ms, invoice 300 ms, mail 400 ms. The shop calls one after the other and then answers. 20
orders a second. (The provider takes 20 mails at once.)]],
      code = [[
function departments()
  w = lab.world{ seed = 1 }
  stock = w:service("stock", { time = 20*ms, slots = 20 })
  pay = w:service("pay", { time = 80*ms, slots = 20 })
  invoice = w:service("invoice", { time = 300*ms, slots = 40 })
  mail = w:service("mail", { time = 400*ms, slots = 20 })
end
departments()
shop = w:service("shop", { slots = 500, calls = { stock, pay, invoice, mail } })
customers = w:load{ to = shop, rate = 20, timeout = 5*s }
w:run(30*s)
chain = customers:percentile(50)
w:show()]],
      predict = {
        question = "How long does a customer wait?",
        unit = "ms",
        tolerance = 60,
        answer = function(env) return 1000 * env.chain end,
      },
      hints = {
        "`chain` is the median of the customers' waiting time.",
        "The shop is as slow as the sum of what it calls.",
        "20 + 80 + 300 + 400 ms, and some network.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local customers = t.has(env, "customers", "Load")
        t.that(customers:ok() > 400, "half a minute of orders", customers:ok() .. " orders")
        t.that(type(env.chain) == "number" and env.chain > 0.5, "`chain` is the time of the four calls",
          tostring(env.chain))
      end,
      explain = function(env)
        return ([[
%.0f ms: the sum. And the shop is up only while all four are: at 99.5 %% each it fails for %.0f orders in a thousand.
Which of the four does the customer have to know the outcome of?]]):format(1000 * env.chain, 1000 * (1 - 0.995 ^ 4))
      end,
    },
    {
      name = "critical",
      title = "The critical path",
      text = [[
Whether there is a shirt left, and whether the money is there: that decides the answer, so it stays synchronous.
Invoice and mail become a message. Ten workers fetch messages, `lab.queue.consumer` does that for them, and call
invoice and mail.]],
      code = [[
function office(workers)
  mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = {
    papers = lab.queue.standard{ visibility = 60 } } } } })
  w:fleet("clerk", workers, { slots = 2, calls = { invoice, mail }, call_timeout = 30*s,
    filters = { lab.queue.consumer{ from = "mq", queue = "papers", concurrency = 2 } } })
end
departments()
office(10)
shop = w:service("shop", { slots = 500, calls = { stock, pay }, handler = function(request, context)
  return context:call(mq, { type = "send", queue = "papers", body = "order" })
end })
customers = w:load{ to = shop, rate = 20, timeout = 5*s }
w:run(30*s)
critical = customers:percentile(50)
chart = require "chart"
print(chart.bars({ { "all four", 1000 * chain }, { "critical path", 1000 * critical } }, { unit = "ms" }))]],
      predict = {
        question = "How long does a customer wait now?",
        unit = "ms",
        tolerance = 15,
        answer = function(env) return 1000 * env.critical end,
      },
      hints = {
        "`critical` is the median with stock and payment in the request and the rest in the queue `papers`.",
        "Add up what is left, and handing over one message.",
        "20 + 80 ms, and a few ms for the broker and the network.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local customers = t.has(env, "customers", "Load")
        t.that(customers:errors() == 0, "no order fails", customers:errors() .. " failed")
        local c = t.has(env, "mq", "Node"):call { type = "attributes", queue = "papers" }
        t.that(c.deleted > 400, "the papers are done, too", c.deleted .. " are")
        t.that(type(env.critical) == "number" and env.critical < env.chain / 3, "a third of the time or less",
          tostring(env.critical))
      end,
      explain = function(env)
        return ([[
%.0f ms in place of %.0f. The mail arrives as before, less than a second after the order. Nothing got faster; the
customer only stopped waiting for what she does not need.]]):format(1000 * env.critical, 1000 * env.chain)
      end,
    },
    {
      name = "rush",
      title = "A rush",
      text = [[
20 orders a second, and for half a minute 80. Mail can do 20 / 0.4 s = 50 a second. First the chain, which gives each
call 1 s; then the queue.]],
      code = [[
rates = { { at = 30, rate = 80 }, { at = 60, rate = 20 } }
departments()
shop = w:service("shop", { slots = 500, calls = { stock, pay, invoice, mail } })
chained = w:load{ to = shop, rate = 20, rates = rates, timeout = 5*s }
w:run(150*s)
departments()
office(20)
shop = w:service("shop", { slots = 500, calls = { stock, pay }, handler = function(request, context)
  return context:call(mq, { type = "send", queue = "papers", body = "order" })
end })
queued = w:load{ to = shop, rate = 20, rates = rates, timeout = 5*s }
depth, drained = {}, nil
for second = 1, 150 do
  w:run(1*s)
  depth[second] = mq:call{ type = "attributes", queue = "papers" }.visible
  if second > 60 and depth[second] == 0 then drained = drained or second end
end
print(chart.timeline{ rows = { { label = "papers waiting", values = depth, reduce = "max" } }, from = 0, to = 150 })]],
      predict = {
        question = "In the 30 s of the rush the chain gets 2400 orders. How many of its orders fail?",
        unit = "orders",
        tolerance = 700,
        answer = function(env) return env.chained:errors() end,
      },
      hints = {
        "`chained` and `queued` are the loads of the two shops; `drained` is when the papers are done.",
        "What does the chain do with an order whose mail does not get its turn within 1 s?",
        "Once more than 50 mails wait, an order waits over 1 s, fails, and its mail is still sent: nearly all fail.",
      },
      check = function(t, env)
        local chained, queued = t.has(env, "chained", "Load"), t.has(env, "queued", "Load")
        t.that(chained:errors() > 500, "the chain fails in the rush", chained:errors() .. " failed")
        t.that(queued:errors() == 0, "the shop with a queue takes every order", queued:errors() .. " failed")
        t.that(type(env.drained) == "number", "`drained` is the second at which no papers wait", tostring(env.drained))
      end,
      explain = function(env)
        local most = 0
        for _, n in ipairs(env.depth) do most = math.max(most, n) end
        return ([[
%d orders fail, of customers whose money was taken: the mail was slow, and the whole order fell over. (More than the
rush has: the mails of orders that have failed long since are in the way of the next ones.) With the queue
none fails; at most %d papers wait, and at %d s the last are done, %d s after the rush. A queue turns too much into
late, which is right for mails and would be wrong for the answer itself.]]):format(env.chained:errors(), most,
          env.drained, env.drained - 60)
      end,
    },
    {
      name = "too_far",
      title = "Too much of a good thing",
      text = [[
Then let us queue the payment, too: the customer waits for 25 ms only. One in twenty cards is declined.]],
      code = [[
w = lab.world{ seed = 1 }
stock = w:service("stock", { time = 20*ms, slots = 20 })
declined = 0
w:service("pay", { time = 80*ms, slots = 20, handler = function(request, context)
  if context:random() < 0.05 then declined = declined + 1 end
  return true
end })
mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { payments = lab.queue.standard() } } } })
w:fleet("clerk", 4, { calls = w:find("pay"), filters = { lab.queue.consumer{ from = "mq", queue = "payments" } } })
shop = w:service("shop", { slots = 500, calls = stock, handler = function(request, context)
  return context:call(mq, { type = "send", queue = "payments", body = "order" })
end })
customers = w:load{ to = shop, rate = 20, timeout = 5*s }
w:run(60*s)
customers:stop()
w:run(10*s)
declined]],
      predict = {
        question = "In one minute, how many customers read `thank you for your order` and then did not pay?",
        unit = "customers",
        tolerance = 25,
        answer = function(env) return env.declined end,
      },
      hints = {
        "`declined` counts the payments that fail after the answer.",
        "20 orders a second, 60 s, one in twenty.",
        "Some 60.",
      },
      check = function(t, env)
        local customers = t.has(env, "customers", "Load")
        t.that(customers:ok() > 1000, "a minute of orders", customers:ok() .. " orders")
        t.that(customers:percentile(50) < 0.05, "the customers wait for less than 50 ms",
          ("%.0f ms"):format(1000 * customers:percentile(50)))
        t.that(type(env.declined) == "number" and env.declined > 0, "`declined` counts them", tostring(env.declined))
      end,
      explain = function(env)
        return ([[
%d of %d. For each of them somebody has to put the shirt back and write a mail that begins with "unfortunately": a
compensation (the lab `order-saga`). Queue what cannot change the answer. What decides it belongs into the request,
however slow; or the answer has to say `we have received your order`, and mean no more than that.]]):format(
          env.declined, env.customers:ok())
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
The shop of the second step, an order every half second for a minute, and each fault in turn, from 20 s to 50 s:
`require "ordeal"` builds the shop anew for each. A customer whose order fails gives up; `refused` counts them.]],
      code = [[
function build(w)
  local mails, sent, done, finished, refused, orders = {}, {}, {}, {}, 0, 0
  local mail = w:service("mail", { time = 400*ms, slots = 20, handler = function(request)
    local key = request.body
    if key == "poison" then return nil, "crashed" end
    done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
    return true
  end })
  local dead = lab.queue.standard()
  local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { dead = dead,
    papers = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 3 } } } } })
  w:fleet("clerk", 2, { time = 200*ms, calls = mail, call_timeout = 9*s,
    filters = { lab.queue.consumer{ from = "mq", queue = "papers" } } })
  local shop = w:service("shop", { time = 100*ms, slots = 50, handler = function(request, context)
    return context:call(mq, { type = "send", queue = "papers", body = request.order })
  end })
  local system = { consumer = { "clerk-1" }, broker = "mq", sent = sent, done = done, finished = finished }
  system.dead = function() return mq:call{ type = "attributes", queue = "dead" }.visible end
  system.poison = function() mq:call{ type = "send", queue = "papers", body = "poison" } end
  system.refused = function() return refused end
  w:spawn(function()
    for i = 1, 120 do
      w:spawn(function()
        local at = w:now()
        if shop:call{ type = "order", order = "order " .. i, timeout = 3 } then sent["order " .. i] = at
        else refused = refused + 1 end
      end)
      w:sleep(0.5)
    end
  end)
  return system
end
ordeal = require "ordeal"
refused = {}
results = ordeal.run{ build = build, at = 20, lasting = 30, finish = 240,
  judge = function(system) return system.refused() end }
for _, row in ipairs(results) do refused[row.fault] = row.verdict end
print(ordeal.table(results, "refused"))]],
      predict = {
        question = "Which fault makes orders fail?",
        choices = { "consumer crash", "slow consumer", "poison message", "broker loss", "partition", "clock skew" },
        answer = function(env)
          local worst, most = "nothing", -1
          for _, row in ipairs(env.results) do
            if env.refused[row.fault] > most then worst, most = row.fault, env.refused[row.fault] end
          end
          return worst
        end,
      },
      hints = {
        "`results` has one row for each fault, and `refused` the orders that failed.",
        "Whom does the shop still have to reach before it answers?",
        "Stock and payment are well. The broker is in the critical path now.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every order that was accepted gets its mail, whatever breaks",
            ("%d do not after %s"):format(row.missing, row.fault))
        end
        t.that(results["poison message"].dead == 1, "the poison message is put aside",
          results["poison message"].dead .. " were")
      end,
      explain = function(env)
        local crash, slow = env.results["consumer crash"], env.results["slow consumer"]
        return ([[
The loss of the broker: %d orders refused. All other faults are felt by the mails alone: up to %.0f s late after a
crash of a clerk, %.0f s with a slow one, %d of them sent twice where messages of the network are doubled. Clocks do
not matter, since timeouts are measured on the monotonic one. Who puts a queue into the critical path has to make it
the most available thing in the house (or write the message to the own database first: the outbox of `order-saga`).]])
          :format(env.refused["broker loss"], crash.late, slow.late, env.results.duplicates.twice)
      end,
    },
  },
  finish = [[
Synchronous is what decides the answer; asynchronous is what follows from it. The queue in between makes departments
independent of each other in time, and everybody dependent on the queue.]],
}

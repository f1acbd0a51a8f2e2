-- A flash sale at 10:00: how late autoscaling is, what the critical path may hold, and mails at 50 a second.

local function minutes(seconds) return seconds / 60 end

-- What a load saw between two moments: answered and failed.
local function between(load, from, to)
  local series, ok, failed = load:data().series, 0, 0
  for i = 1, #series.ok_rate do
    local at = series.start + (i - 1) * series.interval
    if at >= from - 1e-9 and at < to - 1e-9 then
      ok, failed = ok + series.ok_rate[i] * series.interval, failed + series.error_rate[i] * series.interval
    end
  end
  return math.floor(ok + 0.5), math.floor(failed + 0.5)
end

local function share_failed(env)
  local ok, failed = between(env.customers, 600, 1200)
  return 100 * failed / (ok + failed)
end

return {
  title = "Flash sale: ten o'clock, and everybody is there",
  minutes = 30,
  after = { "sync-or-async" },
  summary = [[
On weekdays the shop gets 20 orders a second. At 10:00 a sale begins: 200 a second, at once. You watch autoscaling
arrive late, find out why it takes so long, prepare for the hour that is known, sell what is there and no more, and
send the mails through a provider that takes 50 a second.]],

  steps = {
    {
      name = "ten_oclock",
      title = "10:00",
      text = [[
The clock of the world begins at 9:50. A server does ten orders a second (one at a time, 100 ms); four run, twenty
orders wait at each at most, more are turned away. At 600 s, which is 10:00, 20 orders a second become 200.]],
      code = [[
function sale(servers, most, scale)
  w = lab.world{ seed = 1, keep = 1000 }
  app = w:fleet{ name = "app", count = most, time = lab.dist.exp{ mean = 100*ms }, queue_limit = 20 }
  lb = w:balancer{ name = "lb", backends = app, policy = lab.balance.least_connections() }
  if scale then scale() end
  customers = w:load{ to = lb, rate = 20, rates = { { at = 600, rate = 200 } }, timeout = 5*s, interval = 5 }
end
sale(4, 4)
w:run(20*min)
customers]],
      predict = {
        question = "What share of the orders of the first ten minutes of the sale fails?",
        unit = "%",
        tolerance = 6,
        answer = share_failed,
      },
      hints = {
        "`sale(4, 4)` and twenty minutes; `customers` measures.",
        "Four servers do 40 a second of 200.",
        "160 of 200 are turned away.",
      },
      check = function(t, env)
        local customers = t.has(env, "customers", "Load")
        t.that(env.w:now() >= 1200, "it is 10:10", ("it is %.0f s"):format(env.w:now()))
        t.that(customers:errors() > 50000, "most of the sale fails", customers:errors() .. " orders failed")
      end,
      explain = function(env)
        local ok, failed = between(env.customers, 600, 1200)
        return ([[
%.0f %%: %d orders were taken and %d turned away. The servers were busy all the time; there were too few. So let there
be more of them, when they are needed.]]):format(share_failed(env), ok, failed)
      end,
    },
    {
      name = "autoscaling",
      title = "The autoscaler is on its way",
      text = [[
An autoscaler keeps the utilisation at half (target tracking, with the published numbers): one reading a minute, three
in a row above the target before it orders, and a server needs 90 s from its order until it works. Up to 48 servers;
the sale needs 40 at that target.]],
      code = [[
sale(4, 48, function()
  scaler = w:autoscaler{ name = "scaler", fleet = app, balancer = lb, start = 4, min = 4,
    policy = lab.compute.target_tracking{ target = 0.5 }, boot = 90*s, period = 60*s }
end)
serving, enough = {}, nil
for i = 1, 240 do
  w:run(5*s)
  serving[i] = scaler:serving()
  if not enough and serving[i] >= 20 then enough = i * 5 - 600 end
end
chart = require "chart"
series = customers:data().series
print(chart.timeline{ from = 0, to = 1200, rows = {
  { label = "servers", values = serving, reduce = "max" }, { label = "orders taken", values = series.ok_rate },
  { label = "turned away", values = series.error_rate } } })]],
      predict = {
        question = "Twenty servers are needed to take every order. How many minutes after 10:00 are they there?",
        unit = "minutes",
        tolerance = 1.5,
        answer = function(env) return minutes(env.enough) end,
      },
      hints = {
        "`serving` is how many servers work, every 5 s; `enough` is when there are 20, in seconds after the start.",
        "The utilisation of an overloaded fleet is 1, not 5. How many does the autoscaler order the first time?",
        "It doubles: 4, 8, 16, 32. The first order after three readings, and each round takes the 90 s and a reading.",
      },
      check = function(t, env)
        local enough = t.has(env, "enough", "number")
        t.that(enough > 240, "it takes more than four minutes", ("it took %.0f s"):format(enough))
        t.that(t.has(env, "scaler", "Autoscaler"):serving() >= 20, "in the end there are enough servers",
          env.scaler:serving() .. " work")
      end,
      explain = function(env)
        local _, failed = between(env.customers, 600, 600 + env.enough)
        local lines = {}
        for _, r in ipairs(env.scaler:readings()) do
          if r.at > 600 and r.at <= 600 + env.enough then
            local minute = math.floor((r.at - 600) / 60)
            lines[#lines + 1] = ("  10:%02d  reads %.2f, wants %d"):format(minute, r.metric, r.desired)
          end
        end
        return ([[
%.1f minutes, and %d orders were turned away meanwhile. Three readings to believe it, 90 s to boot, and then again:
a utilisation cannot be more than 1, so it does not say how much is missing, and the fleet only doubles.
%s
Autoscaling is for load that rises in hours. For a rush in a second it is a reaction after the event.]]):format(
          minutes(env.enough), failed, table.concat(lines, "\n"))
      end,
    },
    {
      name = "prepared",
      title = "A date is known",
      text = [[
The hour is in the advertisement. At 9:55 the least number of servers becomes 40, at 10:20 it is 4 again, and the
autoscaler goes on as before.]],
      code = [[
sale(4, 48, function()
  scaler = w:autoscaler{ name = "scaler", fleet = app, balancer = lb, start = 4, min = 4,
    policy = lab.compute.target_tracking{ target = 0.5 }, boot = 90*s, period = 60*s }
end)
w:at(300, function() scaler:set_bounds(40) end)
w:run(20*min)
prepared_errors = customers:errors()
early = (600 - 300 - 90) * 36 / 3600]],
      predict = {
        question = "How many of the 120 000 orders of the first ten minutes are turned away now?",
        choices = { "fewer than 100", "about 1 000", "about 10 000", "more than 50 000" },
        answer = function(env)
          local n = env.prepared_errors
          return n < 300 and "fewer than 100" or n < 3000 and "about 1 000" or n < 50000 and "about 10 000"
            or "more than 50 000"
        end,
      },
      hints = {
        "`scaler:set_bounds(40)` at 300 s; `prepared_errors` counts what failed.",
        "When are the servers there, and what is their utilisation at 10:00?",
        "They work from 9:56:30 on. 40 servers for 200 a second are half busy.",
      },
      check = function(t, env)
        t.has(env, "prepared_errors", "number")
        t.that(t.has(env, "scaler", "Autoscaler"):serving() >= 40, "at least 40 servers work",
          env.scaler:serving() .. " do")
        t.that(env.w:now() >= 1200, "it is 10:10", ("it is %.0f s"):format(env.w:now()))
        t.that(env.prepared_errors < 1000, "nearly all orders are taken",
          env.prepared_errors .. " failed")
      end,
      explain = function(env)
        return ([[
%d. The price: %.1f hours of a server that waited for ten o'clock. Scale by schedule for what is known, by metrics for
what is not; and have the limit of the database and the quota of the account looked at the day before.]]):format(
          env.prepared_errors, env.early)
      end,
    },
    {
      name = "stock",
      title = "300 shirts",
      text = [[
There are 300 shirts at that price. An order reads the stock, decides (50 ms), and writes the stock minus one. Then
the same with one conditional step: "take one if there is one".]],
      code = [[
function shop(sell)
  w = lab.world{ seed = 1, keep = 1000 }
  left, sold = 300, 0
  stock = w:service("stock", { time = 1*ms, slots = 50, handler = function(request)
    if request.type == "read" then return left end
    if request.type == "write" then left = request.left; return left end
    if left == 0 then return false end
    left = left - 1
    return true
  end })
  app = w:service("app", { slots = 500, handler = sell })
  w:load{ to = app, rate = 200, timeout = 5*s, stop = 10*s }
  w:run(15*s)
  return sold
end
careless = shop(function(_, context)
  local n = context:call(stock, { type = "read" })
  context:sleep(50*ms)
  if n <= 0 then return "sold out" end
  context:call(stock, { type = "write", left = n - 1 })
  sold = sold + 1
  return "yours"
end)
careful = shop(function(_, context)
  context:sleep(50*ms)
  if not context:call(stock, { type = "take" }) then return "sold out" end
  sold = sold + 1
  return "yours"
end)
rows = { { "shirts", 300 }, { "read, then write", careless }, { "take one", careful } }
print(chart.bars(rows, { unit = "sold" }))]],
      predict = {
        question = "Ten orders are between read and write at any time. How many shirts does the careless shop sell?",
        choices = { "exactly 300", "a few more than 300", "all 2 000 that are asked for" },
        answer = function(env)
          return env.careless == 300 and "exactly 300" or env.careless < 600 and "a few more than 300"
            or "all 2 000 that are asked for"
        end,
      },
      hints = {
        "`careless` and `careful` are how many were sold in each way.",
        "Ten orders read 300, and each of the ten writes 299.",
        "Ten sales bring the stock down by one. 2000 orders come in 10 s.",
      },
      check = function(t, env)
        t.that(env.careful == 300, "the careful shop sells 300", tostring(env.careful))
        t.that(type(env.careless) == "number" and env.careless > 300, "the careless one sells more",
          tostring(env.careless))
      end,
      explain = function(env)
        return ([[
%d. While ten orders hold the same number, ten sales count as one. The stock is what a sale is really about, and it
belongs into the critical path as one conditional step, whatever else may wait. Everything after "yours" may not.]])
          :format(env.careless)
      end,
    },
    {
      name = "mails",
      title = "50 a second",
      text = [[
Each sold order gets a mail, and the provider takes 50 a second. 200 sales a second for 30 s: 6000 mails. Put them
into a job queue with `rate = 50`; ten workers send them.]],
      code = [[
w = lab.world{ seed = 1, keep = 1000 }
mails = 0
mail = w:service("mail", { time = 100*ms, slots = 50, handler = function() mails = mails + 1; return true end })
mq = w:service("mq", { slots = 50, filters = { lab.queue.broker{ jobs = {
  mails = lab.queue.jobs{ rate = 50, burst = 50, ttr = 60*s, attempts = 5 } } } } })
w:fleet("sender", 10, { calls = mail, filters = { lab.queue.consumer{ from = "mq", jobs = "mails" } } })
app = w:service("app", { time = 50*ms, slots = 100, handler = function(_, context)
  return context:call(mq, { type = "put", jobs = "mails", data = "thank you" })
end })
buyers = w:load{ to = app, rate = 200, timeout = 5*s, stop = 30*s }
sent_by, last_mail = {}, nil
while w:now() < 300 do
  w:run(1*s)
  sent_by[#sent_by + 1] = mails
  if mails == buyers:ok() and w:now() > 31 then last_mail = last_mail or w:now() end
end
print(chart.timeline{ rows = { { label = "mails sent", values = sent_by, reduce = "max" } }, from = 0, to = 300 })]],
      predict = {
        question = "When is the last mail sent?",
        unit = "s",
        tolerance = 12,
        answer = function(env) return env.last_mail end,
      },
      hints = {
        "`last_mail` is when as many mails are sent as orders were sold.",
        "6000 mails at 50 a second.",
        "120 s after the first one.",
      },
      check = function(t, env)
        local buyers = t.has(env, "buyers", "Load")
        t.that(buyers:errors() == 0, "no order fails", buyers:errors() .. " failed")
        t.that(env.mails == buyers:ok(), "each order got one mail",
          ("%s mails for %d orders"):format(tostring(env.mails), buyers:ok()))
        local last = t.has(env, "last_mail", "number")
        for i = 11, #env.sent_by do
          local rate = (env.sent_by[i] - env.sent_by[i - 10]) / 10
          t.that(rate < 56, "never more than 50 a second, over any ten seconds", ("%.1f at %d s"):format(rate, i))
        end
        t.that(last > 100, "it takes about two minutes", ("%.0f s"):format(last))
      end,
      explain = function(env)
        return ([[
At %.0f s: the queue holds what the provider cannot take, and the customers waited for %.0f ms. In the critical path
the provider would have made it a sale of 50 orders a second. A rate limit at the worker is kindness to the provider:
beyond its limit it refuses, and what is refused has to be sent again, on top.]]):format(env.last_mail,
          1000 * env.buyers:percentile(50))
      end,
    },
    {
      name = "ordeal",
      title = "And then something breaks",
      text = [[
A hundred orders in 50 s, with the stock in the critical path and the mails in a queue; each fault in turn, from 20 s
to 50 s. Customers that get no answer try again, with the same order number, up to three times.]],
      code = [[
function build(w)
  local sent, done, finished, taken = {}, {}, {}, {}
  w:service("mail", { time = 1*s, slots = 50, handler = function(request)
    local key = request.data
    if key == "poison" then return nil, "crashed" end
    done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
    return true
  end })
  local mq = w:service("mq", { slots = 50, filters = { lab.queue.broker{ jobs = {
    mails = lab.queue.jobs{ rate = 50, burst = 50, ttr = 10*s, attempts = 3, backoff = 2*s } } } } })
  w:fleet("sender", 2, { time = 200*ms, calls = w:find("mail"), call_timeout = 5*s,
    filters = { lab.queue.consumer{ from = "mq", jobs = "mails" } } })
  local app = w:service("app", { time = 50*ms, slots = 50, handler = function(request, context)
    local id, err = context:call(mq, { type = "put", jobs = "mails", data = request.order })
    return id, err
  end })
  w:spawn(function()
    for i = 1, 100 do
      w:spawn(function()
        local at, key = w:now(), "order " .. i
        for try = 1, 3 do
          if app:call{ type = "order", order = key, timeout = 2 } then sent[key] = at; break end
        end
      end)
      w:sleep(0.5)
    end
  end)
  local system = { consumer = "sender-1", broker = "mq", sent = sent, done = done, finished = finished }
  system.poison = function() mq:call{ type = "put", jobs = "mails", data = "poison" } end
  return system
end
ordeal = require "ordeal"
results = ordeal.run{ build = build, at = 20, lasting = 30, finish = 180 }
print(ordeal.table(results))]],
      predict = {
        question = "This job queue lives in the broker's memory. Which fault loses mails of orders that were accepted?",
        choices = { "consumer crash", "poison message", "broker loss", "duplicates" },
        answer = function(env)
          for _, row in ipairs(env.results) do
            if row.missing > 0 then return row.fault end
          end
          return "duplicates"
        end,
      },
      hints = {
        "`results` has a row for each fault; `never` counts orders that were accepted and got no mail.",
        "Where is a job between put and ack?",
        "In the memory of `mq`. (A standard queue is on its disk.)",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, name in ipairs { "nothing", "consumer crash", "slow consumer", "poison message" } do
          t.that(results[name].missing == 0, "no mail is missing after: " .. name, results[name].missing .. " are")
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
The broker's loss: %d accepted orders without a mail, because the jobs were in memory only. With a
sender down the latest mail comes after %.0f s in place of %.0f; %d mails are sent twice when the network doubles
messages. What must not be lost goes to a queue that writes to its disk (`lab.queue.standard`), or is found again by
comparing orders with mails in the evening.]]):format(r["broker loss"].missing, r["consumer crash"].late,
          r.nothing.late, r.duplicates.twice)
      end,
    },
  },
  finish = [[
What is known is prepared, what is sold is decided in one step, and everything that may be late is queued at the speed
of whoever does it. Autoscaling is for the rest of the day.]],
}

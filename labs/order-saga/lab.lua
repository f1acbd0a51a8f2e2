-- Sagas: one order over three services, none of which can lock the others.

return {
  title = "All of it or none of it, without a lock",
  minutes = 30,
  after = { "event-sourcing" },
  summary = [[
An order reserves stock, takes money and ships: three services with three databases. There is no transaction over
all of them; there are steps, and steps that take them back. You will refuse a card, lose answers, crash the
orchestrator, let a request arrive after its own cancellation, and do it all again without anybody in charge.]],

  steps = {
    {
      name = "steps",
      title = "Forward, and back",
      text = [[
A saga is a list of steps, each with what takes it back. An orchestrator asks for one after the other. Services are
`lab.event.outbox` here: they keep rows, and remember what they have answered. The bank refuses orders above 100.]],
      code = [[
calls = {}
undoes = { release = "reserve", refund = "pay", recall = "ship" }
function service(name, options)
  options = options or {}
  return w:service(name, { time = 20*ms, slots = 8, filters = { lab.event.outbox{ name = name, history = history,
    inbox = options.inbox, handle = function(m, rows)
      calls[#calls + 1] = m.type .. " " .. m.saga
      local row = rows:get(m.saga) or { n = 0 }
      if undoes[m.type] then
        if row.n == 0 then
          return { rows = { [m.saga] = { n = 0, refused = options.careful } }, answer = "nothing to take back" }
        end
        return { rows = { [m.saga] = { n = row.n - 1 } } }
      end
      if row.refused then return nil, { code = "conflict", message = "it was cancelled before it came" } end
      if options.refuses and options.refuses(m) then
        return nil, { code = "no_money", message = "the card was declined" }
      end
      return { rows = { [m.saga] = { n = row.n + 1 } }, answer = m.type .. "d" }
    end } } })
end
function shop(options)
  options = options or {}
  w = lab.world{ seed = options.seed or 1 }
  history = lab.history()
  calls = {}
  stock = service("stock", options)
  bank = service("bank", { inbox = options.inbox, careful = options.careful,
    refuses = function(m) return m.data.price > 100 end })
  parcels = service("parcels", options)
  sagas = w:service("sagas", { slots = 64, filters = { lab.event.saga{ durable = options.durable, history = history,
    sagas = { order = { wait = 0.1, deadline = options.deadline, undo_attempts = options.undo_attempts, steps = {
      { name = "reserve", to = "stock", compensation = "release", timeout = 0.3 },
      { name = "pay", to = "bank", compensation = "refund", timeout = 0.3 },
      { name = "ship", to = "parcels", compensation = "recall", timeout = 0.3 } } } } } } })
end
function order(id, price)
  return sagas:call{ type = "start", saga = "order", id = id, data = { price = price }, timeout = 60 }
end
shop()
fine = order("o1", 50)
none, err = order("o2", 500)
print(w:messages{ types = { "reserve", "pay", "ship", "release", "refund" }, last = 24 })
print(table.concat(calls, ", "))
print(err)
#calls]],
      predict = {
        question = "The second order is refused by the bank. How many calls are there, for both orders together?",
        unit = "calls",
        tolerance = 0.5,
        answer = function(env) return #env.calls end,
      },
      hints = {
        "`calls` is the list of what the services were asked for.",
        "The first order: three. The second: up to the refusal, and back.",
        "reserve, pay (refused), release: what was refused did nothing, so it is not refunded.",
      },
      check = function(t, env)
        local calls = t.has(env, "calls", "table")
        t.equal(table.concat(calls, ", "), "reserve o1, pay o1, ship o1, reserve o2, pay o2, release o2", "the calls")
        t.that(type(env.err) == "table" and env.err.code == "SagaAborted", "the second order says SagaAborted",
          tostring(env.err))
      end,
      explain = function(env)
        return ([[
%d. The refused payment did nothing, so only the reservation is taken back. In between, others could see a reservation
that was never an order: a saga is atomic in the end and not isolated on the way.]]):format(#env.calls)
      end,
    },
    {
      name = "twice",
      title = "The answer that was lost",
      text = [[
40 orders. Between orchestrator and bank 30 % of the messages are lost, requests and answers. What is not answered
is asked for again, up to three times, with the same id. First the bank does not look at ids (`inbox = false`);
then it does.]],
      code = [[
function lossy(inbox)
  shop{ inbox = inbox, seed = 4 }
  w:inject(lab.fault.loss{ from = "bank", probability = 0.3 })
  w:inject(lab.fault.loss{ to = "bank", probability = 0.3 })
  outcome = {}
  for i = 1, 40 do
    w:spawn(function() outcome[i] = order("o" .. i, 50) and "done" or "cancelled" end)
  end
  w:run(60*s)
  w:heal()
  local wrong = 0
  for i = 1, 40 do
    local row = bank:call{ type = "get", key = "o" .. i }
    if (row and row.n or 0) ~= (outcome[i] == "done" and 1 or 0) then wrong = wrong + 1 end
  end
  return wrong
end
careless = lossy(false)
careful = lossy(true)
steps = { { action = "reserve", compensation = "release" }, { action = "pay", compensation = "refund" },
  { action = "ship", compensation = "recall" } }
verdict = lab.check.saga(history, steps)
print(verdict.message)
careless, careful]],
      predict = {
        question = "With a bank that does not look at ids: is any order paid for twice, or paid for and cancelled?",
        choices = { "yes", "no" },
        answer = function(env) return env.careless > 0 and "yes" or "no" end,
      },
      hints = {
        "`careless` and `careful` count the orders with a wrong sum at the bank.",
        "When the answer is lost, what does the second attempt do?",
        "It pays again.",
      },
      check = function(t, env)
        t.that(type(env.careless) == "number" and env.careless > 0, "without ids some payments are wrong",
          tostring(env.careless))
        t.equal(env.careful, 0, "wrong payments, with ids")
      end,
      explain = function(env)
        return ([[
%d of 40 are wrong; with ids %d. "No answer" is no "no": the orchestrator asks again, and when it gives up it takes back
what may or may not have happened. Both work only with services to which a request can come twice. The id is
`ORDER/STEP`, the same at every attempt, also after a crash.]]):format(env.careless, env.careful)
      end,
    },
    {
      name = "crash",
      title = "The orchestrator dies",
      text = [[
30 orders, 50 ms apart; at 0.5 s and at 1.1 s the orchestrator crashes, with a dozen orders half done. It is back after
0.2 s. First it kept its sagas in memory, then on its disk. Nobody asks for an order twice.]],
      code = [[
function dies(durable)
  shop{ durable = durable, careful = true }
  for i = 1, 30 do
    w:at(i * 50*ms, function() order("o" .. i, i % 5 == 0 and 500 or 50) end)
  end
  for _, at in ipairs{ 0.5, 1.1 } do
    w:at(at, lab.fault.crash("sagas")); w:at(at + 0.2, lab.fault.restart("sagas"))
  end
  w:run(60*s)
  return lab.check.saga(history, steps)
end
memory, disk = dies(false), dies(true)
print(memory.message)
print(disk.message)
memory.verdict, disk.verdict]],
      predict = {
        question = "What does the checker say of the orchestrator that keeps its sagas in memory?",
        choices = { "ok", "unfinished", "twice", "order" },
        answer = function(env) return env.memory.rule or "ok" end,
      },
      hints = {
        "`memory` and `disk` are verdicts of `lab.check.saga`.",
        "Who knows, after the crash, that stock was reserved for order 9?",
        "Nobody. It was begun and has no end.",
      },
      check = function(t, env)
        t.equal(t.has(env, "memory", "table").rule, "unfinished", "the rule that is broken without a disk")
        t.that(t.has(env, "disk", "table").verdict == "ok", "with the disk all orders end", env.disk.message)
      end,
      explain = function(env)
        return ([[
%s: %s. On the disk, each answer is written before the next step is asked for: after
the crash every saga is where it was, or one answer behind, and then that step is asked for again. %s; the orders
that came while it was down never began.]]):format(env.memory.rule, env.memory.message,
          env.disk.message)
      end,
    },
    {
      name = "late",
      title = "Cancelled before it came",
      text = [[
For a second the way to the stock is bad: messages take 2 s longer, and later ones overtake them. The orchestrator asks
for a reservation, three times, hears nothing, and asks for the release. That comes first; there is nothing to release.
Then the reservations arrive. A careful service remembers that it was told to release.]],
      code = [[
function overtaken(careful)
  shop{ careful = careful }
  w:inject(lab.fault.reorder{ to = "stock", by = 2*s, probability = 1 }, 1*s)
  w:spawn(function() none, err = order("o1", 50) end)
  w:run(10*s)
  return stock:call{ type = "get", key = "o1" }.n
end
left = { careless = overtaken(false), careful = overtaken(true) }
print(table.concat(calls, ", "))
left.careless, left.careful]],
      predict = {
        question = "The order is cancelled. How many reservations are left of it at a careless service?",
        unit = "reservations",
        tolerance = 0.5,
        answer = function(env) return env.left.careless end,
      },
      hints = {
        "`left` has the number of reservations of the order in the end, for both kinds of services.",
        "The release found nothing, said so, and was forgotten.",
        "The three reservations that follow have one id, so they count once; and nobody takes them back.",
      },
      check = function(t, env)
        t.equal(t.has(env, "left", "table"), { careless = 1, careful = 0 }, "the reservations that are left")
        t.that(type(env.err) == "table" and env.err.code == "SagaAborted", "the order is cancelled", tostring(env.err))
      end,
      explain = function(env)
        return ([[
%d, which nobody knows of: the saga is over. The careful service has %d. "There is nothing to release" is an answer that
must be remembered, and the action must be refused when it comes after it: a compensation has to work before, after and
instead of what it takes back.]]):format(env.left.careless, env.left.careful)
      end,
    },
    {
      name = "poison",
      title = "A refund that cannot be",
      text = [[
A bug: the stock fails for every release of order 13. Compensations are tried for ever, because there is no way
back from a way back. After 8 attempts (`undo_attempts`) the saga says that it is stuck.]],
      code = [[
shop{ undo_attempts = 8 }
broken = w:service("broken", { handler = function(r)
  if r.type == "release" then error("division by zero") end
  return true
end })
sagas = w:service("sagas-2", { slots = 8, filters = { lab.event.saga{ sagas = { order = { wait = 0.1, undo_attempts = 8,
  steps = { { name = "reserve", to = "broken", compensation = "release" }, { name = "pay", to = "bank" } } } } } } })
begun = w:now()
none, err = order("o13", 500)
took = w:now() - begun
state = sagas:call{ type = "status", id = "o13" }.state
print(err)
state, err.definite, took]],
      predict = {
        question = "The waits double: 0.1 s, 0.2 s, 0.4 s ... up to 10 s. After how long is it stuck?",
        unit = "s",
        tolerance = 2,
        answer = function(env) return env.took end,
      },
      hints = {
        "`took` is how long the order took to fail.",
        "Eight attempts have seven waits between them.",
        "0.1 + 0.2 + 0.4 + 0.8 + 1.6 + 3.2 + 6.4 s.",
      },
      check = function(t, env)
        t.equal(env.state, "stuck", "the state of the saga")
        t.that(type(env.err) == "table" and env.err.code == "SagaStuck" and env.err.definite == false,
          "the error is SagaStuck, and not definite", tostring(env.err))
      end,
      explain = function(env)
        return ([[
%.1f s. A stuck saga is the one thing that a person has to look at, with its reason: "%s". Nothing is lost: what
was done and what was not is in its log. A person mends the stock and says `resume`.]]):format(env.took,
          env.err.message)
      end,
    },
    {
      name = "choreography",
      title = "Nobody in charge",
      text = [[
The same by events over a bus: the stock reacts to `Placed`, the bank to `Reserved`, the stock again to `Declined`. Each
service keeps its rows, its outgoing events and what it has taken in one write. Every one of them crashes once.]],
      code = [[
w = lab.world{ seed = 1 }
history = lab.history()
function party(name, on)
  return w:service(name, { time = 10*ms, slots = 8, filters = { lab.event.outbox{ name = name, to = { bus = "bus" },
    history = history, retry = 0.2, timeout = 0.5, handle = function(m, rows)
      return on[m.type] and on[m.type](m, rows)
    end } } })
end
function tell(kind, m) return { { type = kind, saga = m.saga, price = m.price } } end
stock = party("stock", {
  Placed = function(m) return { rows = { [m.saga] = "reserved" }, events = tell("Reserved", m) } end,
  Declined = function(m) return { rows = { [m.saga] = false }, events = tell("Released", m) } end })
bank = party("bank", { Reserved = function(m)
  if m.price > 100 then return { events = tell("Declined", m) } end
  return { rows = { [m.saga] = m.price }, events = tell("Paid", m) }
end })
orders = party("orders", {
  place = function(m) return { rows = { [m.saga] = "placed" }, events = tell("Placed", m) } end,
  Paid = function(m) return { rows = { [m.saga] = "done" } } end,
  Released = function(m) return { rows = { [m.saga] = "cancelled" } } end })
rules = {}
for i, rule in ipairs{ { "Placed", "stock" }, { "Declined", "stock" }, { "Reserved", "bank" }, { "Paid", "orders" },
  { "Released", "orders" } } do
  rules[i] = { name = rule[1], pattern = { detail_type = { rule[1] } }, targets = { { to = rule[2] } } }
end
bus = w:service("bus", { slots = 16, filters = { lab.topic.bus{ rules = rules } } })
for i = 1, 30 do
  w:at(i * 50*ms, function()
    local request = { type = "place", id = "r" .. i, saga = "o" .. i, price = i % 5 == 0 and 500 or 50, timeout = 0.3 }
    while not orders:call(request) do w:sleep(0.2) end
  end)
end
for i, name in ipairs{ "stock", "bank", "orders" } do
  w:at(0.3 * i, lab.fault.crash(name)); w:at(0.3 * i + 0.3, lab.fault.restart(name))
end
chart, done = require "chart", {}
for half = 1, 24 do
  w:run(0.5)
  done[half] = 0
  for i = 1, 30 do
    if orders:call{ type = "get", key = "o" .. i } == "done" then done[half] = done[half] + 1 end
  end
end
states = {}
for i = 1, 30 do
  local state = orders:call{ type = "get", key = "o" .. i }
  states[state] = (states[state] or 0) + 1
end
verdict = lab.check.saga(history, { { action = "Placed", compensation = "Declined" } })
print(verdict.message)
print(chart.timeline{ rows = { { label = "done", values = done } }, from = 0, to = 12 })
states]],
      predict = {
        question = "30 orders, every fifth too expensive, three crashes. How many are done in the end?",
        unit = "orders",
        tolerance = 0.5,
        answer = function(env) return env.states.done end,
      },
      hints = {
        "`states` counts the orders by their state.",
        "Crashes delay, and nothing else.",
        "30 - 6.",
      },
      check = function(t, env)
        t.equal(t.has(env, "states", "table"), { done = 24, cancelled = 6 }, "the states of the orders")
        t.that(t.has(env, "verdict", "table").verdict == "ok", "and no saga is half done", env.verdict.message)
      end,
      explain = function(env)
        return ([[
%d, and %d cancelled. No service knows the saga; no service is a bottleneck or a single point of failure; and nobody can
say where order 7 is without asking everybody. With three services that is fine. With ten, an orchestrator is the one
place where the business can be read.]]):format(env.states.done, env.states.cancelled)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
The orchestrated shop again, with careful services, and two orders a second; nine faults in turn, from 10 s to 25 s. The
"consumer" is the stock, the "broker" the orchestrator. An order without a price is poison for the bank. An order counts
as sent when the shop said that it is done.]],
      code = [[
ordeal = require "ordeal"
function market(world)
  w, history, calls = world, lab.history(), {}
  local sent, finished = {}, {}
  local judged = history
  stock = service("stock", { careful = true })
  bank = service("bank", { careful = true, refuses = function(m) return m.data.price > 100 end })
  parcels = service("parcels", { careful = true })
  local sagas = w:service("sagas", { slots = 64, filters = { lab.event.saga{ history = history, sagas = {
    order = { wait = 0.1, steps = {
      { name = "reserve", to = "stock", compensation = "release", timeout = 0.5 },
      { name = "pay", to = "bank", compensation = "refund", timeout = 0.5 },
      { name = "ship", to = "parcels", compensation = "recall", timeout = 0.5 } } } } } } })
  local function place(id, price)
    local begun = world:now()
    while true do
      local done, err = sagas:call{ type = "start", saga = "order", id = id, data = { price = price }, timeout = 20 }
      if done then sent[id], finished[id] = begun, world:now() end
      if done or err.code == "SagaAborted" then return end
      world:sleep(0.5)
    end
  end
  w:spawn(function() for i = 1, 60 do world:spawn(place, "o" .. i, i % 5 == 0 and 500 or 50); world:sleep(0.5) end end)
  local services = { stock, bank, parcels }
  local whole = { __index = function(_, id)
    local least, most = 9, 0
    for _, one in ipairs(services) do
      local row = one:call{ type = "get", key = id } or { n = 0 }
      least, most = math.min(least, row.n), math.max(most, row.n)
    end
    return most > 1 and most or least
  end }
  return { consumer = "stock", broker = "sagas", sent = sent, finished = finished, done = setmetatable({}, whole),
    dead = function() return sagas:call{ type = "sagas" }.compensated end,
    poison = function() place("bad", nil) end, judge = function() return lab.check.saga(judged, steps) end }
end
results = ordeal.run{ build = market, at = 10, lasting = 15, finish = 120,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "12 of the 60 orders are too expensive. Under which fault are many more than 12 cancelled?",
        choices = { "consumer crash", "broker loss", "duplicates", "clock skew" },
        answer = function(env)
          local worst, most = "", -1
          for _, name in ipairs { "consumer crash", "broker loss", "duplicates", "clock skew" } do
            if env.results[name].dead > most then worst, most = name, env.results[name].dead end
          end
          return worst
        end,
      },
      hints = {
        "`results` has a row for each fault; `dead` is how many sagas were taken back.",
        "What does the orchestrator do when the stock is down? And what do orders do when the orchestrator is down?",
        "It asks three times, and takes the order back. Orders to an orchestrator that is down wait.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.verdict == "ok", "every order is done or taken back as a whole",
            ("the checker says %s after %s"):format(tostring(row.verdict), row.fault))
          t.that(row.missing == 0 and row.twice == 0, "what was said to be done is done, once",
            ("%d are not done and %d done twice after %s"):format(row.missing, row.twice, row.fault))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
With the stock down %d orders are taken back: the saga asks three times and gives up, which is a choice; more attempts
would be fewer lost orders and longer waits. With the orchestrator down it is %d as always, and an order takes up to
%.0f s. Nothing is ever half done: nine times ok.]]):format(r["consumer crash"].dead, r["broker loss"].dead,
          r["broker loss"].late)
      end,
    },
  },
  finish = [[
A saga is as good as its services: requests with ids, answers that are remembered, compensations that can come first or
twice. Build such a service in the lab dedup.]],
}

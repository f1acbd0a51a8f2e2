-- Content-based routing: cars, bikes and cycles over one bus; patterns and their traps; an archive for latecomers.

return {
  title = "Routing by content: cars, bikes and cycles",
  minutes = 20,
  after = { "fan-out" },
  summary = [[
A dealer sells cars, bikes and cycles, and every order goes to one bus. Rules look into the order and send it on.
You will write patterns, fall into the two traps that everybody falls into, and let a new department catch up on
the past.]],

  steps = {
    {
      name = "rules",
      title = "Three departments",
      text = [[
The sender names no receiver: it puts the order on the bus. Each department has a rule. A pattern is a map; all of
its keys must match, the values of a key are alternatives.]],
      code = [[
w = lab.world{ seed = 1 }
queues = { cars = lab.queue.standard(), two_wheels = lab.queue.standard(), vip = lab.queue.standard() }
mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = queues } } })
function to(queue) return { { to = "mq", queue = queue } } end
bus = w:service("bus", { slots = 20, filters = { lab.topic.bus{ rules = {
  { name = "cars", pattern = { detail = { kind = { "car" } } }, targets = to("cars") },
  { name = "two_wheels", pattern = { detail = { kind = { "bike", "cycle" } } }, targets = to("two_wheels") },
  { name = "vip", targets = to("vip"),
    pattern = { source = { { prefix = "shop." } }, detail = { price = { { numeric = { ">=", 10000 } } } } } } } } } })
function order(detail, source)
  local event = { source = source or "shop.berlin", detail_type = "order", detail = detail }
  return bus:call{ type = "put", entries = { event } }
end
order{ kind = "car", price = 30000 }
order{ kind = "bike", price = 9999 }
order{ kind = "bike", price = 12000 }
order({ kind = "cycle", price = 20000 }, "partner.rome")
w:run(1*s)
seen = {}
for _, name in ipairs{ "cars", "two_wheels", "vip" } do
  seen[name] = mq:call{ type = "attributes", queue = name }.visible
end
chart = require "chart"
print(chart.bars({ { "cars", seen.cars }, { "two wheels", seen.two_wheels }, { "vip", seen.vip } },
  { unit = "orders" }))]],
      predict = {
        question = "How many of the four orders reach `vip`?",
        unit = "orders",
        tolerance = 0.4,
        answer = function(env) return env.seen.vip end,
      },
      hints = {
        "`seen` counts the orders in each of the three queues.",
        "Both keys of the pattern must match: the source and the price.",
        "The car and the second bike; 9999 is too cheap, and the cycle is from a partner.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local seen = t.has(env, "seen", "table")
        t.that(seen.cars == 1 and seen.two_wheels == 3, "one order for cars, three for two wheels",
          ("%s and %s"):format(tostring(seen.cars), tostring(seen.two_wheels)))
      end,
      explain = function(env)
        return ([[
%d. An order can match several rules and goes to all of them; the car was seen by `cars` and by `vip`. The sender
knew nothing of departments: adding `vip` changed no line of the shop.]]):format(env.seen.vip)
      end,
    },
    {
      name = "missing",
      title = "Anything but red",
      text = [[
Red orders need a special paint. Everything else goes to the standard line: a pattern with `anything-but`. One of the
five orders does not say its color.]],
      code = [[
line = lab.topic.filter_policy{ policy = { color = { { ["anything-but"] = { "red" } } } }, dialect = "event" }
passed = 0
for _, detail in ipairs{ { color = "red" }, { color = "blue" }, { color = "Red" }, { color = { "red", "white" } },
                         {} } do
  if line:matches(detail) then passed = passed + 1 end
end
passed]],
      predict = {
        question = "How many of the five go to the standard line?",
        unit = "orders",
        tolerance = 0.4,
        answer = function(env) return env.passed end,
      },
      hints = {
        "`line` is the pattern, `passed` counts what it matches.",
        "Is no color anything but red? Is Red?",
        "A key that is not there matches nothing but `exists = false`. Texts are compared as bytes. Of a list, one "
          .. "element is enough.",
      },
      check = function(t, env)
        local line = t.has(env, "line", "FilterPolicy")
        t.that(not line:matches { color = "red" }, "red does not pass", "it does")
        t.that(type(env.passed) == "number", "`passed` counts the orders", tostring(env.passed))
      end,
      explain = function(env)
        return ([[
%d: blue, `Red` (case counts), and red with white (one element of the list is something else). The one without a
color is the trap: no operator matches what is not there, and no rule takes it, and nobody says so. If you mean
that, write two alternatives: `{ ["anything-but"] = "red" }` and `{ exists = false }`.]]):format(env.passed)
      end,
    },
    {
      name = "nobody",
      title = "The order that nobody wanted",
      text = [[
The shop begins to sell scooters. There is no rule for them. What does the bus answer, and where is the order?]],
      code = [[
answer = order{ kind = "scooter", price = 700 }
w:run(1*s)
bus:call{ type = "put_rule", name = "rest", targets = { { to = "mq", queue = "two_wheels" } },
  pattern = { detail = { kind = { { ["anything-but"] = { "car", "bike", "cycle" } }, { exists = false } } } } }
second = order{ kind = "scooter", price = 800 }
w:run(1*s)
counted = {}
for _, rule in ipairs(bus:call{ type = "rules" }) do counted[rule.name] = rule.matched end
counted]],
      predict = {
        question = "What does the bus answer to the first scooter?",
        choices = { "an error: no rule matches", "success", "nothing until a rule takes it" },
        answer = function(env)
          return env.answer and env.answer.failed == 0 and "success" or "an error: no rule matches"
        end,
      },
      hints = {
        "`answer` is what the put of the first scooter returned.",
        "The bus answers when it has taken the event. Does it know whether somebody should want it?",
        "`.go` types the code; look at `answer`.",
      },
      check = function(t, env)
        t.has(env, "answer", "table")
        local counted = t.has(env, "counted", "table")
        t.that(counted.rest == 1, "the rule `rest` has taken the second scooter", tostring(counted.rest))
      end,
      explain = [[
Success, and the order is gone: an event that no rule matches is not an error, it is simply not interesting to
anybody. A rule for the rest, with an alarm behind it, makes such events visible. It has to be kept in step with
the other rules.]],
    },
    {
      name = "archive",
      title = "A department that comes late",
      text = [[
An archive keeps what passes. The statistics department is founded after two days; it wants the past, too. A
replay plays archived events again, here to the rule of that department only.]],
      code = [[
bus:call{ type = "archive", name = "all", retention = 30*24*h }
for i = 1, 48 do
  order{ kind = i % 3 == 0 and "car" or "bike", price = 1000 }
  w:run(1*h)
end
mq_before = mq:call{ type = "attributes", queue = "cars" }.sent
tally = {}
w:service("statistics", { slots = 10, handler = function(r)
  tally[r.body.replay and "past" or "live"] = (tally[r.body.replay and "past" or "live"] or 0) + 1
  return true
end })
bus:call{ type = "put_rule", name = "statistics", targets = { { to = "statistics" } },
  pattern = { detail = { kind = { "car" } } } }
played = bus:call{ type = "replay", archive = "all", rules = { "statistics" } }
order{ kind = "car", price = 1 }
w:run(1*h)
tally]],
      predict = {
        question = "A third of the 48 orders are cars. How many reach the statistics, past and live?",
        unit = "orders",
        tolerance = 0.6,
        answer = function(env) return (env.tally.past or 0) + (env.tally.live or 0) end,
      },
      hints = {
        "`played` is how many events were played, `tally` what the statistics got.",
        "All 48 are played, but the rule has a pattern.",
        "16 cars of the past and the one that is ordered then.",
      },
      check = function(t, env)
        t.has(env, "tally", "table")
        t.that(env.played == 48, "48 events are played", tostring(env.played))
        t.that((env.tally.past or 0) > 0, "the statistics got events of the past", tostring(env.tally.past))
        t.that(env.mq:call { type = "attributes", queue = "cars" }.sent == env.mq_before + 1,
          "the cars department did not get them again", "it did")
      end,
      explain = function(env)
        return ([[
%d and %d. The replay was marked (`replay = "all"`) and went to one rule; played to all of them, the cars
department would have built %d cars again. Whoever can be replayed to must be idempotent, or be left out.]])
          :format(env.tally.past, env.tally.live, env.tally.past)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
The bus, a rule that sends bikes to a queue, and three who build them; an order every half second for a minute, every
second one a bike. Nine faults in turn, from 20 s to 50 s.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local sent, done, finished, dead = {}, {}, {}, lab.queue.standard()
  local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { dead = dead,
    bikes = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 4 } } } } })
  local bus = w:service("bus", { slots = 20, filters = { lab.topic.bus{ rules = { { name = "bikes",
    pattern = { detail = { kind = { "bike" } } }, targets = { { to = "mq", queue = "bikes" } } } } } } })
  w:fleet{ name = "builder", count = 3, time = 0.4, handler = function(request)
    local order = request.body.detail
    if order.name == "poison" then return nil, "crashed" end
    done[order.name], finished[order.name] = (done[order.name] or 0) + 1, finished[order.name] or w:now()
    return true
  end, filters = { lab.queue.consumer{ from = "mq", queue = "bikes" } } }
  local function put(name, kind)
    local at, entry = w:now(), { source = "shop", detail_type = "order", detail = { name = name, kind = kind } }
    while not bus:call{ type = "put", entries = { entry }, timeout = 2 } do w:sleep(1) end
    if kind == "bike" and name ~= "poison" then sent[name] = at end
  end
  w:spawn(function()
    for i = 1, 120 do w:spawn(put, "order " .. i, i % 2 == 0 and "bike" or "car"); w:sleep(0.5) end
  end)
  return { consumer = "builder-1", broker = "mq", sent = sent, done = done, finished = finished,
    dead = function() return mq:call{ type = "attributes", queue = "dead" }.visible end,
    poison = function() put("poison", "bike") end }
end
results = ordeal.run{ build = build, at = 20.2, lasting = 30, finish = 20*min }
print(ordeal.table(results))]],
      predict = {
        question = "Which fault delays a bike most?",
        choices = { "consumer crash", "slow consumer", "poison message", "broker loss" },
        answer = function(env)
          local worst, most = "", -1
          for _, name in ipairs { "consumer crash", "slow consumer", "poison message", "broker loss" } do
            if env.results[name].late > most then worst, most = name, env.results[name].late end
          end
          return worst
        end,
      },
      hints = {
        "`results` has a row for each fault, with the longest delay in `late`.",
        "Two builders go on when one is down. What does the bus do while the queue cannot be reached?",
        "It tries again, after waits that double, up to minutes apart.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.sent == 60, "60 bikes are ordered", row.sent .. " were, at: " .. row.fault)
          t.that(row.missing == 0, "every bike is built, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
The broker's loss: %.0f s. The bus backs off as it retries (1, 2, 4 ... s, with jitter), so an event can arrive well
after the target is back: for up to 24 hours and 185 tries, as published, and in no particular order. A crash of a
builder costs %.0f s, the visibility timeout. No bike is lost, and %d are built twice in the nine runs.]]):format(
          r["broker loss"].late, r["consumer crash"].late, (function()
            local n = 0
            for _, row in ipairs(r) do n = n + row.twice end
            return n
          end)())
      end,
    },
  },
  finish = [[
A bus puts the knowledge of who wants what into rules, away from senders and receivers. The price: what no rule
matches vanishes without a word, and a pattern is a program without a compiler. Keep an archive, and a rule for
the rest.]],
}

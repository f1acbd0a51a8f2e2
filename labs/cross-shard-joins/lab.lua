-- Cross-shard joins and scatter-gather: what a question to many shards costs.

return {
  title = "A question to all shards",
  minutes = 30,
  after = { "sharding-strategies" },
  summary = [[
Orders are on eight shards, and so are their customers. You join them in four ways and count rows and bytes on the
wire, meet a customer who is too popular, and then ask all shards at once: the slowest counts, unless you let it be
missing.]],

  steps = {
    {
      name = "together",
      title = "Where matching rows are together",
      text = [[
8000 orders of 1000 customers, on eight shards. Customers are placed by their number. Orders can be placed by their own
number, or by their customer's.]],
      code = [[
chart = require "chart"
shards = {}
for i = 1, 8 do shards[i] = "s" .. i end
router = lab.shard.hash{ shards = shards }
customers, orders = {}, {}
for i = 1, 1000 do customers[i] = { id = i, name = ("customer %04d"):format(i), city = "Utrecht" } end
for i = 1, 8000 do orders[i] = { id = i, customer = i * 7919 % 1000 + 1, total = i % 97 } end
function join(way, o)
  o = o or {}
  return lab.shard.join{ way = way,
    left = { rows = o.orders or orders, router = router, placed_by = o.by or "id", on = "customer" },
    right = { rows = o.customers or customers, router = router, placed_by = "id", on = "id" } }
end
apart, why = join("co_partitioned")
together = join("co_partitioned", { by = "customer" })
print(why)
together.rows, together.rows_moved, together.bytes_moved]],
      predict = {
        question = "Orders are placed by their customer's number. How many rows does the join move between shards?",
        unit = "rows",
        tolerance = 0.1,
        answer = function(env) return env.together.rows_moved end,
      },
      hints = {
        "`together.rows_moved`.",
        "An order and its customer have the same number to hash.",
        "None.",
      },
      check = function(t, env)
        t.equal(t.has(env, "together", "table").rows_moved, 0, "rows moved")
        t.equal(env.together.rows, 8000, "rows joined")
        t.that(env.apart == nil and env.why ~= nil, "orders placed by their own number are refused", "they are not")
      end,
      explain = function(env)
        return ([[
None: co-partitioned (Citus says co-located, Kafka Streams says co-partitioned) is the only join that is free, and the
reason to choose a table's sharding key by its joins. Placed by their own number it is refused: %s.]]):format(
          env.why.message)
      end,
    },
    {
      name = "ways",
      title = "Where they are not",
      text = [[
Orders by their own number, then. Three ways: send the smaller table to every shard; send every row of both to where
the hash of the customer's number says; or let each shard ask for the customers that it needs.]],
      code = [[
costs, rows = {}, {}
for _, way in ipairs{ "broadcast", "shuffle", "lookup" } do
  local c = join(way)
  costs[way] = c
  rows[#rows + 1] = { way, c.rows_moved, c.bytes_moved / 1000, c.messages, c.busiest }
end
print(chart.table{ rows = rows, columns = { "way", "rows moved", { title = "bytes", format = "%.0f kB" }, "messages",
  "busiest shard" } })
print(chart.bars{ { label = "broadcast", value = costs.broadcast.bytes_moved },
  { label = "shuffle", value = costs.shuffle.bytes_moved }, { label = "lookup", value = costs.lookup.bytes_moved } })]],
      predict = {
        question = "How many rows does the broadcast move?",
        unit = "rows",
        tolerance = 100,
        answer = function(env) return env.costs.broadcast.rows_moved end,
      },
      hints = {
        "`costs.broadcast.rows_moved`.",
        "Each of the 1000 customers goes to each shard where it is not.",
        "Seven times 1000.",
      },
      check = function(t, env)
        local c = t.has(env, "costs", "table")
        t.equal(c.broadcast.rows, 8000, "rows joined by broadcast")
        t.equal(c.shuffle.rows, 8000, "rows joined by shuffle")
        t.equal(c.lookup.rows, 8000, "rows joined by lookup")
      end,
      explain = function(env)
        local c = env.costs
        return ([[
%d. The shuffle moves %d (seven of eight orders; customers are in place already), the lookup %d and the questions. All
give the same 8000 rows. Broadcast grows with the shards, shuffle with the larger table: so planners broadcast what is
small (Spark below 10 MB) and shuffle the rest.]]):format(c.broadcast.rows_moved, c.shuffle.rows_moved,
          c.lookup.rows_moved)
      end,
    },
    {
      name = "few",
      title = "Only ten orders",
      text = [[
A page shows ten orders with their customers' names. The same three ways.]],
      code = [[
ten = {}
for i = 1, 10 do ten[i] = orders[800 * i] end
page = {}
for _, way in ipairs{ "broadcast", "shuffle", "lookup" } do page[way] = join(way, { orders = ten }) end
print(chart.bars{ { label = "broadcast", value = page.broadcast.bytes_moved },
  { label = "shuffle", value = page.shuffle.bytes_moved }, { label = "lookup", value = page.lookup.bytes_moved } })
page.broadcast.rows_moved, page.lookup.rows_moved]],
      predict = {
        question = "Which way moves the fewest bytes now?",
        choices = { "broadcast", "shuffle", "lookup" },
        answer = function(env)
          local best = "broadcast"
          for _, way in ipairs { "shuffle", "lookup" } do
            if env.page[way].bytes_moved < env.page[best].bytes_moved then best = way end
          end
          return best
        end,
      },
      hints = {
        "`page[way].bytes_moved`.",
        "What is small now is the orders.",
        "The ten orders go to the customers, or are sent to every shard, or ask for a row each.",
      },
      check = function(t, env)
        local page = t.has(env, "page", "table")
        t.equal(page.lookup.rows, 10, "rows on the page")
        t.that(page.lookup.rows_moved <= 10, "a lookup moves ten rows at most", page.lookup.rows_moved .. " rows")
      end,
      explain = function(env)
        local p = env.page
        return ([[
Bytes: broadcast %d, shuffle %d, lookup %d. The smaller side is sent: the orders go to where the customers are. What the
lookup loses in questions it gains in never touching rows it does not need; in a network it is two round
trips.]]):format(
          p.broadcast.bytes_moved, p.shuffle.bytes_moved, p.lookup.bytes_moved)
      end,
    },
    {
      name = "skew",
      title = "Everybody orders for one",
      text = [[
A company: half of all orders are customer 42's. `busiest` is the most rows that one shard has to look at.]],
      code = [[
skewed = {}
for i = 1, 8000 do
  skewed[i] = { id = i, customer = i % 2 == 0 and 42 or i * 7919 % 1000 + 1, total = i % 97 }
end
busy = {}
for _, way in ipairs{ "broadcast", "shuffle", "lookup" } do
  busy[#busy + 1] = { label = way, value = join(way, { orders = skewed }).busiest }
  busy[way] = busy[#busy].value
end
print(chart.bars(busy))]],
      predict = {
        question = "How many rows of 8000 orders and 1000 customers has the busiest shard after a shuffle?",
        unit = "rows",
        tolerance = 500,
        answer = function(env) return env.busy.shuffle end,
      },
      hints = {
        "`busy.shuffle`.",
        "All orders of customer 42 go to one shard.",
        "4000 of them, and an eighth of the rest.",
      },
      check = function(t, env)
        local busy = t.has(env, "busy", "table")
        t.that(busy.shuffle > 4000, "the shuffle makes one shard busy", tostring(busy.shuffle))
        t.that(busy.broadcast < 2500, "a broadcast does not", tostring(busy.broadcast))
      end,
      explain = function(env)
        return ([[
%d, and with a broadcast %d. The whole join is as slow as that one shard: the classic straggler of Spark and MapReduce.
Remedies: broadcast, or salt the popular value (42#1 to 42#8, and the customer's row eight times).]]):format(
          env.busy.shuffle, env.busy.broadcast)
      end,
    },
    {
      name = "tail",
      title = "The slowest of a hundred",
      text = [[
Now a question that every shard must answer: scatter, then gather. A shard's median is 5 ms, and one answer in a hundred
takes over 30 ms. One shard, ten, forty, a hundred.]],
      code = [[
function fan(n, o)
  o = o or {}
  local w = lab.world{ seed = 2, keep = 0 }
  local time, to = lab.dist.lognormal{ median = 5*ms, sigma = 0.8 }, {}
  for i = 1, n do
    if o.hedge then
      to[i] = w:balancer("s-" .. i, w:fleet("r" .. i, 2, { time = time, slots = 8 }), {
        policy = lab.balance.random(), filters = { lab.resilience.hedge{ after = o.hedge } } })
    else
      to[i] = w:service("s-" .. i, { time = time, slots = 8 })
    end
  end
  local root = w:service("root", { slots = 1000, filters = { lab.shard.scatter{ to = to, deadline = o.deadline,
    enough = o.enough } } })
  if o.fault then w:inject(o.fault) end
  local load = w:load{ to = root, rate = 50, timeout = 2 }
  w:run(6)
  local state = root:state().filters[1]
  local r = { p50 = load:percentile(50), p99 = load:percentile(99), partial = state.partial / state.requests,
    ok = load:ok(), errors = load:errors() }
  w:close()
  return r
end
fans, rows = {}, {}
for _, n in ipairs{ 1, 10, 40, 100 } do
  fans[n] = fan(n)
  rows[#rows + 1] = { label = n .. " shards", value = 1000 * fans[n].p50, note = "ms median" }
end
print(chart.bars(rows))]],
      predict = {
        question = "The median of one shard is about 6 ms. What is the median when 100 are asked?",
        unit = "ms",
        tolerance = 8,
        answer = function(env) return 1000 * env.fans[100].p50 end,
      },
      hints = {
        "`fans[100].p50`.",
        "All must answer, so the slowest of 100 counts.",
        "The slowest of 100 is about the 99.3rd percentile of one: over 30 ms.",
      },
      check = function(t, env)
        local fans = t.has(env, "fans", "table")
        t.that(fans[100].p50 > 4 * fans[1].p50, "the median of 100 is that of one's tail",
          ("%.1f ms"):format(1000 * fans[100].p50))
      end,
      explain = function(env)
        return ([[
%.0f ms, where the 99th percentile of one shard is %.0f ms: with n shards the median of the whole is the 1 - 0.7/n
quantile of one. What was rare for one is usual for all. That is why a search page has a budget for its tail.]]):format(
          1000 * env.fans[100].p50, 1000 * env.fans[1].p99)
      end,
    },
    {
      name = "partial",
      title = "A part in time",
      text = [[
Forty shards, and three ways to be done sooner: a deadline of 25 ms, after which who has not answered is missing;
enough with 38 answers; or two replicas a shard, and a second request to the other one after 15 ms (a hedge).]],
      code = [[
cuts = { ["all of 40"] = fans[40], ["deadline"] = fan(40, { deadline = 25*ms }), ["enough"] = fan(40, { enough = 38 }),
  ["hedge"] = fan(40, { hedge = 15*ms }) }
rows = {}
for _, name in ipairs{ "all of 40", "deadline", "enough", "hedge" } do
  rows[#rows + 1] = { name, 1000 * cuts[name].p50, 1000 * cuts[name].p99, 100 * cuts[name].partial }
end
print(chart.table{ rows = rows, columns = { "cut", { title = "median", format = "%.1f ms" },
  { title = "p99", format = "%.1f ms" }, { title = "partial answers", format = "%.0f %%" } } })]],
      predict = {
        question = "With a deadline of 25 ms, what percentage of the answers lacks somebody?",
        unit = "%",
        tolerance = 20,
        answer = function(env) return 100 * env.cuts.deadline.partial end,
      },
      hints = {
        "`cuts.deadline.partial`.",
        "The median of all forty is about 29 ms.",
        "More than half.",
      },
      check = function(t, env)
        local cuts = t.has(env, "cuts", "table")
        t.that(cuts.deadline.p99 < 0.03, "the deadline holds", tostring(cuts.deadline.p99))
        t.that(cuts.hedge.p99 < cuts["all of 40"].p99, "a hedge cuts the tail", tostring(cuts.hedge.p99))
        t.equal(cuts.hedge.partial, 0, "partial answers with a hedge")
      end,
      explain = function(env)
        local c = env.cuts
        return ([[
%.0f %%, but each lacks one or two of forty shards, and says which. A search engine takes that; a bank does not. The
hedge is complete and brings the 99th percentile from %.0f to %.0f ms, for the price of a second copy and some more
requests.]]):format(
          100 * c.deadline.partial, 1000 * c["all of 40"].p99, 1000 * c.hedge.p99)
      end,
    },
    {
      name = "down",
      title = "One of forty is gone",
      text = [[
And now one shard of the forty vanishes from the network (nothing refuses, nothing answers). All of 40, then a deadline
of 60 ms.]],
      code = [[
cut = lab.fault.partition{ isolate = "s-7", clients = true }
waiting, cutoff = fan(40, { fault = cut }), fan(40, { fault = cut, deadline = 60*ms })
1000 * waiting.p50, 1000 * cutoff.p50, cutoff.partial]],
      predict = {
        question = "Without a deadline of one's own (it is 1 s), what is the median now?",
        unit = "ms",
        tolerance = 60,
        answer = function(env) return 1000 * env.waiting.p50 end,
      },
      hints = {
        "`waiting.p50`.",
        "Every question waits for the shard that will not answer.",
        "The deadline: a second.",
      },
      check = function(t, env)
        t.that(t.has(env, "waiting", "table").p50 > 0.9, "everybody waits for the missing one",
          tostring(env.waiting.p50))
        t.that(t.has(env, "cutoff", "table").p50 < 0.08, "a deadline bounds it", tostring(env.cutoff.p50))
      end,
      explain = function(env)
        return ([[
%.0f ms: one of forty is away, and all questions take a second. With a deadline: %.0f ms, and every answer says that
s-7 is missing. Elasticsearch has `timeout` and `_shards.failed` for that, Vitess
`scatter_errors_as_warnings`.]]):format(
          1000 * env.waiting.p50, 1000 * env.cutoff.p50)
      end,
    },
  },
  finish = [[
Place together what is joined; broadcast the small, shuffle the large, look up the few; and give every question to many
shards a deadline, and its answer a place to say who is missing. Next: resharding.]],
}

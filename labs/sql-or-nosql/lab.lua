-- The same shop three times: relational tables, documents, a table engine.

return {
  title = "SQL or NoSQL: the same load three times",
  minutes = 45,
  after = { "secondary-indexes" },
  summary = [[
One shop in a relational engine, as documents, and in a table engine. The same questions, the same change of address,
the same crash, the same new column, the same growth. Nothing here is "faster": each moves work to another place, and
you count where it went.]],

  steps = {
    {
      name = "shapes",
      title = "One shop, three shapes",
      text = [[
200 users, 1000 orders with three lines each. Relational: three tables that reference each other. Documents: an order
with its lines in it, and a copy of the user's name and city. Table engine: the same item, by user and number. Three
questions: one order with everything; all orders of one user; revenue by city. How many rows does each read?]],
      code = [[
chart = require "chart"
function user_of(i) return { id = i, name = "user " .. i, city = "city " .. i % 20 } end
function lines_of(i)
  return { { sku = "s" .. i % 40, price = i % 9 + 1 }, { sku = "s" .. i % 7, price = 2 }, { sku = "pen", price = 1 } }
end
sql, docs = lab.store.relational(), lab.store.documents()
items = lab.store.table{ partition_key = "user", sort_key = "number", mode = "on_demand" }
sql:create_table{ name = "users", primary_key = "id", columns = { id = "integer", name = "text", city = "text" } }
sql:create_table{ name = "orders", primary_key = "id", columns = { id = "integer", total = "number",
  user = { type = "integer", references = "users.id" } } }
sql:create_table{ name = "lines", columns = { sku = "text", price = "number",
  order = { type = "integer", references = "orders.id" } } }
sql:create_index{ table = "orders", columns = "user" }; sql:create_index{ table = "lines", columns = "order" }
docs:create_index{ collection = "orders", path = "user.id" }
for u = 0, 199 do sql:insert{ table = "users", row = user_of(u) } end
for i = 1, 1000 do
  local user, total = user_of(i % 200), 0
  for _, line in ipairs(lines_of(i)) do total = total + line.price end
  sql:insert{ table = "orders", row = { id = i, user = user.id, total = total } }
  for _, line in ipairs(lines_of(i)) do
    sql:insert{ table = "lines", row = { order = i, sku = line.sku, price = line.price } }
  end
  docs:insert{ collection = "orders", document = { id = i, user = user, lines = lines_of(i), total = total } }
  items:put{ now = i / 100,
    item = { user = user.id, number = i, city = user.city, lines = lines_of(i), total = total } }
end
with_user = { table = "users", on = { ["orders.user"] = "id" } }
by_city = { table = "orders", join = { with_user }, group = "users.city",
  compute = { sum = { "sum", "orders.total" } } }
reads = {
  { "one order, complete",
    sql:explain{ table = "orders", where = { ["orders.id"] = 7 },
      join = { with_user, { table = "lines", on = { ["orders.id"] = "order" } } } }.rows_read,
    docs:explain{ collection = "orders", where = { id = 7 } }.rows_read,
    #items:query{ partition = 7, sort = 7, now = 20 }.items },
  { "orders of one user",
    sql:explain{ table = "orders", where = { user = 7 } }.rows_read,
    docs:explain{ collection = "orders", where = { ["user.id"] = 7 } }.rows_read,
    items:query{ partition = 7, now = 20 }.scanned },
  { "revenue by city",
    sql:explain(by_city).rows_read,
    docs:explain{ collection = "orders", group = "user.city", compute = { sum = { "sum", "total" } } }.rows_read,
    items:scan{ now = 20 }.scanned },
}
print(chart.table{ columns = { "rows read for", "relational", "documents", "table engine" }, rows = reads })]],
      predict = {
        question = "One order, its user and its three lines: how many rows does the relational engine read?",
        unit = "rows", tolerance = 0.5,
        answer = function(env) return env.reads[1][2] end,
      },
      hints = {
        "`reads[1][2]`.",
        "Each row is found by an index: none is read in vain.",
        "1 + 1 + 3.",
      },
      check = function(t, env)
        local reads = t.has(env, "reads", "table")
        t.equal(reads[1][2], 5, "rows for one order, relational")
        t.equal(reads[1][3], 1, "documents for one order")
        t.that(reads[3][2] > 1000, "the report reads all orders", tostring(reads[3][2]))
      end,
      explain = function(env)
        return ([[
%d rows against one document: what is read together lies together. The report costs all three about the same, and the
table engine has no `group`: it hands you all its items and you add up yourself.]]):format(env.reads[1][2])
      end,
    },
    {
      name = "joins",
      title = "How a join is done",
      text = [[
The report joins 1000 orders with 200 users. Three algorithms give the same rows. `explain` counts what each reads.]],
      code = [[
joined = {}
for _, how in ipairs{ "nested_loop", "index", "hash" } do
  with_user.using = how
  joined[how] = sql:explain(by_city).rows_read
end
with_user.using = nil
print(chart.bars({ { "nested loop", joined.nested_loop }, { "index", joined.index }, { "hash", joined.hash } }))
joined.nested_loop, joined.index, joined.hash]],
      predict = {
        question = "How many rows does the nested loop read?",
        unit = "rows", tolerance = 2500,
        answer = function(env) return env.joined.nested_loop end,
      },
      hints = {
        "`joined.nested_loop`.",
        "For each order it looks at each user.",
        "1000 + 1000 x 200.",
      },
      check = function(t, env)
        local joined = t.has(env, "joined", "table")
        t.equal(joined.nested_loop, 201000, "rows of the nested loop")
        t.equal(joined.hash, 1200, "rows of the hash join")
        t.equal(joined.index, 2000, "rows of the index join")
      end,
      explain = function(env)
        return ([[
%d, %d and %d. The hash join reads each table once; the index join reads only the users that it needs, which is
best for one order and not for a thousand. A document store without joins leaves this choice to your program.]]):format(
          env.joined.nested_loop, env.joined.index, env.joined.hash)
      end,
    },
    {
      name = "copies",
      title = "A user moves",
      text = [[
User 7 moves to another city. Relational: one row. In the documents the city is a copy in each order, and someone has
to know that. Meanwhile a user is deleted by mistake who has orders.]],
      code = [[
in_sql = sql:update{ table = "users", where = { id = 7 }, set = { city = "Rome" } }.updated
in_docs = docs:update{ collection = "orders", where = { ["user.id"] = 7 }, set = { ["user.city"] = "Rome" } }.updated
_, refused = sql:delete{ table = "users", where = { id = 8 } }
docs:insert{ collection = "users", documents = { user_of(7), user_of(8) } }
docs:delete{ collection = "users", where = { id = 8 } }
orphan = docs:lookup{ collection = "orders", from = "users", path = "user.id", into = "account", where = { id = 8 } }[1]
in_sql, in_docs, refused.code, orphan.account]],
      predict = {
        question = "How many documents have to be changed?",
        unit = "documents", tolerance = 0.5,
        answer = function(env) return env.in_docs end,
      },
      hints = {
        "`in_docs`.",
        "Each order of the user has the copy.",
        "1000 orders, 200 users: five.",
      },
      check = function(t, env)
        t.equal(env.in_sql, 1, "rows changed")
        t.equal(env.in_docs, 5, "documents changed")
        t.equal(t.has(env, "refused", "table").code, "foreign_key_violation", "deleting a user who has orders")
        t.equal(t.has(env, "orphan", "table").account, nil, "the account of an order whose user is gone")
      end,
      explain = function(env)
        return ([[
%d, each by itself: in between, or after a crash, the user lives in two cities. And nobody keeps a referenced
document from being deleted; the relational engine said %s. (Sometimes the copy is right: an
order should keep the address that it was sent to.)]]):format(env.in_docs, env.refused.code)
      end,
    },
    {
      name = "levels",
      title = "What two transactions do to each other",
      text = [[
Four accidents, each played on four isolation levels: reading what is rolled back; reading twice and differently; two
who read 100 and write 110; two doctors who each see that the other is on call, and both go home.]],
      code = [[
function play(level, accident)
  local db = lab.store.relational{ isolation = level }
  db:create_table{ name = "t", primary_key = "id", columns = { id = "integer", v = "integer" } }
  db:insert{ table = "t", rows = { { id = 1, v = 100 }, { id = 2, v = 100 } } }
  local function read(tx, id) return tx:select{ table = "t", where = { id = id } }[1].v end
  local function write(tx, id, v) return tx:update{ table = "t", where = { id = id }, set = { v = v } } end
  return accident(db:begin(), db:begin(), read, write, db)
end
accidents = {
  { "dirty read", function(a, b, read, write)
    write(a, 1, 0)
    local seen = read(b, 1)
    a:rollback()
    return seen == 0
  end },
  { "reads differ", function(a, b, read, write)
    local first = read(a, 1)
    write(b, 1, 0); b:commit()
    return read(a, 1) ~= first
  end },
  { "lost update", function(a, b, read, write)
    local x, y = read(a, 1), read(b, 1)
    write(a, 1, x + 10); a:commit()
    return write(b, 1, y + 10) ~= nil and b:commit() ~= nil
  end },
  { "write skew", function(a, b, read, write)
    if read(a, 1) + read(a, 2) == 200 then write(a, 1, 0) end
    if read(b, 1) + read(b, 2) == 200 then write(b, 2, 0) end
    local one, two = a:commit(), b:commit()
    return one ~= nil and two ~= nil
  end },
}
levels = { "read_uncommitted", "read_committed", "repeatable_read", "serializable" }
happens, rows = {}, {}
for i, level in ipairs(levels) do
  happens[level], rows[i] = {}, { level }
  for k, accident in ipairs(accidents) do
    local name, run = unpack(accident)
    happens[level][name] = play(level, run)
    rows[i][k + 1] = happens[level][name] and "happens" or "-"
  end
end
print(chart.table{ columns = { "level", "dirty read", "reads differ", "lost update", "write skew" }, rows = rows })]],
      predict = {
        question = "Which is the lowest level at which the doctors do not both go home?",
        choices = { "read_committed", "repeatable_read", "serializable", "none" },
        answer = function(env)
          for _, level in ipairs(env.levels) do
            if level ~= "read_uncommitted" and not env.happens[level]["write skew"] then return level end
          end
          return "none"
        end,
      },
      hints = {
        "The last column.",
        "Under repeatable_read both work on the same snapshot, and write different rows: there is no conflict to see.",
        "serializable: it fails one of them.",
      },
      check = function(t, env)
        local happens = t.has(env, "happens", "table")
        t.that(happens.read_uncommitted["dirty read"], "a dirty read at the lowest level", "none")
        t.that(not happens.read_committed["dirty read"], "none at read_committed", "one")
        t.that(happens.read_committed["lost update"], "a lost update at read_committed", "none")
        t.that(not happens.repeatable_read["lost update"], "none at repeatable_read", "one")
        t.that(happens.repeatable_read["write skew"], "write skew at repeatable_read", "none")
        t.that(not happens.serializable["write skew"], "none at serializable", "one")
      end,
      explain = [[
Each level takes away one column. read_committed is the default of PostgreSQL and Oracle; its lost update is the most
usual one in practice. Serializable is done here as PostgreSQL does it: snapshots, and whoever closes a dangerous
structure of reads and writes is failed, and has to try again. The documents have no transactions over several
at all.]],
    },
    {
      name = "judged",
      title = "Let the checker look",
      text = [[
Examples prove little. Now five clients with random transactions on three rows, in a world, with a network between;
each transaction is recorded, and `lab.check.list_append` looks for circles of dependencies that a serial order cannot
have.]],
      code = [[
function record(level)
  w = lab.world{ seed = 5 }
  local h = lab.history()
  local db = w:service("db", { time = lab.dist.exp{ mean = 2*ms }, slots = 16, filters = { lab.store.database{
    holds = { sql = lab.store.relational{ isolation = level } } } } })
  db:call{ type = "create_table", name = "kv", primary_key = "id", columns = { id = "integer", v = "any" } }
  for i = 1, 3 do db:call{ type = "insert", table = "kv", row = { id = i, v = {} } } end
  local element = 0
  local function transaction(client)
    local asked, answered = {}, {}
    for i = 1, 3 do
      element = element + 1
      local key = math.random(3)
      asked[i] = math.random() < 0.5 and { "r", key } or { "append", key, element }
    end
    h:append{ process = client, type = "invoke", f = "txn", value = asked }
    local tx, failed = db:call{ type = "begin" }.tx, math.random() < 0.1
    for i, op in ipairs(asked) do
      local read = op[1] == "r"
      local done = db:call{ type = read and "select" or "update", table = "kv", where = { id = op[2] }, tx = tx,
        append = not read and { v = op[3] } or nil }
      if not done then failed = true break end
      answered[i] = read and { "r", op[2], done[1].v } or op
    end
    failed = failed and db:call{ type = "rollback", tx = tx } or not db:call{ type = "commit", tx = tx }
    h:append{ process = client, type = failed and "fail" or "ok", f = "txn", value = failed and asked or answered }
    return not failed
  end
  local committed = 0
  for client = 1, 5 do
    w:spawn(function() for _ = 1, 40 do if transaction(client) then committed = committed + 1 end end end)
  end
  w:run(60)
  local seen, names = {}, {}
  for _, a in ipairs(lab.check.list_append(h).anomalies) do
    if not seen[a.name] then names[#names + 1] = a.name end
    seen[a.name] = true
  end
  return names, committed
end
judged, finished = {}, {}
for _, level in ipairs(levels) do
  judged[level], finished[level] = record(level)
  print(("%-17s %3d committed   %s"):format(level, finished[level], table.concat(judged[level], " ")))
end]],
      predict = {
        question = "Serializable shows no anomaly. What does it pay?",
        choices = { "fewer transactions commit", "more messages", "nothing" },
        answer = function(env)
          return env.finished.serializable < env.finished.read_committed and "fewer transactions commit" or "nothing"
        end,
      },
      hints = {
        "`finished` has the transactions that committed.",
        "What a higher level forbids, it forbids by failing somebody.",
        "Fewer commit; the others have to try again.",
      },
      check = function(t, env)
        local judged = t.has(env, "judged", "table")
        t.equal(#judged.serializable, 0, "anomalies at serializable")
        t.that(#judged.read_uncommitted > 0, "anomalies at read_uncommitted", "none")
        t.that(#judged.read_committed > 0, "anomalies at read_committed", "none")
      end,
      explain = function(env)
        return ([[
%d of 200 committed, %d at read_committed (one in ten is rolled back by its own client). Names as in Adya's thesis:
G1a is a read of what was rolled back, G1b of what was not final, G-single a circle with one read that was overtaken,
G2-item one with several, such as write skew.]]):format(env.finished.serializable, env.finished.read_committed)
      end,
    },
    {
      name = "crash",
      title = "Money between two machines' requests",
      text = [[
30 are moved from Ann to Bob, and between the two writes the database crashes. With documents: two updates.
Relational: a transaction. Table engine: transact_write, one request. Each has its log on the disk.]],
      code = [[
function move(kind)
  w = lab.world{ seed = 2 }
  local db = w:service("db", { time = 2*ms, slots = 4, filters = { lab.store.database{ holds = {
    sql = lab.store.relational(), docs = lab.store.documents(), items = lab.store.table() } } } })
  db:call{ type = "create_table", ["in"] = "sql", name = "m", primary_key = "id",
    columns = { id = "text", money = "integer" } }
  for _, id in ipairs{ "ann", "bob" } do
    db:call{ type = "insert", ["in"] = "sql", table = "m", row = { id = id, money = 500 } }
    db:call{ type = "insert", ["in"] = "docs", collection = "m", document = { id = id, money = 500 } }
    db:call{ type = "put", ["in"] = "items", item = { id = id, money = 500 } }
  end
  local function crash()
    w:inject(lab.fault.crash("db")); w:inject(lab.fault.restart("db")); w:run(0.1)
  end
  if kind == "documents" then
    db:call{ type = "update", ["in"] = "docs", collection = "m", where = { id = "ann" }, add = { money = -30 } }
    crash()                                           -- and the client, too: nobody goes on
  elseif kind == "relational" then
    local tx = db:call{ type = "begin", ["in"] = "sql" }.tx
    db:call{ type = "update", ["in"] = "sql", table = "m", where = { id = "ann" }, add = { money = -30 }, tx = tx }
    crash()
  else
    db:call{ type = "transact_write", ["in"] = "items", writes = {
      { update = { id = "ann" }, add = { money = -30 }, condition = { money = { at_least = 30 } } },
      { update = { id = "bob" }, add = { money = 30 } } } }
    crash()
  end
  local sum = 0
  if kind == "table engine" then
    for _, item in ipairs(db:call{ type = "scan", ["in"] = "items", strong = true }.items) do sum = sum + item.money end
  else
    local engine = kind == "documents" and "docs" or "sql"
    for _, row in ipairs(db:call{ type = engine == "docs" and "find" or "select", ["in"] = engine,
      [engine == "docs" and "collection" or "table"] = "m" }) do sum = sum + row.money end
  end
  return sum
end
money = {}
for _, kind in ipairs{ "relational", "documents", "table engine" } do money[kind] = move(kind) end
print(chart.bars({ { "relational", money.relational }, { "documents", money.documents },
  { "table engine", money["table engine"] } }, { max = 1000 }))]],
      predict = {
        question = "There were 1000. How many are there in the documents after the crash?",
        tolerance = 1,
        answer = function(env) return env.money.documents end,
      },
      hints = {
        "`money.documents`.",
        "The first update was answered, so it is on the disk.",
        "970: thirty have left Ann, and nobody brings them to Bob.",
      },
      check = function(t, env)
        local money = t.has(env, "money", "table")
        t.equal(money.relational, 1000, "money, relational")
        t.equal(money.documents, 970, "money, documents")
        t.equal(money["table engine"], 1000, "money, table engine")
      end,
      explain = function(env)
        return ([[
%d. A document is atomic and nothing more is: put into one document what has to change together, or write down what
you are about to do first (that is a saga; see order-saga). The table engine can do several items in one request, but
not read, think and then write, as a transaction can.]]):format(env.money.documents)
      end,
    },
    {
      name = "schema",
      title = "A new column at noon",
      text = [[
100 reads a second. At 1 s somebody starts a report, a transaction of 2 s; at 1.5 s somebody else adds a column with a
default: 1000 rows at 1 ms. The documents just get the new field when they are written next.]],
      code = [[
function at_noon(kind)
  w = lab.world{ seed = 1 }
  local db = w:service("db", { time = 1*ms, slots = 64, filters = { lab.store.database{
    holds = { x = kind == "relational" and lab.store.relational{ rewrite_time = 1*ms } or lab.store.documents() } } } })
  local rows, longest, slots = {}, 0, {}
  for i = 1, 1000 do rows[i] = { id = i, v = i } end
  if kind == "relational" then
    db:call{ type = "create_table", name = "t", primary_key = "id", columns = { id = "integer", v = "integer" } }
    db:call{ type = "insert", table = "t", rows = rows }
  else
    db:call{ type = "insert", collection = "t", documents = rows }
  end
  local began, sql = w:now(), kind == "relational"
  for i = 1, 500 do
    w:at(began + i / 100, function()
      local asked = w:now()
      db:call(sql and { type = "select", table = "t", where = { id = i }, timeout = 10 }
        or { type = "find", collection = "t", where = { id = i }, timeout = 10 })
      local slot = math.floor((asked - began) * 10)
      slots[slot] = math.max(slots[slot] or 0, w:now() - asked)
      longest = math.max(longest, w:now() - asked)
    end)
  end
  w:at(began + 1, function()
    if not sql then return end
    local tx = db:call{ type = "begin" }.tx
    db:call{ type = "select", table = "t", limit = 1, tx = tx }
    w:sleep(2)
    db:call{ type = "commit", tx = tx }
  end)
  w:at(began + 1.5, function()
    db:call(sql and { type = "alter_table", table = "t", timeout = 10,
        add = { name = "vip", type = "boolean", default = false } }
      or { type = "update", collection = "t", where = { id = 1 }, set = { vip = false } })
  end)
  w:run(10)
  return longest, slots
end
waits_sql, slots_sql = at_noon("relational")
waits_docs, slots_docs = at_noon("documents")
print(chart.timeline{ from = 0, to = 5, n = 50, bands = { { from = 1, to = 3, label = "report" } }, rows = {
  { label = "relational", values = slots_sql, reduce = "max", max = 3, note = ("%.2f s"):format(waits_sql) },
  { label = "documents", values = slots_docs, reduce = "max", max = 3, note = ("%.3f s"):format(waits_docs) } } })
waits_sql, waits_docs]],
      predict = {
        question = "How long does the unluckiest read wait?",
        unit = "s", tolerance = 0.3,
        answer = function(env) return env.waits_sql end,
      },
      hints = {
        "`waits_sql`.",
        "The change waits for the report; and every read that comes after the change waits behind it.",
        "1.5 s until the report ends, then 1 s of rewriting: 2.5 s.",
      },
      check = function(t, env)
        t.that((env.waits_sql or 0) > 2, "reads wait for seconds", tostring(env.waits_sql))
        t.that((env.waits_docs or 9) < 0.1, "reads of documents do not", tostring(env.waits_docs))
      end,
      explain = function(env)
        return ([[
%.2f s, though the report only reads, and the reads only read: the change wants the table for itself, and the queue is
fair. Hence the rules: set lock_timeout before a change of schema; add the column without a default, fill it in
batches. The documents waited %.0f ms, and from now on your program has to know both kinds of
document, for ever.]]):format(
          env.waits_sql, 1000 * env.waits_docs)
      end,
    },
    {
      name = "growth",
      title = "Ten times the load",
      text = [[
One database machine works 0.5 ms a row, four at once, and writes each change into the log on its disk. The load
grows: how many puts a second can each take? The table engine is bought with 2000 and then with 8000 write units: more
partitions, keys spread by their hash. The relational machine is what it is.]],
      code = [[
function relational_puts()
  w = lab.world{ seed = 1 }
  local db = w:service("db", { slots = 1000, filters = { lab.store.database{ row_time = 0.5*ms, workers = 4,
    holds = { sql = lab.store.relational() } } } })
  db:call{ type = "create_table", name = "t", primary_key = "id", columns = { id = "integer" } }
  local done, began, next_id = 0, w:now(), 0
  for _ = 1, 50 do
    w:spawn(function()
      while w:now() < began + 0.5 do
        next_id = next_id + 1
        if db:call{ type = "insert", table = "t", row = { id = next_id } } then done = done + 1 end
      end
    end)
  end
  w:run(1)
  return 2 * done
end
function table_puts(units)
  local t = lab.store.table{ write_units = units, burst_seconds = 1 }
  local done = 0
  for i = 1, 20000 do                                 -- of two seconds, the second counts
    if t:put{ item = { id = i }, now = i / 10000 } and i > 10000 then done = done + 1 end
  end
  return done, t:describe{ now = 2 }.partitions
end
one_machine = relational_puts()
small = table_puts(2000)
large, partitions = table_puts(8000)
print(chart.bars({ { "relational", one_machine }, { "table, 2000 units", small }, { "table, 8000 units", large } },
  { unit = "/s" }))
one_machine, small, large, partitions]],
      predict = {
        question = "10 000 puts with different keys come in a second. How many does the large table take, about?",
        unit = "a second", tolerance = 500,
        answer = function(env) return env.large end,
      },
      hints = {
        "`large`.",
        "It is cut into nine partitions, and each key falls into one of them.",
        "What was bought: 8000.",
      },
      check = function(t, env)
        t.that((env.large or 0) >= 7500, "what was bought", tostring(env.large))
        t.that((env.one_machine or 1e9) < env.small, "one machine is one machine", tostring(env.one_machine))
        t.that((env.partitions or 0) >= 8, "eight partitions or more", tostring(env.partitions))
      end,
      explain = function(env)
        return ([[
%d a second on %d partitions, and %d on the one machine with its one disk. The table engine can be cut into pieces
because it promises nothing across them: no join, no foreign key, transactions of a hundred items at double price,
and a hot key is still one partition. The relational engine could be cut, too (see sharding-strategies and
cross-shard-joins), and then it promises no more either.]]):format(env.large, env.partitions, env.one_machine)
      end,
    },
  },
  finish = [[
Relational: ask anything, change anything in one place, and pay with one machine, locks and schema. Documents: what is
read together lies together, and copies are your job. Table engine: any size, if the questions are known beforehand.
PostgreSQL and MySQL, MongoDB, DynamoDB and Cassandra are these three. Many shops have all three, and then a fourth
thing that keeps them in step (cqrs-search).]],
}

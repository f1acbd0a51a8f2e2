local t = require "expect"

local function shop(seed)
  local w = lab.world { seed = seed }
  local db = w:service("db", { time = 1*ms, slots = 8, filters = { lab.store.database {
    row_time = 0.05*ms, workers = 2,
    holds = {
      sql = lab.store.relational { isolation = "serializable", lock_timeout = 1 },
      carts = lab.store.table { write_units = 50, global_indexes = { by_city = { partition = "city" } } },
      notes = lab.store.documents(),
    } } } })
  db:call { type = "create_table", ["in"] = "sql", name = "accounts", primary_key = "id",
    columns = { id = "integer", money = "integer" } }
  for i = 1, 5 do
    db:call { type = "insert", ["in"] = "sql", table = "accounts", row = { id = i, money = 100 } }
  end
  return w, db
end

-- Transfers, each a transaction of several requests, while the machine crashes and comes back.
local function transfers(seed)
  math.randomseed(seed)
  local w, db = shop(seed)
  local committed = 0
  for client = 1, 4 do
    w:spawn(function()
      for _ = 1, 20 do
        w:sleep(0.02 * client)
        local from, to = math.random(5), math.random(5)
        local begun = db:call { type = "begin", ["in"] = "sql", timeout = 1 }
        local function ask(request)
          request["in"], request.tx, request.timeout = "sql", begun.tx, 2
          return db:call(request)
        end
        local ok = begun and from ~= to
          and ask { type = "update", table = "accounts", where = { id = from, money = { at_least = 30 } },
            add = { money = -30 } }
        if ok and ok.updated == 1 then
          ok = ask { type = "update", table = "accounts", where = { id = to }, add = { money = 30 } }
          if ok and ask { type = "commit" } then committed = committed + 1 end
        elseif begun then
          ask { type = "rollback" }
        end
        db:call { type = "put", ["in"] = "carts", item = { id = client, city = "Rome", from = from }, timeout = 1 }
      end
    end)
  end
  w:at(1, lab.fault.crash("db"))
  w:at(1.5, lab.fault.restart("db"))
  w:run(20)
  local sum = db:call { type = "select", ["in"] = "sql", table = "accounts", compute = { sum = { "sum", "money" } } }
  return w:digest(), sum[1].sum, committed
end

t.test("store: money is neither made nor lost by transactions that a crash interrupts, and twice is the same",
  function()
    local digest, sum, committed = transfers(7)
    t.equal(sum, 500)
    t.is_true(committed > 5, "some were committed: " .. committed)
    t.equal(transfers(7), digest)
    t.is_true(transfers(8) ~= digest)
  end)

-- Clients that read, write and compare one item while the machine crashes; judged as a register.
local function register(options)
  local w = lab.world { seed = 3 }
  local h = lab.history()
  local db = w:service("db", { time = lab.dist.exp { mean = 1*ms }, slots = 8, filters = { lab.store.database {
    holds = { t = lab.store.table { write_units = 10000, read_units = 10000 } } } } })
  local value = 0
  for client = 1, 4 do
    w:spawn(function()
      for _ = 1, 60 do
        w:sleep(0.01 * client)
        value = value + 1
        local write, mine = (client + value) % 2 == 0, value
        h:append { process = client, type = "invoke", f = write and "write" or "read", value = write and mine or nil }
        local answer, err
        if write then
          answer, err = db:call { type = "put", item = { id = 1, v = mine }, timeout = 0.2 }
        else
          answer, err = db:call { type = "get", key = { id = 1 }, strong = options.strong, timeout = 0.2 }
        end
        h:append { process = client, f = write and "write" or "read",
          type = answer and "ok" or err.definite and "fail" or "info",
          value = write and mine or answer and answer.item and answer.item.v or nil }
        if not answer and not err.definite then client = client + 10 end
      end
    end)
  end
  for i = 1, 5 do
    w:at(0.2 * i, lab.fault.crash("db"))
    w:at(0.2 * i + 0.05, lab.fault.restart("db"))
  end
  w:run(10)
  return lab.check.linearizable(h, "register").verdict
end

t.test("store: strong reads and writes of an item are linearizable through crashes, eventual reads are not", function()
  t.equal(register { strong = true }, "ok")
  t.equal(register { strong = false }, "violated")
end)

-- Random transactions on three lists while the machine crashes, judged for the level that they were promised.
local function lists(level, promised, seed)
  math.randomseed(seed)
  local w = lab.world { seed = seed }
  local h = lab.history()
  local db = w:service("db", { time = lab.dist.exp { mean = 1*ms }, slots = 16, filters = { lab.store.database {
    holds = { sql = lab.store.relational { isolation = level, lock_timeout = 0.3, idle_timeout = 1 } } } } })
  db:call { type = "create_table", name = "kv", primary_key = "id", columns = { id = "integer", v = "any" } }
  for i = 1, 3 do db:call { type = "insert", table = "kv", row = { id = i, v = {} } } end
  local element, process, committed = 0, 0, 0
  local function transaction()
    process = process + 1
    local mine, asked, answered = process, {}, {}
    for i = 1, 3 do
      element = element + 1
      asked[i] = math.random() < 0.5 and { "r", math.random(3) } or { "append", math.random(3), element }
    end
    h:append { process = mine, type = "invoke", f = "txn", value = asked }
    local begun = db:call { type = "begin", timeout = 1 }
    local outcome = begun and "ok" or "fail"
    for i, op in ipairs(asked) do
      if outcome == "fail" then break end
      local read = op[1] == "r"
      local done = db:call { type = read and "select" or "update", table = "kv", where = { id = op[2] }, tx = begun.tx,
        append = not read and { v = op[3] } or nil, timeout = 1 }
      if done then answered[i] = read and { "r", op[2], done[1].v } or op else outcome = "fail" end
    end
    if outcome == "ok" then
      local done, err = db:call { type = "commit", tx = begun.tx, timeout = 1 }
      outcome = done and "ok" or err.definite and "fail" or "info"
    elseif begun then
      db:call { type = "rollback", tx = begun.tx, timeout = 1 }
    end
    committed = committed + (outcome == "ok" and 1 or 0)
    h:append { process = mine, type = outcome, f = "txn", value = outcome == "ok" and answered or asked }
  end
  for _ = 1, 5 do
    w:spawn(function()
      for _ = 1, 30 do
        transaction()
        w:sleep(0.01)
      end
    end)
  end
  for i = 1, 4 do
    w:at(0.3 * i, lab.fault.crash("db"))
    w:at(0.3 * i + 0.05, lab.fault.restart("db"))
  end
  w:run(60)
  local verdict = lab.check.list_append { history = h, level = promised }
  return verdict.verdict, committed, verdict.text
end

t.test("store: each isolation level keeps its promise through crashes", function()
  for level, promised in pairs { read_committed = "read-committed", repeatable_read = "snapshot-isolation",
    serializable = "serializable" } do
    for seed = 1, 3 do
      local verdict, committed, text = lists(level, promised, seed)
      t.is_true(verdict == "ok", ("%s, seed %d: %s"):format(level, seed, text))
      t.is_true(committed > 20, level .. ": some were committed: " .. committed)
    end
  end
end)

t.test("store: mistakes are raised with the nearest name", function()
  t.raises(function() lab.store.table { partition_kye = "x" } end, "did you mean 'partition_key'")
  t.raises(function() lab.store.table { profile = "dynamodb" } end, "dynamodb%-2024")
  t.raises(function() lab.store.table { sort_key = "s", local_indexes = { x = { srot = "a" } } } end,
    "did you mean 'sort'")
  t.raises(function() lab.store.table { global_indexes = { x = { sort = "a" } } } end, "needs a 'partition'")
  t.raises(function() lab.store.table { local_indexes = { x = { sort = "a" } } } end, "sort key")
  t.raises(function() lab.store.table { write_units = 1e6 } end, "40000")
  t.raises(function() lab.store.relational { isolation = "serialisable" } end, "serializable")
  local db = lab.store.relational()
  t.raises(function() db:select { table = "x", wehre = {} } end, "did you mean 'where'")
  t.raises(function() db:create_table { name = "x", columns = { a = "txet" } } end, "did you mean 'text'")
  t.raises(function() lab.store.documents():find { collection = "x", where = { a = { gt = 1 } } } end, "no operator")
  t.raises(function() lab.store.database { holds = {} } end, "no engine")
  t.raises(function() lab.store.database { holds = { a = 5 } } end, "lab.store.table")
  local item, err = lab.store.table():put { item = { name = "no key" } }
  t.equal(item, nil)
  t.equal(err.code, "ValidationException")
end)

t.test("store: a statement that waits says so, and its answer comes when the lock is free", function()
  local db = lab.store.relational()
  db:create_table { name = "x", columns = { id = "integer", v = "integer" }, primary_key = "id" }
  db:insert { table = "x", row = { id = 1, v = 0 } }
  local a, b = db:begin(), db:begin()
  a:update { table = "x", add = { v = 1 } }
  local _, err = b:update { table = "x", add = { v = 10 } }
  t.equal(err.code, "waiting")
  t.equal(err.definite, false)
  t.equal(db:locks().waiting[1].tx, b:id())
  local _, single = db:update { table = "x", add = { v = 100 } }
  t.equal(single.code, "waiting")
  t.equal(select(2, b:result()).code, "waiting")
  a:commit()
  t.equal(b:result().updated, 1)
  t.equal(#db:answers(), 0)
  b:commit()
  t.equal(db:answers()[1].value.updated, 1)
  t.equal(db:select { table = "x" }[1].v, 111)
end)

t.test("store: a change of schema in a world makes everybody behind it wait", function()
  local w = lab.world { seed = 1 }
  local db = w:service("db", { time = 1*ms, slots = 16, filters = { lab.store.database {
    holds = { sql = lab.store.relational { rewrite_time = 10*ms } } } } })
  db:call { type = "create_table", name = "x", columns = { id = "integer" }, primary_key = "id" }
  local rows = {}
  for i = 1, 100 do rows[i] = { id = i } end
  db:call { type = "insert", table = "x", rows = rows }
  local slowest = 0
  w:spawn(function()
    for _ = 1, 40 do
      w:sleep(0.05)
      local asked = w:now()
      db:call { type = "select", table = "x", where = { id = 5 }, timeout = 10 }
      slowest = math.max(slowest, w:now() - asked)
    end
  end)
  w:spawn(function()
    w:sleep(0.5)
    db:call { type = "alter_table", table = "x", timeout = 10, add = { name = "age", type = "integer", default = 0 } }
  end)
  w:run(10)
  t.near(slowest, 1, 0.1)
end)

assert(t.summary())

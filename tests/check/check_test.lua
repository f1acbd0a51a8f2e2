local t = require "expect"

-- One operation after the other.
local function history(operations)
  local h = lab.history()
  for _, o in ipairs(operations) do
    local process, f, key, asked, answered = unpack(o, 1, 5)
    h:append { process = process, type = "invoke", f = f, key = key, value = asked }
    h:append { process = process, type = "ok", f = f, key = key, value = answered }
  end
  return h
end

t.test("check: each model is there by its name", function()
  local queue = history {
    { 1, "enqueue", nil, "a", "a" }, { 1, "enqueue", nil, "b", "b" }, { 2, "dequeue", nil, nil, "b" },
  }
  t.equal(lab.check.linearizable(queue, "queue").verdict, "violated")
  local list = history { { 1, "append", "x", 1, 1 }, { 2, "read", "x", nil, { 1 } } }
  t.equal(lab.check.linearizable(list, "list-append").verdict, "ok")
  local lock = history { { 1, "acquire" }, { 2, "acquire" } }
  t.equal(lab.check.linearizable(lock, "mutex").verdict, "violated")
end)

t.test("check: threads and budgets are options, and the result is the same", function()
  local operations = {}
  for i = 1, 600 do
    operations[#operations + 1] = { 1, "write", "key " .. i % 40, i, i }
    operations[#operations + 1] = { 2, "read", "key " .. i % 40, nil, i }
  end
  operations[#operations + 1] = { 2, "read", "key 7", nil, 7 }
  local h = history(operations)
  local one = lab.check.linearizable { history = h, threads = 1 }
  for _, threads in ipairs { 0, 2, 5 } do
    local many = lab.check.linearizable { history = h, threads = threads }
    t.equal(many.text, one.text)
    t.equal(many.steps, one.steps)
  end
  t.equal(one.key, "key 7")
  t.equal(lab.check.linearizable { history = h, steps = 0 }.verdict, "unknown")
  t.equal(lab.check.linearizable { history = h, memory = 100 }.verdict, "unknown")
end)

t.test("check: what was counted is a field, and tostring is the text", function()
  local judged = lab.check.total_queue(history { { 1, "enqueue", nil, "a", "a" }, { 2, "drain", nil, nil, {} } })
  t.equal(judged.lost, 1)
  t.equal(judged.acknowledged, 1)
  t.equal(judged.history:count(), 2)
  t.equal(tostring(judged), judged.text)
end)

t.test("check: sequential, causal and session consistency differ", function()
  -- A stale read by another process.
  local stale = history { { 1, "write", "x", 1, 1 }, { 2, "read", "x" } }
  t.equal(lab.check.linearizable(stale).verdict, "violated")
  t.equal(lab.check.sequential(stale).verdict, "ok")
  -- Two writes that two others see in different orders.
  local orders = history {
    { 1, "write", "x", 1, 1 }, { 2, "write", "x", 2, 2 },
    { 3, "read", "x", nil, 1 }, { 3, "read", "x", nil, 2 }, { 4, "read", "x", nil, 2 }, { 4, "read", "x", nil, 1 },
  }
  t.equal(lab.check.sequential(orders).verdict, "violated")
  t.equal(lab.check.causal(orders).verdict, "ok")
  t.equal(lab.check.causal { history = orders, convergent = true }.verdict, "violated")
  local own = history { { 1, "write", "x", 1, 1 }, { 1, "read", "x" } }
  t.equal(lab.check.causal(own).verdict, "violated")
  t.equal(lab.check.session { history = own, guarantee = "monotonic-reads" }.verdict, "ok")
  t.equal(lab.check.session { history = own, guarantee = "read-your-writes" }.verdict, "violated")
end)

t.test("check: isolation levels allow what they allow", function()
  local skew = lab.history {
    events = {
      { process = 1, type = "invoke", f = "txn", value = { { "r", "x" }, { "w", "y", 1 } } },
      { process = 2, type = "invoke", f = "txn", value = { { "r", "y" }, { "w", "x", 2 } } },
      { process = 1, type = "ok", f = "txn", value = { { "r", "x" }, { "w", "y", 1 } } },
      { process = 2, type = "ok", f = "txn", value = { { "r", "y" }, { "w", "x", 2 } } },
    },
  }
  local serializable = lab.check.rw_register(skew)
  t.equal(serializable.verdict, "violated")
  t.equal(serializable.anomalies[1].name, "G2-item")
  local snapshot = lab.check.rw_register { history = skew, level = "snapshot-isolation" }
  t.equal(snapshot.verdict, "ok")
  t.equal(snapshot.allowed, { "G2-item" })
end)

t.test("check: histories of another kind are errors that say so", function()
  local h = history { { 1, "push", "x", 1, 1 } }
  for _, name in ipairs { "linearizable", "sequential", "causal", "session", "set", "list_append", "rw_register" } do
    local ok, message = pcall(lab.check[name], h)
    t.is_true(not ok)
    t.is_true(message:find("expected", 1, true) ~= nil)
  end
end)

assert(t.summary())

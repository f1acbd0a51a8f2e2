-- Histories and their verdicts, as scripts see them.
local t = require "expect"

local function history(...)
  local h = lab.history()
  for _, e in ipairs { ... } do
    h:append { process = e[1], type = e[2], f = e[3], value = e[4], time = e.time, key = e.key, error = e.error }
  end
  return h
end

local stale = history(
  { 1, "invoke", "write", 1, time = 0.5 }, { 1, "ok", "write", time = 1 },
  { 2, "invoke", "read", time = 2 }, { 2, "ok", "read", time = 2.25 })

t.test("a stale read is a violation, told in words and as a picture", function()
  local v = lab.check.linearizable(stale, "register")
  t.equal(v.verdict, "violated")
  t.equal(v.message, "process 2: read nil (from 2 s to 2.25 s): no order of the operations explains this answer; "
    .. "the value was then 1")
  t.equal(v.history:count(), 4)
  t.equal(v.prefix, 3)
  t.equal(tostring(v), "violated: " .. v.message .. "\nthe shortest failing part, 2 of 2 operations:\n"
    .. v.picture:sub(1, -2))
end)

t.test("a history that an order explains is ok", function()
  local v = lab.check.linearizable { history = history({ 1, "invoke", "write", 1 }, { 2, "invoke", "read" },
    { 2, "ok", "read", 1 }), model = "kv" }
  t.equal(v.verdict, "ok")
  t.equal(v.history, nil)
end)

t.test("without steps there is no verdict", function()
  t.equal(lab.check.linearizable(stale, "register", { steps = 0 }).verdict, "unknown")
end)

t.test("a compare-and-set may expect nil: { value = new }", function()
  local h = history({ 1, "invoke", "cas", { value = 1 } }, { 1, "ok", "cas" }, { 1, "invoke", "read" },
    { 1, "ok", "read", 1 })
  t.equal(lab.check.linearizable(h).verdict, "ok")
end)

t.test("events come back as they were given, and as lines of JSON", function()
  local e = stale:events()
  t.equal(#e, 4)
  t.equal(e[1], { process = 1, type = "invoke", f = "write", value = 1, time = 0.5 })
  t.equal(stale:jsonl():match "^[^\n]*",
    '{"process":1,"type":"invoke","f":"write","key":null,"value":1,"time":500000000}')
  t.equal(lab.history { events = e }:jsonl(), stale:jsonl())
end)

t.test("a file that is not there is an outcome, a wrong event is a mistake", function()
  local h, err = lab.history { file = "/nonexistent/history" }
  t.equal(h, nil)
  t.equal(err.code, "not_found")
  local ok, message = pcall(history, { 1, "ok", "read" })
  t.equal(ok, false)
  t.equal(message:find("without an invocation", 1, true) ~= nil, true)
end)

t.test("a replicated store under partitions leaves a linearizable history", function()
  local w = lab.world { seed = 11 }
  local kv = w:replicas("kv", lab.replicate.raft { count = 3 })
  local clients = w:clients { count = 4, to = kv, keys = 2 }
  w:nemesis(lab.fault.random_partitions { every = 2 })
  w:run(10)
  local v = lab.check.linearizable(clients:history(), "register")
  t.equal(v.verdict, "ok")
  t.equal(v.keys, 2)
end)

assert(t.summary())

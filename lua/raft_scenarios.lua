--- Scenarios for Raft, each a short story of elections, cuts and crashes that an implementation has to survive. They
-- are the families of MIT's course 6.5840 (labs 3A to 3D), told again for this world, and a few more.
--
--   scenarios = require "raft_scenarios"
--   scenarios.names()                           -- in order; scenarios.part[name] is "election", "log", ...
--   scenarios.run("figure 8", { seed = 3 })     -- against lab.replicate.raft; an error says what went wrong
--
-- Options of `run`: seed; raft, more options of lab.replicate.raft (such as { bug = "votes_twice" }); or `make`, to
-- test another implementation: make(w, count, settings) adds `count` replicas to the world and returns them, `settings`
-- being { heartbeat, election_min, election_max, snapshot_after } in seconds and entries (`settings` changes them).
-- `that`, called as that(ok, expected, happened, { at =, node = }) in place of raising an error; `size`, how long the
-- stories are (1).
--
-- A replica takes requests { type = "write", key, value, client, seq } and { type = "read", key }, as those of
-- lab.replicate.raft do, answers them once they are committed, and shows its `role`, `term`, `committed`, and for
-- snapshots `log` and `snapshot` (indexes). `run` returns what it cost: { messages, bytes, commits, time, world }.

local Cluster = {}
Cluster.__index = Cluster

local settings = { heartbeat = 0.05, election_min = 0.15, election_max = 0.3, snapshot_after = 0 }

local function raft_of(more)
  return function(w, count, s)
    local options = { count = count, heartbeat = s.heartbeat, election_min = s.election_min,
      election_max = s.election_max, snapshot_after = s.snapshot_after }
    for name, value in pairs(more or {}) do options[name] = value end
    return w:replicas("kv", lab.replicate.raft(options))
  end
end

local function must(ok, expected, happened, where)
  if ok then return end
  error(("at %.3f s: expected that %s, but %s"):format(where.at, expected, happened), 0)
end

local function new_cluster(o, count, more)
  local s = {}
  for name, value in pairs(settings) do s[name] = o.settings and o.settings[name] or value end
  for name, value in pairs(more or {}) do s[name] = value end
  local c = setmetatable({ that_ = o.that or must, election = s.election_max, settings = s, size = o.size or 1,
    cut_off = {}, leads = {}, cells = {}, seq = 0, commits = 0 }, Cluster)
  -- The answers that get lost on their way to who asks are part of an unreliable network.
  c.w = lab.world { seed = o.seed or 1, echo = false, loss = s.unreliable and 0.1 or 0,
    latency = s.unreliable and lab.dist.uniform { low = 0, high = s.heartbeat / 2 } or nil }
  c.nodes = (o.make or raft_of(o.raft))(c.w, count, s)
  if s.reordering then c.w:inject(lab.fault.reorder { by = s.heartbeat, probability = 0.5 }) end
  return c
end

function Cluster:that(ok, expected, happened, node)
  if not ok then
    self.that_(false, expected, happened, { at = self.w:now(), node = node and self.nodes[node]:name() })
  end
end

-- So many rounds of a story, at least one.
function Cluster:rounds(usual) return math.max(1, math.floor(usual * self.size + 0.5)) end

-- ---- what nodes show

function Cluster:shown(i)
  local state = self.nodes[i]:state()
  local function number(name) return type(state[name]) == "number" and state[name] or 0 end
  return { role = state.role, term = number "term", committed = number "committed", log = number "log",
    snapshot = number "snapshot" }
end

-- Those that run and are not cut off, in order.
function Cluster:connected()
  local list = {}
  for i, node in ipairs(self.nodes) do
    if node:up() and not self.cut_off[i] then list[#list + 1] = i end
  end
  return list
end

-- Looks at all of them: at most one leader a term.
function Cluster:look()
  for i, node in ipairs(self.nodes) do
    local state = node:up() and self:shown(i)
    if state and state.role == "leader" then
      local first = self.leads[state.term] or i
      self:that(first == i, ("at most one node leads in term %d"):format(state.term),
        ("%s and %s do"):format(self.nodes[first]:name(), node:name()), i)
      self.leads[state.term] = i
    end
  end
end

-- Lets time pass, in longest election timeouts, and looks.
function Cluster:run(elections)
  local w, over = self.w, self.w:now() + elections * self.election
  while over - w:now() > 1e-9 do -- times are whole nanoseconds
    w:run(math.min(self.election / 5, over - w:now()))
    self:look()
  end
end

-- Until it holds, at most so many elections; whether it does.
function Cluster:wait(condition, elections)
  local over = self.w:now() + elections * self.election
  while not condition() do
    if self.w:now() >= over then return false end
    self:run(0.1)
  end
  return true
end

-- The connected node that leads in the highest term, if one does.
function Cluster:leading()
  local found, term
  for _, i in ipairs(self:connected()) do
    local state = self:shown(i)
    if state.role == "leader" and (not found or state.term > term) then found, term = i, state.term end
  end
  return found, term
end

function Cluster:leader()
  self:wait(function() return self:leading() end, 15)
  local found, term = self:leading()
  self:that(found, "the connected nodes elect a leader",
    ("none of %d leads after 15 election timeouts"):format(#self:connected()))
  return found, term
end

function Cluster:no_leader()
  local found = self:leading()
  self:that(not found, "nobody leads without a majority", found and self.nodes[found]:name() .. " does", found)
end

-- Another than that one, counting round: 1 is the next.
function Cluster:beside(i, by) return (i - 1 + by) % #self.nodes + 1 end

-- ---- breaking
--
-- Who is cut off from the other nodes still hears who asks.

function Cluster:disconnect(i)
  if self.cut_off[i] then return end
  local others = {}
  for k, node in ipairs(self.nodes) do
    if k ~= i then others[#others + 1] = node:name() end
  end
  self.cut_off[i] = self.w:inject(lab.fault.partition { sides = { { self.nodes[i]:name() }, others } })
end

function Cluster:connect(i)
  if self.cut_off[i] then self.w:heal(self.cut_off[i]) end
  self.cut_off[i] = nil
end

function Cluster:crash(i)
  if self.nodes[i]:up() then
    self.w:inject(lab.fault.crash { target = self.nodes[i]:name(), power = true, disk = "synced" })
  end
end

function Cluster:restart(i)
  if not self.nodes[i]:up() then self.w:inject(lab.fault.restart { target = self.nodes[i]:name() }) end
end

function Cluster:all(method)
  for i in ipairs(self.nodes) do self[method](self, i) end
end

-- ---- writing and reading
--
-- All writes of a cell are of one client, with growing sequence numbers. So what is in it is the value of the greatest
-- one that was executed, which is none below the greatest that was acknowledged.

function Cluster:cell(key)
  self.cells[key] = self.cells[key] or { acknowledged = 0, values = {} }
  return self.cells[key]
end

-- Sends a write to one node, and does not wait. The result gets `done` and `ok`.
function Cluster:start(i, key, value, seq)
  local result, cell = {}, self:cell(key)
  if not seq then
    self.seq = self.seq + 1
    seq = self.seq
  end
  cell.values[seq] = value
  self.w:spawn(function()
    local answer = self.nodes[i]:call { type = "write", key = key, value = value, client = key, seq = seq,
      timeout = 3 * self.election }
    result.done, result.ok = true, answer ~= nil
    if result.ok then
      cell.acknowledged = math.max(cell.acknowledged, seq)
      self.commits = self.commits + 1
    end
  end)
  return result
end

-- Has a value agreed upon: a leader acknowledges it, and so many nodes commit it. Asks again and again, for a while.
function Cluster:one(value, servers, key)
  key = key or "x"
  local function committed_by(index)
    local n = 0
    for i, node in ipairs(self.nodes) do
      if node:up() and self:shown(i).committed >= index then n = n + 1 end
    end
    return n
  end
  self.seq = self.seq + 1
  local seq, over, acknowledged, by = self.seq, self.w:now() + 25 * self.election, false, 0
  while self.w:now() < over do
    local i = self:leading()
    local result = i and self:start(i, key, value, seq)
    if result and self:wait(function() return result.done end, 4) and result.ok then
      acknowledged = true
      local index = self:shown(i).committed
      self:that(index > 0, "a leader that has acknowledged a write shows `committed`", "it shows 0", i)
      self:wait(function()
        by = committed_by(index)
        return by >= servers
      end, 4)
      if by >= servers then return index end -- else another leads by now, who may need an entry of its own term
    end
    self:run(0.3)
  end
  self:that(false, ("%s is agreed upon by %d nodes"):format(tostring(value), servers),
    acknowledged and ("the leader acknowledged it, and %d commit it"):format(by)
    or "nobody acknowledges it for 25 election timeouts", self:leading())
end

-- What the cells are now, asked of whoever leads, must be what they may be.
function Cluster:read_all()
  local keys = {}
  for key in pairs(self.cells) do keys[#keys + 1] = key end
  for _, key in ipairs(keys) do
    local over, answered, value = self.w:now() + 25 * self.election, false, nil
    repeat
      local i = self:leading()
      if i then
        local err
        value, err = self.nodes[i]:call { type = "read", key = key, timeout = 3 * self.election }
        answered = err == nil
      end
      if not answered then self:run(0.3) end
    until answered or self.w:now() >= over
    self:that(answered, "a read of " .. key .. " is answered", "it is not, for 25 election timeouts")
    local cell = self.cells[key]
    local may, found = {}, value == nil and cell.acknowledged == 0
    for seq, written in pairs(cell.values) do
      if seq >= cell.acknowledged then
        may[#may + 1] = tostring(written)
        if written == value then found, cell.acknowledged = true, seq end
      end
    end
    self:that(found, ("%s is %s"):format(key, table.concat(may, " or ")), "it is " .. tostring(value), self:leading())
  end
end

-- The end of every story: all are back, everything acknowledged is there, and also when somebody else leads.
function Cluster:finish()
  self:all "restart"
  self:all "connect"
  self:one("the end", #self.nodes)
  self:read_all()
  self:disconnect(self:leader())
  self:leader()
  self:read_all()
  local seen = self.w:violation()
  self:that(not seen, "the invariants of Raft hold", tostring(seen))
end

function Cluster:traffic() return self.w:traffic(self.nodes) end

-- ---- the stories

local stories = {}
local function story(part, name, count, tell, more) stories[#stories + 1] = { part, name, count, tell, more } end

story("election", "initial election", 3, function(c)
  local _, term = c:leader()
  c:that(term >= 1, "the first leader's term is at least 1", "it is " .. term)
  c:run(3)
  local _, later = c:leader()
  c:that(term == later, "a leader that all hear keeps leading",
    ("the term went from %d to %d"):format(term, later))
end)

story("election", "re-election", 3, function(c)
  local first, term = c:leader()
  c:disconnect(first)
  local second, next_term = c:leader()
  c:that(next_term > term, "a new leader has a higher term", ("%d after %d"):format(next_term, term), second)
  c:connect(first)
  c:run(2)
  local leader = c:leader()
  c:disconnect(leader)
  c:disconnect(c:beside(leader, 1))
  c:run(4)
  c:no_leader()
  c:connect(c:beside(leader, 1))
  c:leader()
  c:connect(leader)
  c:leader()
end)

story("election", "many elections", 7, function(c)
  for _ = 1, c:rounds(6) do
    local a = c.w:random(7)
    local others = { a, c:beside(a, c.w:random(3)), c:beside(a, 3 + c.w:random(3)) }
    for _, i in ipairs(others) do c:disconnect(i) end
    c:leader()
    for _, i in ipairs(others) do c:connect(i) end
  end
  c:leader()
end)

story("log", "basic agree", 3, function(c)
  for n = 1, c:rounds(3) do c:one("v" .. n, 3) end
end)

story("log", "byte count", 3, function(c)
  c:one("first", 3)
  local before = c:traffic()
  local each, n = 5000, 10
  for i = 1, n do c:one(("%d "):format(i):rep(each):sub(1, each), 3) end
  local bytes, sent = c:traffic().bytes - before.bytes, n * each
  local allowed = 3 * sent + 50000
  c:that(bytes <= allowed, ("%d bytes of values take at most %d between 3 nodes"):format(sent, allowed),
    ("%d were sent: is an entry sent more than once?"):format(bytes))
end)

story("log", "follower failure", 3, function(c)
  c:one("a", 3)
  local leader = c:leader()
  c:disconnect(c:beside(leader, 1))
  c:one("b", 2)
  c:run(2)
  c:one("c", 2)
  leader = c:leader()
  local alone = {}
  for by = 1, 2 do c:disconnect(c:beside(leader, by)) end
  alone[1] = c:start(leader, "y", "lost?")
  c:run(4)
  c:that(not alone[1].ok, "a leader without its followers acknowledges nothing", "it acknowledged a write", leader)
end)

story("log", "leader failure", 3, function(c)
  c:one("a", 3)
  local first = c:leader()
  c:disconnect(first)
  c:one("b", 2)
  c:run(2)
  c:one("c", 2)
  c:disconnect(c:leader())
  local lost = {}
  for i = 1, 3 do lost[i] = c:start(i, "y" .. i, "lost?") end
  c:run(4)
  for i = 1, 3 do c:that(not lost[i].ok, "without a majority nothing is acknowledged", "a write was", i) end
end)

story("log", "fail agree", 3, function(c)
  c:one("a", 3)
  local leader = c:leader()
  local away = c:beside(leader, 1)
  c:disconnect(away)
  for n = 1, 3 do c:one("b" .. n, 2) end
  c:run(3)
  for n = 1, 2 do c:one("c" .. n, 2) end
  c:connect(away)
  c:one("d", 3)
  c:run(2)
  c:one("e", 3)
end)

story("log", "fail no agree", 5, function(c)
  c:one("a", 5)
  local leader = c:leader()
  for by = 1, 3 do c:disconnect(c:beside(leader, by)) end
  local lost = c:start(leader, "y", "lost?")
  c:run(5)
  c:that(not lost.ok, "two of five cannot agree", "a write was acknowledged", leader)
  for by = 1, 3 do c:connect(c:beside(leader, by)) end
  c:leader()
  c:one("b", 5)
end)

story("log", "concurrent starts", 3, function(c)
  c:one("a", 3)
  local leader, term = c:leader()
  local results = {}
  for n = 1, 5 do results[n] = c:start(leader, "y" .. n, n) end
  c:wait(function()
    for _, r in ipairs(results) do
      if not r.done then return false end
    end
    return true
  end, 10)
  local _, now = c:leader()
  for n, r in ipairs(results) do
    c:that(r.ok or now ~= term, "five writes at once are acknowledged", ("number %d is not"):format(n), leader)
  end
end)

-- Not one of the course's: who was replaced and does not know it must not answer reads.
story("log", "stale read", 3, function(c)
  for n = 1, c:rounds(5) do
    c:one("old" .. n, 3)
    local old = c:leader()
    c:disconnect(old)
    local result = c:start(c:leader(), "x", "new" .. n)
    c.w:run_until(function() return result.done end, c.election)
    local value = c.nodes[old]:call { type = "read", key = "x", timeout = c.election }
    c:that(value == nil or value == "new" .. n or not result.ok,
      "a leader that was replaced does not answer reads from what it has", "it answers " .. tostring(value), old)
    c:connect(old)
  end
end)

-- What is asked twice is executed once: the second time is answered, and changes nothing.
local function repeated(c)
  c:one("first", 3, "y")
  local seq = c.seq
  c:one("second", 3, "y")
  return function()
    local again = c:start(c:leader(), "y", "first", seq)
    c:wait(function() return again.done end, 4)
    c:that(again.ok, "a request that is repeated is answered", "it is not")
    c.cells.y.values[seq] = nil
    c:read_all()
  end
end
story("log", "repeated request", 3, function(c) repeated(c)() end)

story("log", "rejoin", 3, function(c)
  c:one(101, 3)
  local first = c:leader()
  c:disconnect(first)
  for n = 102, 104 do c:start(first, "x", n) end
  c:one(103, 2)
  local second = c:leader()
  c:disconnect(second)
  c:connect(first)
  c:one(104, 2)
  c:connect(second)
  c:one(105, 3)
end)

story("log", "backup", 5, function(c)
  local n = c:rounds(20)
  local serial = 0
  local function fill(i)
    for _ = 1, n do
      serial = serial + 1
      c:start(i, "lost" .. serial, serial)
    end
    c:run(1)
  end
  c:one("a", 5)
  local first = c:leader()
  for by = 2, 4 do c:disconnect(c:beside(first, by)) end
  fill(first)
  for by = 0, 1 do c:disconnect(c:beside(first, by)) end
  for by = 2, 4 do c:connect(c:beside(first, by)) end
  for i = 1, n do c:one("b" .. i, 3) end
  local second = c:leader()
  local other = c:beside(first, 2)
  if other == second then other = c:beside(first, 3) end
  c:disconnect(other)
  fill(second)
  for i in ipairs(c.nodes) do
    if not c.cut_off[i] then c:disconnect(i) end
  end
  for _, i in ipairs { first, c:beside(first, 1), other } do c:connect(i) end
  for i = 1, n do c:one("c" .. i, 3) end
  c:all "connect"
  c:one("d", 5)
end)

story("log", "count", 3, function(c)
  c:leader()
  local election = c:traffic().messages
  c:that(election <= 60, "a first election takes at most 60 messages", election .. " were sent")
  c:one("a", 3)
  local before, term = c:traffic().messages, select(2, c:leader())
  local leader, n = c:leader(), 10
  local results = {}
  for i = 1, n do results[i] = c:start(leader, "y" .. i, i) end
  c:wait(function() return results[n].done end, 10)
  local cost = c:traffic().messages - before
  if term == select(2, c:leader()) then
    local allowed = (n + 4) * 6
    c:that(cost <= allowed, ("%d writes at once take at most %d messages"):format(n, allowed), cost .. " were sent")
  end
  before = c:traffic().messages
  c:run(3)
  cost = c:traffic().messages - before
  local allowed = math.ceil(3 * c.election / c.settings.heartbeat + 1) * 4 * 1.5
  c:that(cost <= allowed, ("an idle group takes at most %d messages in 3 election timeouts"):format(allowed),
    cost .. " were sent")
end)

story("persistence", "persist 1", 3, function(c)
  c:one("a", 3)
  c:all "crash"
  c:all "restart"
  c:one("b", 3)
  local leader = c:leader()
  c:crash(leader)
  c:restart(leader)
  c:one("c", 3)
  leader = c:leader()
  c:crash(leader)
  c:one("d", 2)
  c:restart(leader)
  c:one("e", 3)
  local other = c:beside(c:leader(), 1)
  c:crash(other)
  c:one("f", 2)
  c:restart(other)
  c:one("g", 3)
end)

story("persistence", "persist 2", 5, function(c)
  for n = 1, c:rounds(3) do
    c:one("a" .. n, 5)
    local leader = c:leader()
    c:crash(c:beside(leader, 1))
    c:crash(c:beside(leader, 2))
    c:one("b" .. n, 3)
    for by = 0, 4 do c:crash(c:beside(leader, by)) end
    c:restart(c:beside(leader, 1))
    c:restart(c:beside(leader, 2))
    c:run(2)
    c:no_leader()
    c:restart(c:beside(leader, 3))
    c:one("c" .. n, 3)
    c:restart(c:beside(leader, 4))
    c:restart(leader)
  end
  c:one("d", 5)
end)

story("persistence", "persist 3", 3, function(c)
  c:one("a", 3)
  local leader = c:leader()
  c:disconnect(c:beside(leader, 2))
  c:one("b", 2)
  c:crash(leader)
  c:crash(c:beside(leader, 1))
  c:connect(c:beside(leader, 2))
  c:restart(leader)
  c:one("c", 2)
  c:restart(c:beside(leader, 1))
  c:one("d", 3)
end)

-- The paper's figure 8: an entry of an older term that a majority holds may still be replaced. Whoever shows it as
-- committed is wrong.
story("persistence", "figure 8, step by step", 5, function(c)
  c:one("a", 5)
  local first = c:leader()
  local second = c:beside(first, 1)
  for by = 2, 4 do c:disconnect(c:beside(first, by)) end
  local before = c:shown(first).log
  c:start(first, "y", "of the older term")
  c:wait(function() return c:shown(first).log > before and c:shown(second).log >= c:shown(first).log end, 0.8)
  local index = c:shown(first).log
  c:all "disconnect"
  for by = 2, 4 do c:connect(c:beside(first, by)) end
  local newer = c:leader()
  for by = 2, 4 do c:disconnect(c:beside(first, by)) end
  c:start(newer, "z", "of the newer term")
  c:run(0.1)
  c:disconnect(newer)
  c:connect(first)
  c:connect(second)
  for by = 2, 4 do
    local i = c:beside(first, by)
    if i ~= newer then
      c:connect(i)
      break
    end
  end
  c:run(4)
  local leader = c:leader()
  local claimed = (leader == first or leader == second) and c:shown(leader).committed >= index
  c:all "disconnect"
  for by = 2, 4 do c:connect(c:beside(first, by)) end
  c:run(4)
  c:leader()
  c:all "connect"
  c:one("b", 5)
  local value = c.nodes[c:leader()]:call { type = "read", key = "y", timeout = 3 * c.election }
  c:that(not claimed or value == "of the older term", "what a leader shows as committed stays",
    "an entry of an older term was replaced by one of a newer", leader)
end)

-- Leaders fall again and again, with entries that only some have.
local function figure8(c, fall, rise)
  c:one("a", 1)
  for n = 1, c:rounds(15) do
    local leader
    for i in ipairs(c.nodes) do
      if c.nodes[i]:up() and not c.cut_off[i] and c:shown(i).role == "leader" then leader = i end
      if c.nodes[i]:up() then c:start(i, "y" .. i, n) end
    end
    c:run(c.w:random() < 0.1 and 1.5 or 0.05)
    if leader and #c:connected() > 3 - (c.w:random() < 0.5 and 1 or 0) then c[fall](c, leader) end
    while #c:connected() < 3 do c[rise](c, c.w:random(5)) end
    if c.w:random() < 0.3 then c[rise](c, c.w:random(5)) end
  end
  c:all(rise)
  c:one("b", 5)
end
story("persistence", "figure 8", 5, function(c) figure8(c, "crash", "restart") end)
story("log", "unreliable agree", 5, function(c)
  for n = 1, c:rounds(4) do
    for k = 1, 3 do
      local i = c:leader()
      c:start(i, ("y%d-%d"):format(n, k), n)
    end
    c:one("a" .. n, 1)
  end
  c:one("b", 5)
end, { unreliable = true })
story("log", "figure 8 unreliable", 5, function(c) figure8(c, "disconnect", "connect") end,
  { unreliable = true, reordering = true })

-- Clients write to whomever, and nodes come and go.
local function churn(c)
  local stop = false
  for client = 1, 3 do
    c.w:spawn(function()
      local n = 0
      while not stop do
        n = n + 1
        local at = c.w:random(5)
        local result = c.nodes[at]:up() and c:start(at, ("client%d-%d"):format(client, n), n)
        repeat c.w:sleep(c.election / 5) until not result or result.done or stop
      end
    end)
  end
  for _ = 1, c:rounds(8) do
    local i = c.w:random(5)
    local what = c.w:random(4)
    if what == 1 and #c:connected() > 3 then c:disconnect(i) end
    if what == 2 and #c:connected() > 3 then c:crash(i) end
    if what == 3 then c:restart(i) end
    if what == 4 then c:connect(i) end
    c:run(0.7)
  end
  stop = true
  c:all "restart"
  c:all "connect"
  c:run(3)
end
story("persistence", "churn reliable", 5, churn)
story("persistence", "churn unreliable", 5, churn, { unreliable = true })

-- More than a snapshot's worth of entries, and then some node is behind.
local function fill(c, servers, n)
  for i = 1, n or c.settings.snapshot_after + 2 do c:one(("fill %d"):format(i), servers, "key" .. i % 4) end
end
local function check_compact(c)
  for _, i in ipairs(c:connected()) do
    local state = c:shown(i)
    c:that(state.snapshot > 0, "a node that has applied many entries has a snapshot", "it shows snapshot = 0", i)
    local most = 3 * c.settings.snapshot_after
    c:that(state.log - state.snapshot <= most, ("behind its snapshot a node keeps at most %d entries"):format(most),
      ("%d are kept"):format(state.log - state.snapshot), i)
  end
end
local function install(away, back)
  return function(c)
    c:one("a", 3)
    for n = 1, c:rounds(4) do
      local leader = c:leader()
      local victim = n % 2 == 1 and c:beside(leader, 1) or leader
      c[away](c, victim)
      fill(c, 2)
      c[back](c, victim)
      c:one("b" .. n, 3)
      local index = c:shown(c:leader()).snapshot
      c:that(c:shown(victim).committed >= index, "who was away has caught up", "it has not", victim)
    end
    check_compact(c)
  end
end
local compact = { snapshot_after = 8 }
local compact_unreliable = { snapshot_after = 8, unreliable = true }
story("snapshots", "snapshot basic", 3, function(c)
  fill(c, 3)
  fill(c, 3)
  check_compact(c)
end, compact)
story("snapshots", "install, disconnected", 3, install("disconnect", "connect"), compact)
story("snapshots", "install, disconnected, unreliable", 3, install("disconnect", "connect"), compact_unreliable)
story("snapshots", "install, crashed", 3, install("crash", "restart"), compact)
story("snapshots", "install, crashed, unreliable", 3, install("crash", "restart"), compact_unreliable)
story("snapshots", "all crash", 3, function(c)
  for n = 1, c:rounds(3) do
    fill(c, 3)
    local before = c:one("a" .. n, 3)
    c:all "crash"
    c:all "restart"
    local after = c:one("b" .. n, 3)
    c:that(after > before, "an index is never given again", ("%d after %d"):format(after, before))
  end
end, compact)
story("snapshots", "repeated request, snapshot", 3, function(c)
  local again = repeated(c)
  fill(c, 3)
  c:all "crash"
  c:all "restart"
  again()
end, compact)
story("snapshots", "snapshot init", 3, function(c)
  fill(c, 3)
  for n = 1, 2 do
    c:all "crash"
    c:all "restart"
    c:one("a" .. n, 3)
  end
  c:read_all()
end, compact)

-- ---- the module

local scenarios = { part = {} }
local by_name = {}
for _, s in ipairs(stories) do
  by_name[s[2]], scenarios.part[s[2]] = s, s[1]
end

--- The names of all scenarios, or of those of one part (election, log, persistence, snapshots), in order.
function scenarios.names(part)
  local names = {}
  for _, s in ipairs(stories) do
    if not part or s[1] == part then names[#names + 1] = s[2] end
  end
  return names
end

--- Runs one; see above.
function scenarios.run(name, options)
  local s = by_name[name]
  if not s then error(("there is no scenario '%s'"):format(tostring(name)), 2) end
  local c = new_cluster(options or {}, s[3], s[5])
  s[4](c)
  c:finish()
  local traffic = c:traffic()
  return { messages = traffic.messages, bytes = traffic.bytes, commits = c.commits, time = c.w:now(), world = c.w }
end

return scenarios

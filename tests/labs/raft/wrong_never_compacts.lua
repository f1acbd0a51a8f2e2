-- Never throws away any part of its log.
-- loses: snapshots 15
local node, options = ...
local members, me = options.members, nil
local term, voted_for = 0, nil                  -- on disk: "state"
local log, base, base_term = {}, 0, 0           -- on disk: "log"; the entries after `base`
local cells, sessions, applied, committed = {}, {}, 0, 0 -- on disk: "snapshot", as of `base`
local role, votes = "follower", {}
local next_index, match, waiting = {}, {}, {}

local function last() return base + #log end
local function entry(index) return log[index - base] end
local function term_at(index) return index == base and base_term or entry(index).term end
local function is_majority(n) return n > #members / 2 end

local function show(env)
  env:show { role = role, term = term, committed = committed, log = last(), snapshot = base }
end

local function save_state(env) env:write("state", { term = term, voted_for = voted_for }) end
local function add(env, e)
  log[#log + 1] = e
  env:append("log", { index = last(), term = e.term, command = e.command })
end
local function drop_from(index)
  for i = last(), index, -1 do log[i - base] = nil end
end

local function restart_election_timer(env)
  env:timer("election", options.election_min + math.random() * (options.election_max - options.election_min))
end

local function follow(env, new_term)
  if new_term > term then
    term, voted_for = new_term, nil
    save_state(env)
  end
  if role == "leader" then
    env:cancel "heartbeat"
    restart_election_timer(env)
    for _, w in pairs(waiting) do w.reply(nil, "unknown") end
    waiting = {}
  end
  role = "follower"
end

-- ---- the store

local function execute(command)
  if command.type == "read" then return cells[command.key] end
  if command.client then
    if command.seq <= (sessions[command.client] or 0) then return command.value end
    sessions[command.client] = command.seq
  end
  cells[command.key] = command.value
  return command.value
end

local function write_snapshot(env)
  env:write("snapshot", { index = base, term = base_term, cells = cells, sessions = sessions })
  local records = {}
  for i, e in ipairs(log) do records[i] = { index = base + i, term = e.term, command = e.command } end
  env:write("log", records)
end

local function apply(env)
  while applied < committed do
    applied = applied + 1
    local e = entry(applied)
    local answer = execute(e.command)
    local w = waiting[applied]
    waiting[applied] = nil
    if w and w.term == e.term then w.reply(answer) elseif w then w.reply(nil, "unknown") end
  end
  if options.snapshot_after < 0 and applied - base >= options.snapshot_after then
    local kept = {}
    for i = applied + 1, last() do kept[#kept + 1] = entry(i) end
    base_term = term_at(applied)
    log, base = kept, applied
    write_snapshot(env)
  end
end

-- ---- the leader

local function send_entries(env, peer)
  local first = next_index[peer]
  if first <= base then
    next_index[peer] = base + 1
    return env:send(peer, "snapshot",
      { term = term, index = base, index_term = base_term, cells = cells, sessions = sessions })
  end
  local entries = {}
  for i = first, math.min(last(), first + 49) do entries[#entries + 1] = entry(i) end
  next_index[peer] = first + #entries
  env:send(peer, "append", { term = term, previous = first - 1, previous_term = term_at(first - 1), entries = entries,
    committed = committed })
end

local function send_all(env)
  for _, peer in ipairs(members) do
    if peer ~= me then send_entries(env, peer) end
  end
end

local function advance(env)
  for index = last(), committed + 1, -1 do
    if term_at(index) ~= term then return end
    local holders = 0
    for _, peer in ipairs(members) do
      if (match[peer] or 0) >= index then holders = holders + 1 end
    end
    if is_majority(holders) then
      committed = index
      return apply(env)
    end
  end
end

local function lead(env)
  role, waiting = "leader", {}
  match = { [me] = last() } -- all of it was synced with the vote for itself
  for _, peer in ipairs(members) do next_index[peer] = last() + 1 end
  env:cancel "election"
  env:timer("heartbeat", options.heartbeat)
  send_all(env)
end

-- ---- elections

local function stand(env)
  term, voted_for, role, votes = term + 1, me, "candidate", { [me] = true }
  save_state(env)
  restart_election_timer(env)
  local mine = term
  env:sync(function(ok)
    if not ok or role ~= "candidate" or term ~= mine then return end
    for _, peer in ipairs(members) do
      if peer ~= me then
        env:send(peer, "ask_vote", { term = term, last_index = last(), last_term = term_at(last()) })
      end
    end
  end)
end

local on = {}

function on.ask_vote(env, from, m)
  local own = term_at(last())
  local up_to_date = m.last_term > own or (m.last_term == own and m.last_index >= last())
  local granted = m.term == term and (voted_for == nil or voted_for == from) and up_to_date
  if granted then
    voted_for = from
    save_state(env)
    restart_election_timer(env)
  end
  local answered = term
  env:sync(function(ok)
    if ok and term == answered then env:send(from, "vote", { term = term, granted = granted }) end
  end)
end

function on.vote(env, from, m)
  if role ~= "candidate" or m.term ~= term or not m.granted then return end
  votes[from] = true
  local n = 0
  for _ in pairs(votes) do n = n + 1 end
  if is_majority(n) then lead(env) end
end

-- ---- followers

local function answer(env, to, ok, index)
  local answered = term
  env:sync(function(synced)
    if synced and term == answered then env:send(to, "appended", { term = term, ok = ok, match = index }) end
  end)
end

local function hear_leader(env, from, m)
  if m.term < term then
    env:send(from, "appended", { term = term, ok = false, match = 0 })
    return false
  end
  follow(env, m.term)
  restart_election_timer(env)
  return true
end

function on.append(env, from, m)
  if not hear_leader(env, from, m) then return end
  if m.previous > last() or (m.previous > base and term_at(m.previous) ~= m.previous_term) then
    return answer(env, from, false, math.min(m.previous - 1, last()))
  end
  local index = m.previous
  for _, e in ipairs(m.entries) do
    index = index + 1
    if index > base then
      if index <= last() and term_at(index) ~= e.term then drop_from(index) end
      if index > last() then add(env, e) end
    end
  end
  if m.committed > committed then
    committed = math.max(committed, math.min(m.committed, index))
    apply(env)
  end
  answer(env, from, true, index)
end

function on.snapshot(env, from, m)
  if not hear_leader(env, from, m) then return end
  if m.index > committed then
    log, base, base_term = {}, m.index, m.index_term
    cells, sessions, applied, committed = m.cells, m.sessions, m.index, m.index
    write_snapshot(env)
  end
  answer(env, from, true, m.index)
end

function on.appended(env, from, m)
  if role ~= "leader" or m.term ~= term then return end
  if m.ok then
    match[from] = math.max(match[from] or 0, m.match)
    next_index[from] = math.max(next_index[from], m.match + 1)
    advance(env)
  else
    next_index[from] = math.max(match[from] or 0, math.min(next_index[from] - 1, m.match)) + 1
    send_entries(env, from)
  end
end

-- ---- handlers

function node.on_start(env)
  me = env:name()
  local state, snapshot = env:peek "state", env:peek "snapshot"
  if state then term, voted_for = state.term, state.voted_for end
  if snapshot then
    base, base_term, cells, sessions = snapshot.index, snapshot.term, snapshot.cells, snapshot.sessions
    applied, committed = base, base
  end
  for _, record in ipairs(env:peek "log" or {}) do
    if record.index > base and record.index <= last() + 1 then
      drop_from(record.index)
      log[#log + 1] = { term = record.term, command = record.command }
    end
  end
  restart_election_timer(env)
  show(env)
end

function node.on_message(env, message)
  local m = message.body
  if m.term > term then follow(env, m.term) end
  on[message.type](env, message.from, m)
  show(env)
end

function node.on_timer(env, name)
  if name == "election" then
    stand(env)
  else
    env:timer("heartbeat", options.heartbeat)
    send_all(env)
  end
  show(env)
end

function node.on_request(env, request, reply)
  if role ~= "leader" then return nil, "not_leader" end
  add(env, { term = term, command = request })
  local index, mine = last(), term
  waiting[index] = { term = term, reply = reply }
  env:sync(function(ok)
    if not ok or role ~= "leader" or term ~= mine then return end
    match[me] = math.max(match[me] or 0, index)
    advance(env)
    show(env)
  end)
  send_all(env)
  show(env)
end

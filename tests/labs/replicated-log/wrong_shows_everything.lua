-- Reads show entries that are not safe yet.
-- loses: majority 25
local node, options = ...
local log, committed = {}, 0 -- entries { id =, value = }; on disk: "log"
local index_of = {}          -- by id
local next_index, match, waiting = {}, {}, {}
local me, leads

local function add(env, entry)
  log[#log + 1] = entry
  index_of[entry.id] = #log
  if env then env:append("log", entry) end
end

-- Only what is on the leader's own disk: after a crash it must not have less than a follower.
local function send_entries(env, peer)
  local first, entries = next_index[peer], {}
  for i = first, match[me] do entries[#entries + 1] = log[i] end
  next_index[peer] = first + #entries
  env:send(peer, "entries", { first = first, entries = entries, committed = committed })
end
local function send_all(env)
  for _, peer in ipairs(options.members) do
    if peer ~= me then send_entries(env, peer) end
  end
end

local function advance(env)
  for index = #log, committed + 1, -1 do
    local holders = 0
    for _, peer in ipairs(options.members) do
      if (match[peer] or 0) >= index then holders = holders + 1 end
    end
    if holders > #options.members / 2 then
      for i = committed + 1, index do
        for _, reply in ipairs(waiting[i] or {}) do reply(i) end
        waiting[i] = nil
      end
      committed = index
      return
    end
  end
end

function node.on_start(env)
  me = env:name()
  leads = me == options.leader
  for _, entry in ipairs(env:peek "log" or {}) do add(nil, entry) end
  if leads then
    match[me] = #log
    for _, peer in ipairs(options.members) do next_index[peer] = #log + 1 end
    env:timer("heartbeat", 0.1)
  end
end

function node.on_timer(env)
  env:timer("heartbeat", 0.1)
  send_all(env)
end

function node.on_message(env, message)
  local m, from = message.body, message.from
  if message.type == "entries" then
    for i, entry in ipairs(m.entries) do
      if m.first + i - 1 == #log + 1 then add(env, entry) end
    end
    local held = #log
    env:sync(function(ok)
      if not ok then return end
      committed = math.max(committed, math.min(m.committed, held))
      env:send(from, "have", { upto = held })
    end)
  elseif message.type == "have" then
    match[from] = math.max(match[from] or 0, m.upto)
    -- Behind what was sent: something got lost, or it was away.
    if m.upto + 1 < next_index[from] then next_index[from] = math.max(m.upto, match[from]) + 1 end
    advance(env)
  end
end

function node.on_request(env, request, reply)
  if request.type == "read" then
    local values = {}
    for i = 1, #log do values[i] = log[i].value end
    return values
  end
  if not leads then return nil, "not_leader" end
  local index = index_of[request.id]
  if index and index <= committed then return index end
  if not index then
    add(env, { id = request.id, value = request.value })
    index = #log
    env:sync(function(ok)
      if not ok then return end
      match[me] = math.max(match[me], index)
      advance(env)
      send_all(env)
    end)
  end
  waiting[index] = waiting[index] or {}
  table.insert(waiting[index], reply)
end

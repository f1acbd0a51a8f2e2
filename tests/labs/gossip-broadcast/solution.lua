local node, options = ...
local known, list, sum = {}, {}, 0
local waiting = {} -- values to pass on at the next flush, and who told them
local hub = options.peers[1]

local function learn(env, value, from)
  if known[value] then return end
  known[value], list[#list + 1], sum = true, value, sum + value
  waiting[#waiting + 1] = { value, from }
  env:append("values", value)
end

-- Everybody tells the hub, the hub tells everybody: each value with two messages' delay, and all that come within
-- a while share a message. Two waits and two hops of 100 ms fit into the time there is.
local function flush(env)
  env:after((options.within - 0.3) / 2, function() flush(env) end)
  local me = env:name()
  for _, peer in ipairs(me == hub and options.peers or { hub }) do
    local news = {}
    for _, item in ipairs(waiting) do
      if item[2] ~= peer then news[#news + 1] = item[1] end
    end
    if peer ~= me and #news > 0 then env:send(peer, "news", news) end
  end
  waiting = {}
end

-- What that misses, because it was lost or the hub was away, is found by comparing with anybody now and then.
local function compare(env)
  env:after(0.8 + math.random() * 0.4, function() compare(env) end)
  local peer = options.peers[math.random(#options.peers)]
  if peer ~= env:name() then env:send(peer, "compare", { count = #list, sum = sum }) end
end

function node.on_start(env)
  for _, value in ipairs(env:peek("values") or {}) do
    if not known[value] then known[value], list[#list + 1], sum = true, value, sum + value end
  end
  flush(env)
  env:after(math.random(), function() compare(env) end)
end

function node.on_request(env, request, reply)
  if request.type == "read" then return list end
  learn(env, request.value, env:name())
  env:sync(function(ok) if ok then reply(true) end end)
end

function node.on_message(env, message)
  local body = message.body
  if message.type == "news" then
    for _, value in ipairs(body) do learn(env, value, message.from) end
  elseif message.type == "compare" then
    if body.count ~= #list or body.sum ~= sum then env:send(message.from, "all", list) end
  elseif message.type == "all" then
    local theirs, missing = {}, {}
    for _, value in ipairs(body) do
      theirs[value] = true
      learn(env, value, message.from)
    end
    for _, value in ipairs(list) do
      if not theirs[value] then missing[#missing + 1] = value end
    end
    if #missing > 0 then env:send(message.from, "news", missing) end
  end
end

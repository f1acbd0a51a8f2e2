-- One sum for all, of which everybody keeps the larger one: adds at two nodes at a time become one.
-- loses: together 20
-- loses: network 30
-- loses: crash 25
-- loses: down 10
local node, options = ...
-- What each node has added and taken off, as far as it is known here. Only a node itself raises its own numbers.
local added, taken = {}, {}

local function raise(counts, theirs)
  for name, count in pairs(theirs) do counts[name] = math.max(counts[name] or 0, count) end
end

local function gossip(env)
  for _, peer in ipairs(options.peers) do env:send(peer, "counts", { added = added, taken = taken }) end
  env:after(0.2, function() gossip(env) end)
end

function node.on_start(env)
  local kept = env:peek("counts")
  if kept then added, taken = kept.added, kept.taken end
  gossip(env)
end

function node.on_request(env, request, reply)
  if request.type == "read" then
    local sum = 0
    for _, count in pairs(added) do sum = sum + count end
    for _, count in pairs(taken) do sum = sum - count end
    return sum
  end
  local counts, by = added, request.by
  if by < 0 then counts, by = taken, -by end
  counts.all = (counts.all or 0) + by
  env:write("counts", { added = added, taken = taken })
  env:sync(function(ok, err)
    if ok then reply(true) else reply(nil, err) end
  end)
end

function node.on_message(_, message)
  raise(added, message.body.added)
  raise(taken, message.body.taken)
end

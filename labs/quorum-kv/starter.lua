-- A replica of a store without a leader: fill in what it does.
-- options: peers (the names of all replicas, this one included), r and w (how many must answer), timeout (seconds until
-- a request that too few have answered is given up).
local node, options = ...
local values = {}

-- Runs at the start, and again after every crash; `values` is empty then, the disk is not.
function node.on_start(env) env:log("started", { peers = options.peers }) end

-- { type = "write", key = "x", value = 5 }: answer true.     { type = "read", key = "x" }: answer the value, or nil.
-- Requests of other types are yours, for what replicas ask each other. What is not answered by `return` is answered
-- later, by reply(value) or reply(nil, { code = "timeout" }).
function node.on_request(env, request, reply)
  if request.type == "write" then
    values[request.key] = request.value
    return true
  end
  return values[request.key]
end

-- A node that hears of values and tells them on: fill in what it does.
-- options: peers (the names of all nodes, this one included), within (the seconds in which all should have a value).
local node, options = ...
local values = {}

-- Runs at the start, and again after every crash; `values` is empty then, the disk is not.
function node.on_start(env) env:log("started", { peers = #options.peers }) end

-- { type = "broadcast", value = 17 }: answer true.     { type = "read" }: answer the list of all values.
function node.on_request(env, request, reply)
  if request.type == "broadcast" then
    values[#values + 1] = request.value
    return true
  end
  return values
end

-- What another node sent with env:send(name, type, body). It may be lost, and nobody will tell.
function node.on_message(env, message) env:log("got", message.type) end

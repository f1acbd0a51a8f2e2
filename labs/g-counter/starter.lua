-- A counter of which three count together: fill in what it does. `options.peers` has the names of the other two.
local node, options = ...
local total = 0

-- Runs at the start, and again after every crash.
function node.on_start(env)
  env:log("my peers are", options.peers)
end

-- request.type is "add" (request.by; answer true) or "read" (answer with the sum). To answer later, leave the
-- handler without a result and call reply(value).
function node.on_request(env, request, reply)
  if request.type == "read" then return "?" end
  total = total + request.by
  return true
end

-- message.from, message.type, message.body: what a peer sent with env:send(to, type, body).
function node.on_message(env, message)
  env:log("got", message.body)
end

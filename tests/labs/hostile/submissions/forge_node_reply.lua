-- A node that answers twice, and strangers.
local node = ...
if not node then return {} end
function node.on_request(env, request, reply)
  pcall(reply, "one")
  pcall(reply, "two")
  pcall(env.send, env, "nobody", "x", {})
  pcall(env.call, env, env:name(), { type = "x", timeout = -1 })
  return request
end

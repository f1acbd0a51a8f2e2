-- A node that calls itself within each call, without end.
local node = ...
if not node then return {} end
function node.on_request(env, request)
  env:call("node", { type = "echo", text = request.text, timeout = 1e9 }, function() end)
  env:call("node", { type = "echo", text = request.text, timeout = 0 }, function(answer) return answer end)
end

-- A node that keeps and misuses its env.
local node = ...
if not node then return {} end
function node.on_request(env)
  for _, name in ipairs { "send", "call", "timer", "cancel", "after", "write", "append", "read", "peek", "log" } do
    pcall(env[name], env)
    pcall(env[name], nil)
    pcall(env[name], env, {}, {}, {}, {})
    pcall(env[name], env, "x", 0 / 0, print, print)
    pcall(env[name], {}, "x", -1)
  end
  error(getmetatable(env))
end

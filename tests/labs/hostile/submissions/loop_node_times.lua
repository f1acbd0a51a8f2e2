-- Timers at times that there are not, and calls and messages of all odd kinds.
local node = ...
if not node then return {} end
local circle = {}
circle[1] = circle
function node.on_request(env)
  for _, x in ipairs { -1, -1e300, 0 / 0, 1 / 0, 1e300, 2 ^ 63, 0, 1e-300 } do
    pcall(env.after, env, x, function() end)
    pcall(env.timer, env, x)
    pcall(env.call, env, "node", { type = "echo", timeout = x }, function() end)
    pcall(env.cancel, env, x)
  end
  for _, x in ipairs { circle, print, 0 / 0, coroutine.create(print) } do
    pcall(env.send, env, "script", "x", x)
    pcall(env.write, env, "x", x)
    pcall(env.append, env, "x", x)
    pcall(env.log, env, "x", x)
    pcall(env.call, env, x, x, x)
    pcall(env.send, env, x, x, x)
  end
  local function again() env:after(0, again) end
  again()
  return circle
end

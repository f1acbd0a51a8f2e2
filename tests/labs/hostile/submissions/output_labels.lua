-- Messages, files and names of what a report is made of: XML, TAP, YAML, JSON, terminal commands, other directions.
local node = ...
if not node then
  return { new = function() error("]]>\n</failure></testcase>\nok 1 - A stack\n  ...\nBail out!\n\27]0;x\7\194\155" ..
    "31m\226\128\174evil\n✓ A stack  50 of 50\n\" onload=\"x") end }
end
local evil = "]]></failure>\nok 2\n\27[2J\194\1552J\226\128\174\0\255<&\"'>"
function node.on_start(env)
  pcall(env.log, env, evil, { [evil] = evil })
  pcall(env.write, env, evil, evil)
end
function node.on_request(env, request)
  for _ = 1, 5 do
    pcall(env.send, env, request.from or "script", evil, { text = evil })
    pcall(env.call, env, "node", { type = evil, text = evil })
  end
  print(evil)
  return evil
end

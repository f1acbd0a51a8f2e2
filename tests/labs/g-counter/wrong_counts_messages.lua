-- Sends "so many more": what comes twice counts twice, what is lost is lost.
-- loses: network 30
-- loses: crash 25
-- loses: down 10
local node, options = ...
local total = 0

function node.on_start(env) total = env:peek("total") or 0 end

function node.on_request(env, request, reply)
  if request.type == "read" then return total end
  total = total + request.by
  env:write("total", total)
  env:sync(function(ok, err)
    if ok then reply(true) else reply(nil, err) end
  end)
  for _, peer in ipairs(options.peers) do env:send(peer, "more", request.by) end
end

function node.on_message(env, message)
  total = total + message.body
  env:write("total", total)
  env:sync()
end

local node = ...
local count = 0

function node.on_start(env) count = env:peek("count") or 0 end

function node.on_request(env, request)
  if request.type == "count" then return count end
  count = count + 1
  env:write("count", count)
  env:sync()
  return request.text
end

-- A node: fill in what it does. `node` takes the handlers, `options` is what the lab passes (here nothing).
local node, options = ...

-- request.type is "echo" (answer with request.text) or "count" (answer with the number of echoes so far).
-- What a handler returns is the answer. env.disk is ... see README.md.
function node.on_request(env, request)
  return "?"
end

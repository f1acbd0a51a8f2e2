-- A replicated log with a fixed leader: fill in what is missing. `options` has `members`, the names of all nodes, and
-- `leader`, the name of the one that takes appends.
local node, options = ...

local log = {} -- { id =, value = }

-- Runs at the start, and again after every crash: then only the disk is left (env:peek reads it).
function node.on_start(env)
  env:log("a node starts", { leads = env:name() == options.leader })
end

-- message.from, message.type, message.body
function node.on_message(env, message)
  env:log("not handled yet", message.type)
end

-- Answer later with reply(value) or reply(nil, "why not"), or at once by returning the same.
function node.on_request(env, request, reply)
  if request.type == "append" then
    log[#log + 1] = { id = request.id, value = request.value }
    return nil, "not yet"
  end
  return {}
end

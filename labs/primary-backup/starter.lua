-- A server that is run twice, as a and as b: fill in what it does. `options` has `monitor`, the monitor's name, and
-- `ping`, the seconds between two pings. See README.md for the requests.
local node, options = ...

local view = { number = 0 }

local function ping(env)
  env:call(options.monitor, { type = "ping", name = env:name(), view = view.number, timeout = options.ping * 2 },
    function(answer)
      if answer then view = answer end  -- { number =, primary =, backup = }
    end)
  env:after(options.ping, function() ping(env) end)
end

function node.on_start(env) ping(env) end

-- request.type is "put", "get" or "add", or whatever your servers send to each other. What is returned is the answer;
-- return nothing and call reply(value) or reply(nil, error) later.
function node.on_request(env, request, reply)
  return nil, { code = "not_leader", message = "I do nothing yet" }
end

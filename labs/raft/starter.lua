-- Raft: fill in what is missing. `options` has `members` (the names of all nodes, this one included), and in seconds
-- `heartbeat`, `election_min` and `election_max`; `snapshot_after` is a number of entries, 0 for never.
local node, options = ...

local term, role, committed = 0, "follower", 0
local log = {}

-- What a check sees of you; call it whenever something has changed.
local function show(env)
  env:show { role = role, term = term, committed = committed, log = #log, snapshot = 0 }
end

-- Runs at the start, and again after every crash: then only the disk is left (env:peek reads it).
function node.on_start(env)
  env:timer("election", options.election_min + math.random() * (options.election_max - options.election_min))
  show(env)
end

function node.on_timer(env, name)
  if name == "election" then
    term = term + 1
    role = "candidate"
    for _, peer in ipairs(options.members) do
      if peer ~= env:name() then env:send(peer, "ask_vote", { term = term }) end
    end
  end
  show(env)
end

-- message.from, message.type, message.body
function node.on_message(env, message)
  env:log("not handled yet", message.type)
end

-- Answer later with reply(value) or reply(nil, "why not"), or at once by returning the same.
function node.on_request(env, request, reply)
  return nil, "not_leader"
end

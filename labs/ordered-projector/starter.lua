-- A projector: fill in what it does. `options.store` is the node of the event store.
local node, options = ...
local rows = {} -- by stream: { value =, version = }

-- Runs at the start, and again after every crash; `rows` is empty then, the disk is not.
function node.on_start(env) env:log("started", { store = options.store }) end

-- { type = "event", event = { stream = "ann", version = 3, type = "add", n = 5 } }: answer true when it is yours.
-- { type = "get", stream = "ann" }: answer { value =, version = }, or nil and "not_found".
function node.on_request(env, request, reply)
  if request.type == "get" then
    local row = rows[request.stream]
    if not row then return nil, "not_found" end
    return row
  end
  return nil, "not done yet"
end

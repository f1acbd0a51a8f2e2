-- Does not take an event of an unknown type, so that all after it wait for it.
-- loses: poison 10
local node, options = ...
local rows, early, fetching = {}, {}, {}
local known = { set = true, add = true, times = true }

local function apply(event)
  local row = rows[event.stream] or { value = 0, version = 0 }
  rows[event.stream] = row
  if event.type == "set" then
    row.value = event.n
  elseif event.type == "add" then
    row.value = row.value + event.n
  elseif event.type == "times" then
    row.value = row.value * event.n
  end
  row.version = event.version
end

local function version_of(stream) return rows[stream] and rows[stream].version or 0 end

-- Applies an event, and those that waited for it. Each is a record of the disk.
local function take(env, event)
  while event do
    apply(event)
    env:append("events", event)
    local waiting = early[event.stream] or {}
    local following = waiting[event.version + 1]
    waiting[event.version + 1] = nil
    event = following
  end
end

-- Asks the store for what is missing.
local function fetch(env, stream)
  if fetching[stream] then return end
  fetching[stream] = true
  env:call(options.store, { type = "read", stream = stream, from = version_of(stream) + 1, timeout = 1 },
    function(events)
      fetching[stream] = nil
      for _, e in ipairs(events or {}) do
        if e.version == version_of(stream) + 1 and known[e.type] then
          take(env, { stream = stream, version = e.version, type = e.type, n = e.data.n })
        end
      end
      if early[stream] and next(early[stream]) then env:after(0.5, function() fetch(env, stream) end) end
    end)
end

function node.on_start(env)
  for _, event in ipairs(env:peek("events") or {}) do apply(event) end
end

function node.on_request(env, request, reply)
  if request.type == "get" then
    local row = rows[request.stream]
    if not row then return nil, "not_found" end
    return { value = row.value, version = row.version }
  end
  local event = request.event
  local version = version_of(event.stream)
  if event.version > version + 1 then
    -- It waits in memory and is not answered yet, so after a crash it comes again.
    early[event.stream] = early[event.stream] or {}
    early[event.stream][event.version] = event
    env:after(0.5, function()
      if version_of(event.stream) < event.version then fetch(env, event.stream) end
    end)
    return nil, "too early"
  end
  if not known[event.type] then return nil, "unknown type" end
  if event.version == version + 1 then take(env, event) end
  -- Also one that was there already may still be on its way to the disk.
  env:sync(function(ok, err)
    if ok then reply(true) else reply(nil, err) end
  end)
end

-- Acknowledges what it has not synced yet.
-- loses: durable 20
local node, options = ...
local records, starts, ready, made = {}, 0, false, 0 -- a record is { number, who, value }

local function later(a, b)
  if not a or not b then return a ~= nil end
  if a[1] ~= b[1] then return a[1] > b[1] end
  return a[2] > b[2]
end

function node.on_start(env)
  for _, line in ipairs(env:peek("records") or {}) do
    if later(line.record, records[line.key]) then records[line.key] = line.record end
  end
  -- A new start makes records that no earlier one has made.
  starts = (env:peek("starts") or 0) + 1
  env:write("starts", starts)
  env:sync(function(ok) ready = ok end)
end

-- Asks all until `needed` have answered; those that do not answer are asked again.
local function ask(env, request, needed, done)
  local answers, over = {}, false
  request.timeout = 0.1
  for _, peer in ipairs(options.peers) do
    local function try()
      if over then return end
      env:call(peer, request, function(answer)
        if over then return end
        if not answer then return env:after(0.03, try) end
        answers[#answers + 1] = answer
        if #answers < needed then return end
        over = true
        done(answers)
      end)
    end
    try()
  end
  env:after(options.timeout, function()
    if over then return end
    over = true
    done(nil)
  end)
end

local too_few = { code = "timeout", message = "too few replicas answer" }

local function latest(answers)
  local found
  for _, answer in ipairs(answers) do
    if later(answer.record, found) then found = answer.record end
  end
  return found
end

local function store(env, key, record, value, reply)
  ask(env, { type = "store", key = key, record = record }, options.w, function(done)
    if done then reply(value) else reply(nil, too_few) end
  end)
end

function node.on_request(env, request, reply)
  if not ready then return nil, { code = "unavailable" } end
  local key = request.key
  if request.type == "fetch" then
    reply { record = records[key] }
  elseif request.type == "store" then
    if later(request.record, records[key]) then
      records[key] = request.record
      env:append("records", { key = key, record = request.record })
    end
    reply(true)
    env:after(0.5, function() env:sync() end)
  else
    ask(env, { type = "fetch", key = key }, options.r, function(answers)
      if not answers then return reply(nil, too_few) end
      local found = latest(answers)
      if request.type == "write" then
        made = made + 1
        local who = ("%s/%d/%d"):format(env:name(), starts, made)
        return store(env, key, { (found and found[1] or 0) + 1, who, request.value }, true, reply)
      end
      -- Before it is answered, a majority has it: the next read must not see less.
      if not found then return reply(nil) end
      store(env, key, found, found[3], reply)
    end)
  end
end

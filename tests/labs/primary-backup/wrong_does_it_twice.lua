-- Does again what is asked again.
-- loses: once 20
local node, options = ...

local view = { number = 0 }
local ready = 0            -- the number of the view for which the backup has everything
local data, seen = {}, {}  -- seen[client] = { seq =, answer = }
local queue, busy = {}, false
local work

local refusal = { code = "not_leader", message = "ask the other one" }

local function execute(op)
  local answer
  if op.type == "put" then
    data[op.key] = op.value
    answer = op.value
  elseif op.type == "add" then
    data[op.key] = (data[op.key] or 0) + op.amount
    answer = data[op.key]
  else
    answer = data[op.key]
  end
  seen[op.client] = { seq = op.seq, answer = answer }
  return answer
end

local function hand_over(env)
  local number = view.number
  env:call(view.backup, { type = "state", view = number, data = data, seen = seen, timeout = 0.2 }, function(_, err)
    if number ~= view.number then return end
    if err then return env:after(0.05, function() if number == view.number then hand_over(env) end end) end
    ready = number
    work(env)
  end)
end

-- One after the other, so that both do everything in the same order.
function work(env)
  if busy or not queue[1] then return end
  if view.primary ~= env:name() then
    for _, item in ipairs(queue) do item.reply(nil, refusal) end
    queue = {}
    return
  end
  if ready ~= view.number then return end
  local item = queue[1]
  local function finish()
    table.remove(queue, 1)
    item.reply(execute(item.op))
    return work(env)
  end
  if not view.backup then return finish() end
  busy = true
  local number = view.number
  env:call(view.backup, { type = "copy", view = number, op = item.op, timeout = 0.2 }, function(_, err)
    busy = false
    if not err and number == view.number then return finish() end
    env:after(0.05, function() work(env) end)
  end)
end

local function ping(env)
  -- A view counts as known when the backup has everything.
  local known = (view.primary ~= env:name() or ready == view.number) and view.number or view.number - 1
  env:call(options.monitor, { type = "ping", name = env:name(), view = known, timeout = options.ping * 2 },
    function(answer)
      if not answer or answer.number <= view.number then return end
      view = answer
      if view.primary == env:name() then
        if view.backup then hand_over(env) else ready = view.number end
      end
      work(env)
    end)
  env:after(options.ping, function() ping(env) end)
end

function node.on_start(env) ping(env) end

function node.on_request(env, request, reply)
  if request.type == "state" or request.type == "copy" then
    if request.view ~= view.number or view.backup ~= env:name() then return nil, refusal end
    if request.type == "state" then
      if ready ~= view.number then data, seen, ready = request.data, request.seen, view.number end
    elseif ready ~= view.number then
      return nil, refusal
    else
      execute(request.op)
    end
    return true
  end
  if view.primary ~= env:name() then return nil, refusal end
  queue[#queue + 1] = { reply = reply, op = {
    type = request.type, key = request.key, value = request.value, amount = request.amount, client = request.client,
    seq = request.seq,
  } }
  work(env)
end

-- Answers a repetition with the balance of today.
-- loses: once 20
local node, options = ...
local balances, known, order, first, last = {}, {}, {}, 1, 0

-- Ids go when they are as old as the window, the oldest first.
local function forget(now)
  while first <= last and order[first].at + options.window <= now do
    if known[order[first].id] == order[first] then known[order[first].id] = nil end
    order[first] = nil
    first = first + 1
  end
end

-- A payment, its id and its time are one record; the answer follows from the records before it.
local function apply(record)
  forget(record.at)
  balances[record.account] = (balances[record.account] or 0) + record.amount
  local entry = { id = record.id, at = record.at, answer = balances[record.account] }
  known[record.id] = entry
  last = last + 1
  order[last] = entry
  return entry
end

function node.on_start(env)
  for _, record in ipairs(env:peek("payments") or {}) do apply(record) end
end

function node.on_request(env, request, reply)
  if request.type == "balance" then return balances[request.account] or 0 end
  forget(env:now())
  local entry = known[request.id]
  if entry then
    if not entry.waiting then return balances[request.account] end
    entry.waiting[#entry.waiting + 1] = reply -- it is on its way to the disk
    return
  end
  local record = { id = request.id, account = request.account, amount = request.amount, at = env:now() }
  entry = apply(record)
  entry.waiting = { reply }
  env:append("payments", record)
  env:sync(function(ok, err)
    local waiting = entry.waiting
    entry.waiting = nil
    for _, answer in ipairs(waiting) do
      if ok then answer(entry.answer) else answer(nil, err) end
    end
  end)
end

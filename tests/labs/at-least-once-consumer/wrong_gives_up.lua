-- Stops at the first booking that fails.
-- loses: crash 20
-- loses: poison 15
local node, options = ...
local receive

local function work(env, message)
  local busy = true
  local function extend()
    if not busy then return end
    env:call(options.broker, {
      type = "change_visibility", queue = options.queue, receipt = message.receipt, visibility = options.visibility,
    })
    env:after(options.visibility / 3, extend)
  end
  env:after(options.visibility / 3, extend)
  -- The key is the order: two messages about one order are one booking.
  local order = message.body.order
  env:call(options.ledger, { type = "book", key = order, order = order, amount = message.body.amount, timeout = 60 },
    function(answer)
      busy = false
      if answer then
        env:call(options.broker, { type = "delete", queue = options.queue, receipt = message.receipt })
        receive(env)
      end
    end)
end

function receive(env)
  env:call(options.broker, { type = "receive", queue = options.queue, wait = 20, timeout = 25 }, function(messages)
    if not messages then return env:after(1, function() receive(env) end) end
    if messages[1] then return work(env, messages[1]) end
    receive(env)
  end)
end

function node.on_start(env) receive(env) end

-- A consumer: fill in what it does. `options` has the names `broker`, `queue` and `ledger`, and `visibility`, the
-- queue's visibility timeout in seconds.
local node, options = ...

-- Runs at the start, and again after every crash.
function node.on_start(env)
  env:call(options.broker, { type = "receive", queue = options.queue, wait = 20, timeout = 25 }, function(messages, err)
    if not messages then return env:log("no answer from the broker", tostring(err)) end
    for _, message in ipairs(messages) do
      env:log("received", message.body) -- { order = "order-7", amount = 7 }
    end
  end)
end

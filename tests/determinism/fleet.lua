-- A fleet behind a balancer with loads, handlers, isolates, tasks and faults. Prints the digest of what happened.
local w = lab.world{ seed = tonumber((...)) or 42 }
local store = w:node("store", function(node, options)
  local values = {}
  function node.on_start(env) values = env:peek("values") or {} end
  function node.on_request(env, request)
    local key = "k" .. request.key % options.keys
    values[key] = (values[key] or 0) + math.random(3)
    local parts = {}
    for name, value in pairs(values) do parts[#parts + 1] = name .. "=" .. value end
    if #parts % 3 == 0 then env:write("values", values) env:sync() end
    return table.concat(parts, " ")
  end
end, { options = { keys = 7 }, time = lab.dist.exp{ mean = 0.5*ms } })
local app = w:fleet("app", 4, {
  time = lab.dist.lognormal{ median = 3*ms, sigma = 0.7 }, slots = 4, queue_limit = 50,
  handler = function(request, context)
    context:sleep(context:random() * 1*ms)
    return context:call(store, { type = "bump", key = request.key or 0, timeout = 0.2 })
  end,
})
local lb = w:balancer("lb", app, { policy = lab.balance.power_of_two(), checks = { interval = 0.5, timeout = 0.2 } })
local open = w:load{ to = lb, rate = 300, keys = 10 }
local closed = w:load{ to = lb, clients = 5, think = lab.dist.pareto{ scale = 5*ms, shape = 1.5 }, name = "people" }
local channel, slots, seen = w:channel(), w:resource{ slots = 2 }, {}
for i = 1, 5 do
  w:spawn(function()
    while true do
      slots:acquire()
      w:sleep(lab.dist.exp{ mean = 0.1 })
      slots:release()
      channel:send{ worker = i, at = w:now() }
    end
  end)
end
w:spawn(function() while true do local item = channel:receive() seen[item] = true end end)
w:at(3, lab.fault.crash("app-2"), 4)
w:at(5, lab.fault.crash("store"), 1)
w:at(8, lab.fault.pause("lb"), 0.3)
w:run(12)
local order = {}
for item in pairs(seen) do order[#order + 1] = item.worker end  -- keyed by tables: the order of their addresses
print(w:digest(), open:ok(), open:errors(), closed:ok(), closed:errors(), table.concat(order), tostring({}))

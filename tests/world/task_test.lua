local t = require "expect"

local function world() return lab.world{ seed = 1 } end

t.test("tasks sleep in simulated time and run in the order of their wake-ups", function()
  local w, order = world(), {}
  for _, delay in ipairs{ 3, 1, 2 } do
    w:spawn(function() w:sleep(delay) order[#order + 1] = ("%g at %g"):format(delay, w:now()) end)
  end
  w:run(10)
  t.equal(order, { "1 at 1", "2 at 2", "3 at 3" })
end)

t.test("arguments reach a task and its results reach who awaits it", function()
  local w, got = world()
  w:spawn(function()
    local task = w:spawn(function(a, b) w:sleep(1) return a + b, "done" end, 2, 3)
    got = { task:await() }
    got[3] = w:now()
  end)
  w:run(5)
  t.equal(got, { 5, "done", 1 })
end)

t.test("the error of a task that somebody awaits is a value, of any other it ends the run", function()
  local w, message = world()
  w:spawn(function()
    local ok, err = w:spawn(function() error("no luck", 0) end):await()
    message = ok == nil and err.code .. ": " .. err.message
  end)
  w:run(1)
  t.equal(message, "crashed: no luck")
  w:spawn(function() w:sleep(1) error("alone", 0) end)
  t.raises(function() w:run(5) end, "alone")
  t.equal(w:now(), 2)
end)

t.test("a cancelled task never runs again and gives back what it held", function()
  local w = world()
  local slot, log = w:resource{ slots = 1 }, {}
  local holder = w:spawn(function() slot:acquire() w:sleep(100) log[#log + 1] = "holder" end)
  w:spawn(function() w:sleep(1) slot:acquire() log[#log + 1] = w:now() end)
  w:spawn(function() w:sleep(3) t.is_true(holder:cancel()) t.is_true(not holder:cancel()) end)
  w:run(200)
  t.equal(log, { 3 })
  t.equal(slot:busy(), 0)
  t.is_true(not holder:alive())
end)

t.test("a task that waits in a line can be cancelled out of it", function()
  local w = world()
  local slot, got = w:resource(), {}
  w:spawn(function() slot:acquire() w:sleep(5) slot:release() end)
  local waiting = w:spawn(function() w:sleep(1) slot:acquire() got[#got + 1] = "cancelled one" end)
  w:spawn(function() w:sleep(2) slot:acquire() got[#got + 1] = w:now() slot:release() end)
  w:at(3, function() waiting:cancel() end)
  w:run(20)
  t.equal(got, { 5 })
end)

t.test("a resource serves first come, first served, and acquire can give up", function()
  local w = world()
  local slot, order = w:resource{ slots = 2 }, {}
  for i = 1, 4 do
    w:spawn(function()
      w:sleep(i * 0.1)
      slot:acquire()
      order[#order + 1] = i
      w:sleep(1)
      slot:release()
    end)
  end
  local gave_up
  w:spawn(function() w:sleep(0.5) local ok, err = slot:acquire(0.25) gave_up = { ok == nil, err.code, w:now() } end)
  w:run(10)
  t.equal(order, { 1, 2, 3, 4 })
  t.equal(gave_up, { true, "timeout", 0.75 })
  t.raises(function() slot:acquire() end, "call it from a task")
end)

t.test("releasing what one does not hold is an error", function()
  local w = world()
  local slot = w:resource()
  w:spawn(function() slot:release() end)
  t.raises(function() w:run(1) end, "holds no slot")
end)

t.test("a channel hands items over in order, and receive can give up", function()
  local w = world()
  local channel, got = w:channel(), {}
  w:spawn(function()
    while true do
      local item, err = channel:receive(2)
      got[#got + 1] = item or err.code
      if not item then return end
    end
  end)
  w:spawn(function() for i = 1, 3 do channel:send(i) w:sleep(1) end end)
  w:run(20)
  t.equal(got, { 1, 2, 3, "timeout" })
  channel:send("kept")
  t.equal(channel:size(), 1)
  t.equal(channel:receive(), "kept")
end)

t.test("waiting in a coroutine of one's own is an error that says what to do", function()
  local w = world()
  w:spawn(function() coroutine.wrap(function() w:sleep(1) end)() end)
  t.raises(function() w:run(1) end, "use w:spawn")
end)

t.test("a bare yield in a task is an error", function()
  local w = world()
  w:spawn(function() coroutine.yield() end)
  t.raises(function() w:run(1) end, "coroutine.yield")
end)

t.test("a task cannot run the world it lives in", function()
  local w = world()
  w:spawn(function() w:run(1) end)
  t.raises(function() w:run(1) end, "w:sleep")
end)

t.test("many tasks come and go in few coroutines", function()
  local w, n = world(), 0
  w:spawn(function()
    for _ = 1, 20000 do w:spawn(function() w:sleep(0.001) n = n + 1 end) w:sleep(0.001) end
  end)
  w:run(100)
  t.equal(n, 20000)
end)

t.test("M/M/1 agrees with theory: mean sojourn 10 at 90 % load", function()
  local w = lab.world{ seed = 4, keep = 0 }
  local server = w:resource()
  local arrival, service = lab.dist.exp{ mean = 1 / 0.9 }, lab.dist.exp{ mean = 1 }
  local sum, n, customers = 0, 0, 2000000
  local function customer()
    local arrived = w:now()
    server:acquire()
    w:sleep(service)
    server:release()
    sum, n = sum + w:now() - arrived, n + 1
  end
  w:spawn(function() for _ = 1, customers do w:sleep(arrival) w:spawn(customer) end end)
  w:run(1e9)
  t.equal(n, customers)
  t.near(sum / n, 10, 0.2)
end)

assert(t.summary())

local t = require "expect"

local function world(options)
  options = options or {}
  options.seed = options.seed or 1
  return lab.world(options)
end

t.test("a call at the prompt lets time pass until the answer is there", function()
  local w = world()
  local db = w:service("db", { time = 10*ms })
  t.equal(db:call{ type = "get", key = "a" }, { node = "db" })
  t.near(w:now(), 0.0105, 1e-9)  -- 250 us there, 10 ms, 250 us back
end)

t.test("errors of calls say whether it may have happened", function()
  local w = world()
  local db = w:service("db", { time = 100*ms, queue_limit = 0 })
  local _, err = db:call{ timeout = 50*ms }
  t.equal({ err.code, err.definite }, { "timeout", false })
  w:run(1)
  w:inject(lab.fault.crash("db"))
  _, err = db:call()
  t.equal({ err.code, err.definite }, { "connection_refused", true })
  w:inject(lab.fault.restart("db"))
  local codes = {}
  for _ = 1, 2 do w:spawn(function() local ok, e = db:call() codes[#codes + 1] = ok and "ok" or e.code end) end
  w:run(1)
  t.equal(codes, { "overloaded", "ok" })
  w:spawn(function() local ok, e = db:call() codes[3] = ok and "ok" or e.code end)
  w:at(w:now() + 0.05, lab.fault.crash("db"))
  w:run(1)
  t.equal(codes[3], "connection_reset")
end)

t.test("a handler answers, refuses with an error of its own, or fails", function()
  local w = world()
  local api = w:service("api", {
    slots = 4,
    handler = function(request, context)
      if request.type == "sum" then context:sleep(10*ms) return request.a + request.b end
      if request.type == "refuse" then return nil, { code = "rate_limited", message = "later", definite = true } end
      error("cannot " .. request.type, 0)
    end,
  })
  t.equal(api:call{ type = "sum", a = 2, b = 3 }, 5)
  local _, err = api:call{ type = "refuse" }
  t.equal({ err.code, err.message, err.definite }, { "rate_limited", "later", true })
  _, err = api:call{ type = "dance" }
  t.equal({ err.code, err.message }, { "crashed", "cannot dance" })
end)

t.test("a handler calls other services, and dies with its process", function()
  local w, reached = world(), false
  local db = w:service("db", { time = 1, handler = function() return 42 end })
  local api = w:service("api", {
    handler = function(_, context)
      local value = context:call(db, { type = "get", timeout = 5 })
      reached = true
      return value
    end,
  })
  t.equal(api:call{ timeout = 5 }, 42)
  t.is_true(reached)
  reached = false
  w:at(w:now() + 0.5, lab.fault.crash("api"))
  local _, err = api:call{ timeout = 5 }
  t.equal(err.code, "connection_reset")
  w:run(5)
  t.is_true(not reached)
end)

local function counter(node, options)
  local n = 0
  function node.on_start(env) n = env:peek("n") or options.first end
  function node.on_request(env, request)
    if request.type == "add" then
      n = n + 1
      env:write("n", n)
      env:sync()
    end
    return n
  end
end

t.test("a node written in Lua loses its memory in a crash and keeps its disk", function()
  local w = world()
  local node = w:node("counter", counter, { options = { first = 10 } })
  t.equal(node:call{ type = "get" }, 10)
  node:call{ type = "add" }
  t.equal(node:call{ type = "get" }, 11)
  w:run(1)
  w:inject(lab.fault.crash("counter"))
  w:inject(lab.fault.restart("counter"))
  t.equal(node:call{ type = "get" }, 11)
  w:inject(lab.fault.restart{ target = "counter", wipe_disk = true })
  t.equal(node:call{ type = "get" }, 10)
end)

t.test("nodes send messages, set timers and answer later", function()
  local w = world()
  local function ponger(node)
    function node.on_message(env, message)
      if message.type == "ping" then env:timer("later", 1) node.asker = message.from end
    end
    function node.on_timer(env, name) if name == "later" then env:send(node.asker, "pong", { at = env:now() }) end end
  end
  local function pinger(node)
    function node.on_request(env, _, reply) node.reply = reply env:send("b", "ping") end
    function node.on_message(_, message) node.reply(message.body.at) end
  end
  w:node("b", ponger)
  local a = w:node("a", pinger)
  t.near(a:call{ timeout = 10 }, 1.0005, 1e-6)
end)

t.test("a node's function cannot use outside variables, and says which", function()
  local secret = 1
  t.raises(function() world():node("n", function(node) node.x = secret end) end, "'secret'")
end)

t.test("a node that fails, loops or eats memory crashes alone", function()
  local w = world()
  w:node("bad", function(node) function node.on_request() error("oops") end end)
  w:node("loop", function(node) function node.on_request() while true do end end end)
  w:node("glutton", function(node) function node.on_request() local s = ("x"):rep(1e9) return #s end end)
  for _, name in ipairs{ "bad", "loop", "glutton" } do
    local ok, err = w:find(name):call()
    t.equal({ ok, err.code }, { nil, "connection_reset" })
    t.is_true(not w:find(name):up())
  end
end)

t.test("a node cannot reach the script or its libraries", function()
  local w = world()
  local node = w:node("n", function(node)
    function node.on_request()
      local has_world = pcall(function() return lab.world end)
      -- luacheck: globals io debug
      return { require = require == nil, world = has_world, io = _G.io == nil, debug = _G.debug == nil }
    end
  end)
  t.equal(node:call(), { require = true, world = false, io = true, debug = true })
end)

t.test("w:at runs a function as a task, and plans faults with their end", function()
  local w, at = world()
  w:service("db")
  w:at(2, function() w:sleep(1) at = w:now() end)
  w:at(1, lab.fault.pause("db"), 4)
  w:run(3.5)
  t.equal(at, 3)
  t.equal(w:find("db"):state().state, "paused")
  w:run(3)
  t.equal(w:find("db"):state().state, "up")
  t.raises(function() w:at(1, lab.fault.pause("db")) end, "is over")
end)

t.test("run_until stops at a condition, at a time, or at its limit", function()
  local w, n = world(), 0
  w:spawn(function() while true do w:sleep(1) n = n + 1 end end)
  t.is_true(w:run_until(function() return n == 3 end))
  t.equal(w:now(), 3)
  w:run_until(10)
  t.equal(w:now(), 10)
  t.is_true(not w:run_until(function() return false end, 2))
  t.equal(w:now(), 12)
  t.equal(w:step(2), 2)
end)

local function system(faults)
  local w = world{ seed = 5 }
  local app = w:fleet("app", 4, { time = lab.dist.exp{ mean = 5*ms }, slots = 2 })
  local lb = w:balancer("lb", app, { policy = lab.balance.power_of_two() })
  w:load{ to = lb, rate = 200 }
  if faults then faults(w) end
  w:run(20)
  return w
end

t.test("the schedule of a run's faults replays it to the same digest", function()
  local first = system(function(w)
    w:nemesis(lab.fault.chaos{ every = 2, lasting = 1 })
    w:at(7.123456789, lab.fault.crash{ target = "one" })
    w:at(9, lab.fault.restart("all"))
  end)
  local second = system(function(w) assert(load(first:schedule()))()(w) end)
  t.is_true(#first:faults() > 5)
  t.equal(second:digest(), first:digest())
  t.is_true(system():digest() ~= first:digest())
end)

t.test("pictures are text", function()
  local w = system()
  t.matches(tostring(w:show()), "app")
  t.matches(tostring(w:messages{ rows = 5 }), "get")
  t.raises(function() w:messages{ row = 5 } end, "did you mean 'rows'")
end)

t.test("a report has text and writes a page", function()
  local w = world()
  local db = w:service("db", { time = 1*ms })
  local load = w:load{ to = db, rate = 100 }
  w:run(5)
  t.matches(tostring(load:report()), "latency")
  t.equal(load:sent(), load:ok() + load:errors() + load:outstanding())
  local ok, err = load:report():html("/nowhere/at/all.html")
  t.equal({ ok, err.code }, { nil, "io_error" })
end)

t.test("a closed world's handles are dead", function()
  local w = world()
  local db = w:service("db")
  w:close()
  t.raises(function() db:call() end, "closed")
  t.raises(function() w:run(1) end, "closed")
end)

t.test("mistakes are told at once and name the nearest right thing", function()
  local w = world()
  w:fleet("app", 2)
  t.raises(function() w:find("ap-1") end, "app%-1")
  t.raises(function() w:service("app-1") end, "already")
  t.raises(function() w:service("x", { slot = 3 }) end, "did you mean 'slots'")
  t.raises(function() w:load{ to = "app-1" } end, "rate")
  t.raises(function() w:inject("crash") end, "expected a Fault")
  t.raises(function() w:inject(lab.fault.crash("nobody")) end, "nobody")
  t.raises(function() lab.fault.crash{ target = "a", disc = "all" } end, "did you mean 'disk'")
end)

t.test("replicas agree while partitions come and go", function()
  local w = world{ seed = 3 }
  local kv = w:replicas("kv", lab.replicate.raft{ count = 5 })
  local clients = w:clients{ count = 4, to = kv, keys = 2 }
  w:nemesis(lab.fault.random_partitions{ every = 2, span = 15 })
  w:run(20)
  t.is_true(clients:ok() > 200)
end)

assert(t.summary())

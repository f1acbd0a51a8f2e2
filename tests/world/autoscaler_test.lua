local t = require "expect"

-- A fleet of `most` members, 10 requests a second each, behind a balancer, scaled from 2 on.
local function shop(options)
  local w = lab.world { seed = 1 }
  local app = w:fleet { name = "app", count = options.most or 8, time = 0.1, slots = 1, queue_limit = 20 }
  local lb = w:balancer { name = "lb", backends = app }
  local scaler = w:autoscaler {
    name = "scaler", fleet = app, balancer = lb, start = 2, min = options.min or 2,
    policy = options.policy or lab.compute.target_tracking { target = 0.5, datapoints_out = 2, datapoints_in = 3 },
    boot = options.boot or 30, period = 20, metric = options.metric,
  }
  return w, lb, scaler, app
end

local function up(app)
  local n = 0
  for _, member in ipairs(app) do n = n + (member:up() and 1 or 0) end
  return n
end

t.test("autoscaler: only the first members are started, and only they get requests", function()
  local w, lb, scaler, app = shop {}
  w:run(1)
  t.equal({ scaler:serving(), up(app) }, { 2, 2 })
  for _ = 1, 10 do t.is_true(lb:call() ~= nil, "answered") end
  t.equal(app[3]:up(), false)
end)

t.test("autoscaler: it grows after its readings and the boot, serves, and shrinks without losing a request", function()
  local w, lb, scaler, app = shop {}
  local load = w:load { to = lb, rate = 14, rates = { { at = 200, rate = 4 } }, timeout = 5 }
  w:run(59)
  t.equal({ scaler:desired(), scaler:serving(), scaler:booting() }, { 3, 2, 1 })
  w:run(12)
  t.equal({ scaler:serving(), up(app) }, { 3, 3 })
  w:run(200 - w:now())
  t.equal(load:errors(), 0)
  t.is_true(app[3]:state().served > 100, "the third one works")
  w:run(600)
  t.equal({ scaler:serving(), up(app), load:errors() }, { 2, 2, 0 })
  local readings = scaler:readings()
  t.equal(readings[1].at, 20)
  t.near(readings[1].metric, 0.7, 0.15)
  t.is_true(scaler:machine_seconds() > 2 * w:now() and scaler:machine_seconds() < 3 * w:now(), "two to three machines")
end)

t.test("autoscaler: a member that crashes is replaced", function()
  local w, _, scaler, app = shop {}
  w:inject(lab.fault.crash "app-1")
  w:run(19)
  t.equal(up(app), 1)
  w:run(32)
  t.equal({ scaler:serving(), up(app), scaler:desired() }, { 2, 2, 2 })
end)

t.test("autoscaler: a balancer that restarts still sends nothing to members that are out", function()
  local w, lb, _, app = shop {}
  w:run(1)
  w:inject(lab.fault.crash "lb"); w:inject(lab.fault.restart "lb")
  w:run(1)
  for _ = 1, 10 do t.is_true(lb:call() ~= nil, "answered") end
  t.equal(up(app), 2)
end)

t.test("autoscaler: while it is down nothing scales, and afterwards it goes on", function()
  local w, lb, scaler = shop {}
  w:load { to = lb, rate = 18, timeout = 5 }
  w:inject(lab.fault.crash "scaler")
  w:run(200)
  t.equal(scaler:desired(), 2)
  w:inject(lab.fault.restart "scaler")
  w:run(100)
  t.is_true(scaler:serving() > 2, "it has grown")
end)

t.test("autoscaler: by schedule, and by a metric that is reported", function()
  local w, _, scaler, app = shop { metric = "reported" }
  w:at(10, function() scaler:set_bounds(5) end)
  w:run(39)
  t.equal({ scaler:serving(), scaler:booting() }, { 2, 3 })
  w:run(2)
  t.equal({ scaler:serving(), up(app) }, { 5, 5 })
  scaler:report(0.8)
  w:run(39)
  t.equal(scaler:desired(), 8)
end)

t.test("autoscaler: mistakes are named", function()
  local w = lab.world { seed = 1 }
  local app = w:fleet { name = "app", count = 3 }
  local db = w:service { name = "db" }
  local policy = lab.compute.target_tracking { target = 0.5 }
  local function scaler(more)
    local options = { name = "s", fleet = app, policy = policy }
    for key, value in pairs(more) do options[key] = value end
    return function() w:autoscaler(options) end
  end
  t.raises(scaler { max = 4 }, "bad option 'max'.*3 members")
  t.raises(scaler { min = 3, max = 2 }, "bad option 'min'")
  t.raises(scaler { start = 0 }, "bad option 'start'")
  t.raises(scaler { balancer = db }, "'db' is no balancer")
  t.raises(scaler { policy = 5 }, "expected a ScalingPolicy")
  t.raises(scaler { fleet = {} }, "at least one member")
  t.raises(scaler { metrics = "x" }, "did you mean 'metric'")
  local node = w:node { name = "n", code = function() end }
  t.raises(scaler { fleet = { node } }, "has to be 'reported'")
  t.raises(function() lab.compute.step_scaling { out = { { at = 0.5 } } } end, "a step is")
  local crossed = { out = { { at = 0.5, add = 1 } }, into = { { at = 0.6, remove = 1 } } }
  t.raises(function() lab.compute.step_scaling(crossed) end, "not below")
  t.raises(function() lab.compute.target_tracking { target = 0 } end, "target")
end)

assert(t.summary())

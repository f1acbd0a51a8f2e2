local t = require "expect"

-- A world with a broker of queues and what else a test needs.
local function world(queues, seed)
  local w = lab.world { seed = seed or 1 }
  local all = {}
  for _, name in ipairs(queues) do all[name] = lab.queue.standard() end
  local mq = w:service("mq", { slots = 8, filters = { lab.queue.broker { queues = all } } })
  local function visible(queue) return mq:call { type = "attributes", queue = queue }.visible end
  return w, mq, visible
end

t.test("topic: mistakes are named", function()
  t.raises(function() lab.topic.fanout { subscriptions = { { to = "x" } } } end, "name: expected a text")
  t.raises(function() lab.topic.fanout { subscriptions = { { name = "a", to = "x", protocol = "ftp" } } } end, "ftp")
  local bad_filter = { { name = "a", to = "x", filter = { a = 5 } } }
  t.raises(function() lab.topic.fanout { subscriptions = bad_filter } end, "FilterPolicy")
  t.raises(function() lab.topic.fanout { retries = { attempt = 3 } } end, "did you mean 'attempts'")
  local bad_pattern = { { name = "a", pattern = { a = "x" }, targets = {} } }
  t.raises(function() lab.topic.bus { rules = bad_pattern } end, "Event pattern")
  t.raises(function() lab.topic.bus { rules = { { name = "a" } } } end, "list of targets")
end)

t.test("topic: every kind of endpoint gets its kind of request", function()
  local w, mq = world { "raw", "wrapped" }
  local seen = {}
  for _, name in ipairs { "lambda", "site", "postbox" } do
    w:service(name, { handler = function(r)
      seen[name] = r
      return true
    end })
  end
  local topic = w:service("topic", { filters = { lab.topic.fanout { name = "news", subscriptions = {
    { name = "1", to = "mq", queue = "raw", raw = true },
    { name = "2", to = "mq", queue = "wrapped" },
    { name = "3", to = "lambda", protocol = "function" },
    { name = "4", to = "site", protocol = "http" },
    { name = "5", to = "postbox", protocol = "mail" },
  } } } })
  t.equal(topic:call { type = "publish", body = "hello", subject = "hi", attributes = { a = 1 } }.id, "news-1")
  w:run(1)
  local raw = mq:call { type = "receive", queue = "raw" }[1]
  t.equal({ raw.body, raw.attributes.a }, { "hello", 1 })
  local wrapped = mq:call { type = "receive", queue = "wrapped" }[1]
  local body = wrapped.body
  t.equal({ body.type, body.body, body.subject, body.topic }, { "Notification", "hello", "hi", "news" })
  t.equal({ seen.lambda.type, seen.site.type, seen.postbox.type }, { "invoke", "post", "mail" })
  t.equal({ seen.postbox.subject, seen.postbox.body, seen.site.attributes.a }, { "hi", "hello", 1 })
end)

t.test("topic: filters look at attributes or at the body", function()
  local w, _, visible = world { "cars", "cheap", "all" }
  local topic = w:service("topic", { filters = { lab.topic.fanout { subscriptions = {
    { name = "cars", to = "mq", queue = "cars", filter = { kind = { "car" } } },
    { name = "cheap", to = "mq", queue = "cheap", scope = "body", filter = { price = { { numeric = { "<", 100 } } } } },
    { name = "all", to = "mq", queue = "all" },
  } } } })
  topic:call { type = "publish", body = { price = 50 }, attributes = { kind = "bike" } }
  topic:call { type = "publish", body = { price = 5000 }, attributes = { kind = "car" } }
  topic:call { type = "publish", body = "free" }
  w:run(1)
  t.equal({ visible "cars", visible "cheap", visible "all" }, { 1, 1, 3 })
end)

t.test("topic: bad input has the published error and delivers nothing", function()
  local w, _, visible = world { "all" }
  local topic = w:service("topic", { filters = { lab.topic.fanout {
    subscriptions = { { name = "all", to = "mq", queue = "all" } } } } })
  local function code(request)
    local _, err = topic:call(request)
    return err and err.code
  end
  t.equal(code { type = "publish" }, "InvalidParameter")
  t.equal(code { type = "publish", body = ("x"):rep(262145) }, "InvalidParameter")
  t.equal(code { type = "publish", body = "x", group = "g" }, "InvalidParameter")
  t.equal(code { type = "subscribe", name = "b", to = "mq", queue = "all", filter = { a = 1 } }, "InvalidParameter")
  t.equal(code { type = "set_filter", name = "nope", filter = { a = { 1 } } }, "NotFound")
  local six = { a = { 1 }, b = { 1 }, c = { 1 }, d = { 1 }, e = { 1 }, f = { 1 } }
  t.equal(code { type = "set_filter", name = "all", filter = six }, "FilterPolicyLimitExceeded")
  for i = 1, 200 do topic:call { type = "subscribe", name = "s" .. i, to = "x", filter = { a = { 1 } } } end
  t.equal(code { type = "subscribe", name = "more", to = "x", filter = { a = { 1 } } }, "FilterPolicyLimitExceeded")
  w:run(60)
  t.equal(visible "all", 0)
end)

t.test("topic: an endpoint that is down is retried by its plan, then its message is a dead letter", function()
  local w, mq, visible = world { "dead" }
  local calls = 0
  w:service("site", { handler = function()
    calls = calls + 1
    return nil, { code = "unavailable", message = "down" }
  end })
  local topic = w:service("topic", { filters = { lab.topic.fanout { subscriptions = {
    { name = "site", to = "site", protocol = "http", dead_letter = { to = "mq", queue = "dead" } } } } } })
  topic:call { type = "publish", body = "x" }
  w:run(59)
  t.equal({ calls, visible "dead" }, { 3, 0 })
  w:run(10)
  t.equal({ calls, visible "dead" }, { 4, 1 })
  local letter = mq:call { type = "receive", queue = "dead" }[1]
  t.equal({ letter.body, letter.attributes.endpoint, letter.attributes.error }, { "x", "site", "unavailable" })
end)

t.test("topic: a queue that does not exist is not retried; a broker that is down is", function()
  local w, _, visible = world { "q" }
  local topic = w:service("topic", { filters = { lab.topic.fanout { subscriptions = {
    { name = "wrong", to = "mq", queue = "nope" }, { name = "right", to = "mq", queue = "q" } } } } })
  w:inject(lab.fault.crash "mq")
  topic:call { type = "publish", body = "x" }
  w:run(60)
  w:inject(lab.fault.restart "mq")
  w:run(60)
  t.equal(visible "q", 1)
  local subs = topic:call { type = "subscriptions" }
  t.equal({ subs[1].dropped, subs[1].pending, subs[2].delivered }, { 1, 0, 1 })
end)

t.test("topic: a filter takes effect when it has propagated, and the last change wins", function()
  local w, _, visible = world { "q" }
  local topic = w:service("topic", { filters = { lab.topic.fanout {
    propagation = 15*min, subscriptions = { { name = "q", to = "mq", queue = "q" } } } } })
  topic:call { type = "set_filter", name = "q", filter = { kind = { "car" } } }
  local function publish(kind) topic:call { type = "publish", body = "x", attributes = { kind = kind } }; w:run(1) end
  publish "bike"
  t.equal(visible "q", 1)
  w:run(15*min)
  publish "bike"
  t.equal(visible "q", 1)
  topic:call { type = "set_filter", name = "q", filter = { kind = { "bike" } } } -- arrives in 15 minutes
  topic:call { type = "set_propagation", seconds = 0 }
  topic:call { type = "set_filter", name = "q", filter = { kind = { "bus" } } } -- at once, and stays
  w:run(20*min)
  publish "bike"
  t.equal(visible "q", 1)
  publish "bus"
  t.equal(visible "q", 2)
end)

t.test("topic: fifo keeps the order of a group through a failing endpoint, and swallows duplicates", function()
  local w = lab.world { seed = 1 }
  local seen, down = {}, true
  w:service("sink", { slots = 4, handler = function(r)
    if down and r.body == "a2" then return nil, { code = "unavailable", message = "down" } end
    seen[#seen + 1] = r.body
    return true
  end })
  local topic = w:service("topic", { filters = { lab.topic.fanout { fifo = true, content_dedup = true, subscriptions = {
    { name = "sink", to = "sink" } } } } })
  for _, body in ipairs { "a1", "a2", "b1", "a3", "a1", "b2" } do
    topic:call { type = "publish", body = body, group = body:sub(1, 1) }
  end
  w:run(3)
  down = false
  w:run(60)
  local by = { a = {}, b = {} }
  for _, body in ipairs(seen) do table.insert(by[body:sub(1, 1)], body) end
  t.equal(by, { a = { "a1", "a2", "a3" }, b = { "b1", "b2" } })
  t.equal(seen[#seen], "a3")
end)

t.test("bus: rules route by content, can be changed, and bad entries are told one by one", function()
  local w, _, visible = world { "cars", "big" }
  local bus = w:service("bus", { filters = { lab.topic.bus { rules = {
    { name = "cars", pattern = { detail = { kind = { "car" } } }, targets = { { to = "mq", queue = "cars" } } },
    { name = "big",
      pattern = { source = { { prefix = "shop." } }, detail = { price = { { numeric = { ">", 1000 } } } } },
      targets = { { to = "mq", queue = "big" } } },
  } } } })
  local function event(kind, price)
    return { source = "shop.eu", detail_type = "order", detail = { kind = kind, price = price } }
  end
  local entries = { event("car", 500), event("bike", 2000), { source = "x" }, event("car", 9000) }
  local put = bus:call { type = "put", entries = entries }
  t.equal({ put.failed, put.entries[1].id, put.entries[3].code }, { 1, "bus-1", "InvalidArgument" })
  w:run(1)
  t.equal({ visible "cars", visible "big" }, { 2, 2 })
  t.equal(bus:call { type = "disable", name = "big" }, true)
  bus:call { type = "put", entries = { event("bike", 2000) } }
  w:run(1)
  t.equal(visible "big", 2)
  local _, err = bus:call { type = "put_rule", name = "x", pattern = { a = "b" }, targets = {} }
  t.equal(err.code, "InvalidEventPatternException")
  _, err = bus:call { type = "enable", name = "nope" }
  t.equal(err.code, "ResourceNotFoundException")
  _, err = bus:call { type = "put", entries = {} }
  t.equal(err.code, "ValidationException")
end)

t.test("bus: an archive keeps what matches for its retention and plays it again, to some rules only", function()
  local w = lab.world { seed = 1 }
  local seen = { a = {}, b = {} }
  for _, name in ipairs { "a", "b" } do
    w:service(name, { handler = function(r)
      table.insert(seen[name], (r.body.replay and "again " or "") .. r.body.detail.n)
      return true
    end })
  end
  local bus = w:service("bus", { filters = { lab.topic.bus {
    rules = { { name = "a", targets = { { to = "a" } } }, { name = "b", targets = { { to = "b" } } } },
    archives = { { name = "odd", pattern = { detail = { odd = { true } } }, retention = 100 } },
  } } })
  for n = 1, 4 do
    bus:call { type = "put", entries = { { source = "s", detail_type = "d", detail = { n = n, odd = n % 2 == 1 } } } }
    w:run(10)
  end
  t.equal(bus:call { type = "replay", archive = "odd", rules = { "b" } }, 2)
  w:run(1)
  t.equal(table.concat(seen.a, ","), "1,2,3,4")
  t.equal(table.concat(seen.b, ","), "1,2,3,4,again 1,again 3")
  w:run(70)
  t.equal(bus:call { type = "replay", archive = "odd", rules = { "a" } }, 1)
  w:run(30)
  t.equal(bus:call { type = "replay", archive = "odd" }, 0)
  t.equal(seen.a[5], "again 3")
end)

t.test("bus: a target that fails for a while gets everything; one that stays down fills the dead letters", function()
  local w, _, visible = world { "dead" }
  local seen = 0
  w:service("worker", { handler = function()
    seen = seen + 1
    return true
  end })
  w:service("broken", { handler = function() return nil, "crashed" end })
  local targets = { { to = "worker" }, { to = "broken", dead_letter = { to = "mq", queue = "dead" } } }
  local bus = w:service("bus", { filters = { lab.topic.bus { rules = { { name = "r", targets = targets } } } } })
  w:inject(lab.fault.crash "worker")
  for n = 1, 5 do bus:call { type = "put", entries = { { source = "s", detail_type = "d", detail = n } } } end
  w:at(w:now() + 3600, lab.fault.restart "worker")
  w:run(2 * 3600)
  t.equal({ seen, visible "dead" }, { 5, 0 })
  w:run(24 * 3600)
  t.equal({ seen, visible "dead" }, { 5, 5 })
end)

t.test("topic: late propagation is a fault that ends, and leaves what was changed before it alone", function()
  local w, _, visible = world { "q" }
  local topic = w:service("topic", { filters = { lab.topic.fanout {
    subscriptions = { { name = "q", to = "mq", queue = "q" } } } } })
  local function publish(kind) topic:call { type = "publish", body = "x", attributes = { kind = kind } }; w:run(1) end
  local function filter(kind) topic:call { type = "set_filter", name = "q", filter = { kind = { kind } } } end
  filter "car"
  local fault = w:inject(lab.fault.propagation { target = "topic", delay = 15*min })
  filter "bike"
  publish "car"
  t.equal(visible "q", 1)
  w:run(14*min)
  publish "bike"
  t.equal(visible "q", 1)
  w:run(1*min)
  publish "bike"
  t.equal(visible "q", 2)
  w:heal(fault)
  filter "bus"
  publish "bus"
  t.equal(visible "q", 3)
  t.equal(w:faults()[1].name, "propagation")
end)

t.test("topic: functions, http endpoints and mailboxes get their requests, each with its own patience", function()
  local w, _, visible = world { "dead" }
  local got, down = {}, true
  for _, name in ipairs { "function", "http", "mail" } do
    w:service("to-" .. name, { handler = function(request)
      if down then return nil, { code = "unavailable", message = "down" } end
      got[name] = request.type .. " " .. request.body
      return true
    end })
  end
  local subscriptions = {}
  for _, name in ipairs { "function", "http", "mail" } do
    subscriptions[#subscriptions + 1] = { name = name, to = "to-" .. name, protocol = name,
      dead_letter = { to = "mq", queue = "dead" } }
  end
  local topic = w:service("topic", { filters = { lab.topic.fanout { subscriptions = subscriptions } } })
  topic:call { type = "publish", body = "one" }
  w:run(2 * 3600)
  down = false
  w:run(3600)
  -- http was given up after a minute; a function is tried for weeks, a mail for six hours.
  t.equal(got, { ["function"] = "invoke one", mail = "mail one" })
  t.equal(visible "dead", 1)
  down = true
  topic:call { type = "publish", body = "two" }
  w:run(7 * 3600)
  down = false
  w:run(600)
  t.equal(got, { ["function"] = "invoke two", mail = "mail one" })
  t.equal(visible "dead", 3)
  topic:call { type = "publish", body = "three" }
  w:run(1)
  t.equal(got, { ["function"] = "invoke three", http = "post three", mail = "mail three" })
end)

t.test("topic: a queue that throttles is tried again, and gets everything", function()
  local w = lab.world { seed = 1 }
  local mq = w:service("mq", { slots = 64, filters = { lab.queue.broker { durable = false,
    queues = { q = lab.queue.fifo { requests = 10, content_dedup = true } } } } })
  local topic = w:service("topic", { slots = 64, filters = { lab.topic.fanout { fifo = true, content_dedup = true,
    subscriptions = { { name = "q", to = "mq", queue = "q" } } } } })
  for i = 1, 60 do topic:call { type = "publish", body = "m" .. i, group = "g" .. i % 5 } end
  w:run(60)
  t.equal(mq:call { type = "attributes", queue = "q" }.visible, 60)
  local sub = topic:call { type = "subscriptions" }[1]
  t.is_true(sub.retried > 0, "some were refused at first")
end)

assert(t.summary())

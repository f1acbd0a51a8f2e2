local t = require "expect"

local DAY = 86400

t.test("objects: mistakes are named", function()
  t.raises(function() lab.store.objects { profile = "s4" } end, "s3%-2024")
  t.raises(function() lab.store.objects { classes = { STANDARD_AI = {} } } end, "did you mean 'STANDARD_IA'")
  t.raises(function() lab.store.objects { classes = { GLACIER = { prize = 1 } } } end, "has no 'prize'")
  t.raises(function() lab.store.objects { classes = { GLACIER = { storage = -1 } } } end, "at least 0")
  t.raises(function() lab.store.object_service { buckets = { Box = {} } } end, "UpperCase")
  t.raises(function() lab.store.object_service { buckets = { box = { lifecycel = {} } } } end,
    "did you mean 'lifecycle'")
  t.raises(function() lab.store.object_service { buckets = { box = { lifecycle = { { expire_days = 0 } } } } } end,
    "at least 1")
  local s3 = lab.store.objects()
  t.raises(function() s3:put_object { bucket = "box", keys = "k" } end, "did you mean 'key'")
  t.equal({ s3:check_name("my-box") }, { true })
  t.equal({ s3:check_name("a..b") }, { false, "AdjacentDots", "a bucket name has no two dots side by side" })
  local _, err = s3:put_object { bucket = "box", key = "k" }
  t.equal({ err.code, err.definite }, { "NoSuchBucket", true })
end)

t.test("objects: prices and limits are values", function()
  local s3 = lab.store.objects { classes = { STANDARD = { storage = 1 } }, page = 2, parts = 3 }
  s3:create_bucket { bucket = "box", now = 0 }
  for i = 1, 3 do s3:put_object { bucket = "box", key = "k" .. i, size = GiB, now = 0 } end
  t.equal(#s3:list_objects { bucket = "box", now = 0 }.keys, 2)
  t.is_true(math.abs(s3:bill { now = 30 * DAY }.storage - 3) < 1e-9)
  local id = s3:create_upload { bucket = "box", key = "u" }.upload
  local _, err = s3:upload_part { bucket = "box", key = "u", upload = id, part = 4, size = 1 }
  t.equal(err.code, "InvalidArgument")
end)

-- A world with a store of one bucket.
local function world(buckets, options)
  local w = lab.world { seed = 1 }
  options = options or {}
  options.buckets = buckets or { box = {} }
  return w, w:service("s3", { time = 5*ms, slots = 16, filters = { lab.store.object_service(options) } })
end
local function bounce(w, name)
  w:inject(lab.fault.crash(name))
  w:inject(lab.fault.restart(name))
  w:run(1*s)
end

t.test("object service: a crash loses nothing that was answered, and years go on from where they were", function()
  local w, s3 = world { box = { versioning = true, lifecycle = {
    { prefix = "old/", transitions = { { days = 30, class = "GLACIER" } }, expire_days = 3650 } } } }
  for i = 1, 20 do s3:call { type = "put_object", key = "old/" .. i, size = MiB } end
  s3:call { type = "delete_object", key = "old/3" }
  bounce(w, "s3")
  t.equal(#s3:call { type = "list" }.keys, 19)
  w:run(40 * DAY)
  bounce(w, "s3")
  t.equal(s3:call { type = "head", key = "old/1" }.class, "GLACIER")
  local _, err = s3:call { type = "get", key = "old/1" }
  t.equal(err.code, "InvalidObjectState")
  s3:call { type = "restore_object", key = "old/1", days = 1 }
  bounce(w, "s3")
  w:run(5 * 3600)
  t.equal(s3:call { type = "get", key = "old/1" }.size, MiB)
  w:run(3650 * DAY)
  bounce(w, "s3")
  t.equal(#s3:call { type = "list" }.keys, 0)
end)

t.test("object service: a read that was answered is not taken back by a crash", function()
  -- The write is on its way to the disk; whoever reads it must have read what stays.
  local w, s3 = world()
  w:spawn(function() s3:call { type = "put", key = "k", body = "new" } end)
  local seen
  w:spawn(function()
    for _ = 1, 40 do
      local got = s3:call { type = "get", key = "k", timeout = 1 }
      if got then seen = got.body; w:inject(lab.fault.crash("s3")); return end
      w:sleep(0.2*ms)
    end
  end)
  w:run(1*s)
  t.equal(seen, "new")
  w:inject(lab.fault.restart("s3"))
  w:run(1*s)
  t.equal(s3:call { type = "get", key = "k" }.body, "new")
end)

t.test("object service: events make thumbnails, also when the one who makes them was down", function()
  local w, s3 = world { box = { notifications = {
    { events = { "ObjectCreated:*" }, prefix = "in/", to = "resize" } } } }
  local told = {}
  w:service("resize", { handler = function(event)
    told[event.key] = (told[event.key] or 0) + 1
    return s3:call { type = "put", key = event.key:gsub("^in/", "small/"), size = event.size / 100, timeout = 5 }
  end })
  w:at(0.05, lab.fault.crash("resize"), 5)
  w:at(2, lab.fault.crash("s3"), 1)
  for i = 1, 20 do
    s3:call { type = "put", key = "in/" .. i, size = 1e6, timeout = 5 }
    w:run(10*ms)
  end
  w:run(300)
  t.equal(#s3:call { type = "list", prefix = "small/" }.keys, 20)
  for i = 1, 20 do t.is_true(told["in/" .. i] >= 1, "in/" .. i) end
end)

t.test("object service: an event to a queue is a message, and a delivery stream ends in objects", function()
  local w, s3 = world { lake = { notifications = { { events = { "ObjectCreated:Put" }, to = "mq", queue = "new" } } } }
  local mq = w:service("mq", { filters = { lab.queue.broker { queues = { new = lab.queue.standard() } } } })
  local firehose = w:service("firehose", { filters = {
    lab.stream.delivery { to = "s3", name = "clicks", buffer_time = 10 } } })
  for i = 1, 5 do firehose:call { type = "put_record", data = { click = i } } end
  w:run(20)
  local message = mq:call { type = "receive", queue = "new" }[1].body
  t.equal(message.event, "ObjectCreated:Put")
  local lines = s3:call { type = "get", key = message.key }.body
  t.equal(lines, '{"click":1}\n{"click":2}\n{"click":3}\n{"click":4}\n{"click":5}\n')
  t.is_true(message.key:find("^clicks/") ~= nil, message.key)
end)

t.test("object service: the same seed is the same run", function()
  local function run()
    local w, s3 = world({ box = { lifecycle = { { expire_days = 2 } } } }, { store = lab.store.objects { lag = 1 } })
    local seen = {}
    for i = 1, 30 do
      s3:call { type = "put", key = "k" .. i % 3, body = tostring(i) }
      local got = s3:call { type = "get", key = "k" .. i % 3 }
      seen[#seen + 1] = got and got.body or "?"
    end
    w:run(4 * DAY)
    return w:digest() .. table.concat(seen, " ")
  end
  t.equal(run(), run())
end)

assert(t.summary())

--- Systems with streams for `ordeal.run`: somebody sends work through a stream, workers do it, both are written down.
--
--   ordeal, stream_shop = require "ordeal", require "stream_shop"
--   results = ordeal.run{ at = 20, lasting = 20, finish = 200, more = stream_shop.faults,
--     build = function(w) return stream_shop.log(w) end, judge = function(system) return system.judge().verdict end }
--
-- Work is "task 1", "task 2" ... and, when that is the fault, "poison", which no worker can do.

local stream_shop = {}

--- Beside what every ordeal has: the leader is cut off from the other brokers, and so from the controller.
stream_shop.faults = {
  { "controller cut off", function(w, system, at, lasting)
    if not system.brokers then return false end
    w:at(at, function()
      local others = {}
      for _, name in ipairs(system.brokers) do
        if name ~= system.broker then others[#others + 1] = name end
      end
      w:inject(lab.fault.partition { sides = { { system.broker }, others } }, lasting)
    end)
  end },
}

-- Sends `count` tasks, one every `every` seconds, each until `send(key)` says that it was taken.
local function tasks(w, options, send)
  local sent = {}
  w:spawn(function()
    for i = 1, options.tasks or 60 do
      local key, at = "task " .. i, w:now()
      w:spawn(function()
        while not send(key) do w:sleep(1) end
        sent[key] = at
      end)
      w:sleep(options.every or 0.5)
    end
  end)
  return sent
end

-- A handler that writes down which tasks were done; `time` of its service is how long one takes.
local function worker(w, options, value_of)
  local done, finished = {}, {}
  return done, finished, function(request)
    if request.type ~= "record" then return true end
    local key = value_of(request)
    if key == "poison" then return nil, { code = "malformed", message = "nobody can do this" } end
    done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
    if options.done then options.done(key, request, w) end
    return true
  end
end

--- A log of three brokers, a producer `shop`, and a group of workers worker-1 ... Options:
--   partitions (4), count (2) workers, tasks (60), every (0.5) and work (0.1) seconds
--   topic, producer, consumer   more options of lab.stream.log's topic, lab.stream.producer and lab.stream.consumer
--   done      function(key, request, world), called when a task was done
-- `system.judge()` is lab.check.stream's verdict; what nobody can do goes to the topic `dead`.
function stream_shop.log(w, options)
  options = options or {}
  local history = lab.history()
  local topic = { partitions = options.partitions or 4, min_insync = 2 }
  for name, value in pairs(options.topic or {}) do topic[name] = value end
  local kafka = w:replicas("kafka", lab.stream.log {
    brokers = 3, history = history, session = 6, rebalance_delay = 1, topics = { jobs = topic, dead = {} },
  })
  local producer = { to = kafka, request_timeout = 1 }
  for name, value in pairs(options.producer or {}) do producer[name] = value end
  local shop = w:service("shop", { slots = 64, filters = { lab.stream.producer(producer) } })
  w:run(6)
  local consumer = {
    from = kafka, group = "workers", topics = { "jobs" }, history = history, commit = "after", session = 9,
    heartbeat = 1, failed = "dead_letter", dead_letter = "dead", retries = 1,
  }
  for name, value in pairs(options.consumer or {}) do consumer[name] = value end
  local done, finished, handler = worker(w, options, function(r) return r.value end)
  for i = 1, options.count or 2 do
    w:service("worker-" .. i, { time = options.work or 0.1, handler = handler,
      filters = { lab.stream.consumer(consumer) } })
  end
  local function send(key)
    return shop:call { type = "produce", topic = "jobs", key = key, value = key, timeout = 150 }
  end
  local leader = kafka[1]:call({ type = "metadata" }).topics.jobs.partitions[1].leader
  return {
    consumer = "worker-1", broker = leader, brokers = { "kafka-1", "kafka-2", "kafka-3" }, kafka = kafka,
    sent = tasks(w, options, send), done = done, finished = finished, history = history,
    poison = function() send("poison") end,
    dead = function()
      local got = kafka[1]:call { type = "list_offsets", topic = "dead", partition = 0, timeout = 5 }
      return got and got.offset or 0
    end,
    judge = function() return lab.check.stream { history = history, groups = { workers = "at_least_once" } } end,
  }
end

--- A stream of shards at the node `api`, and one application `worker-1` that reads it. Options: shards (2), tasks,
-- every, work, consumer (more of lab.stream.shard_consumer), done.
function stream_shop.shards(w, options)
  options = options or {}
  local history = lab.history()
  local api = w:service("api", { slots = 32, filters = { lab.stream.shard_service {
    streams = { jobs = lab.stream.shards { shards = options.shards or 2 } }, history = history } } })
  local done, finished, handler = worker(w, options, function(r) return r.data end)
  local consumer = { from = api, stream = "jobs", app = "workers", limit = 10, retries = 2, history = history }
  for name, value in pairs(options.consumer or {}) do consumer[name] = value end
  w:service("worker-1", { time = options.work or 0.1, handler = handler,
    filters = { lab.stream.shard_consumer(consumer) } })
  local function send(key)
    return api:call { type = "put_record", stream = "jobs", key = key, data = key, timeout = 2 }
  end
  return {
    consumer = "worker-1", broker = "api", sent = tasks(w, options, send), done = done, finished = finished,
    api = api, history = history, poison = function() send("poison") end,
    judge = function() return lab.check.stream { history = history } end,
  }
end

--- A delivery stream at the node `delivery`, and the node `store` that gets its batches. Options: tasks, every, and
-- stream (more of lab.stream.delivery). What cannot be delivered goes to `aside`.
function stream_shop.delivery(w, options)
  options = options or {}
  local done, finished, aside = {}, {}, 0
  w:service("store", { time = 20*ms, slots = 4, handler = function(r)
    for _, key in ipairs(r.records) do
      if key == "poison" then return nil, { code = "malformed", message = "that is no record" } end
    end
    for _, key in ipairs(r.records) do done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now() end
    return true
  end })
  w:service("aside", { handler = function(r) aside = aside + #r.records return true end })
  local stream = { to = "store", buffer_time = 5, retry = 60, failed_to = "aside", timeout = 2 }
  for name, value in pairs(options.stream or {}) do stream[name] = value end
  local delivery = w:service("delivery", { slots = 32, filters = { lab.stream.delivery(stream) } })
  local function send(key) return delivery:call { type = "put_record", data = key, timeout = 2 } end
  return {
    consumer = "store", broker = "delivery", sent = tasks(w, options, send), done = done, finished = finished,
    delivery = delivery, poison = function() send("poison") end, dead = function() return aside end,
  }
end

return stream_shop

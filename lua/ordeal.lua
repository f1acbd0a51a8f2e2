--- An ordeal: one system with queues, built anew for each of the faults that messages meet, and what came of it.
--
--   ordeal = require "ordeal"
--   results = ordeal.run{ build = shop, at = 10, lasting = 30, finish = 300 }
--   print(ordeal.table(results))
--
-- `build(world)` builds the system in a fresh world and returns what the faults need to know of it:
--   consumer  the name of the node (or list of names) that works
--   broker    the name of the node that keeps the messages
--   sent      a table that is filled meanwhile: sent[key] = the time at which the sender asked for the work
--   done      done[key] = how often it was done
--   finished  finished[key] = when it was done first; for delays (may be left out)
--   dead      function() -> how many messages were put aside (may be left out)
--   poison    function() that sends what nobody can process; a task, so it may wait (may be left out)
-- The faults, in this order: nothing, consumer crash, slow consumer, poison message, broker loss, partition (the
-- consumer is cut off from everybody, the broker included), duplicates (half of all messages of the network arrive
-- twice), clock skew (the broker's wall clock is an hour ahead), clock drift (the broker's clock runs a tenth fast).
-- `only` is a list of names to take of these; `more` is a list of further faults { name, function(world, system, at,
-- lasting) }, which come after them.

local chart = require "chart"

local ordeal = {}

local function restart_after(w, system, name, at, lasting)
  w:at(at, lab.fault.crash(system[name]))
  w:at(at + lasting, lab.fault.restart(system[name]))
end

local faults = {
  { "nothing", function() end },
  { "consumer crash", function(w, s, at, lasting) restart_after(w, s, "consumer", at, lasting) end },
  { "slow consumer", function(w, s, at, lasting)
    w:at(at, lab.fault.slow { target = s.consumer, factor = 20 }, lasting)
  end },
  { "poison message", function(w, s, at)
    if not s.poison then return false end
    w:at(at, s.poison)
  end },
  { "broker loss", function(w, s, at, lasting) restart_after(w, s, "broker", at, lasting) end },
  { "partition", function(w, s, at, lasting)
    w:at(at, lab.fault.partition { isolate = s.consumer, clients = true }, lasting)
  end },
  { "duplicates", function(w, _, at, lasting) w:at(at, lab.fault.duplicate { probability = 0.5 }, lasting) end },
  { "clock skew", function(w, s, at, lasting)
    w:at(at, lab.fault.clock_skew { target = s.broker, by = 3600 }, lasting)
  end },
  { "clock drift", function(w, s, at, lasting)
    w:at(at, lab.fault.clock_drift { target = s.broker, ppm = 100000 }, lasting)
  end },
}

--- A broker `mq`, workers worker-1 ... that fetch from it, and somebody who sends work, for `build`. Options:
--   queues   { jobs = Queue, ... }: the work is sent to `jobs`; put aside is what `dead` holds
--   count    workers (3); work: seconds a message takes (0.4); consumer: more options of lab.queue.consumer
--   tasks    how many are sent (120), one every `every` seconds (0.5), until the broker has taken it
--   message  function(i) -> fields of the send request beside its body, such as { group =, dedup = }
--   done     function(key, message, world), called when a message was worked on
-- A worker answers "poison" with an error. What the broker did is recorded: `system.judge()` is lab.check.queue's
-- verdict over it.
function ordeal.shop(w, options)
  local history = lab.history()
  local sent, done, finished = {}, {}, {}
  local mq = w:service { name = "mq", slots = 20,
    filters = { lab.queue.broker { queues = options.queues, history = history } } }
  local consumer = { from = "mq", queue = "jobs" }
  for key, value in pairs(options.consumer or {}) do consumer[key] = value end
  w:fleet { name = "worker", count = options.count or 3, time = options.work or 0.4, slots = consumer.concurrency or 1,
    handler = function(request)
      local key = request.body
      if key == "poison" then return nil, "crashed" end
      done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
      if options.done then options.done(key, request, w) end
      return true
    end, filters = { lab.queue.consumer(consumer) } }
  local function send(key, more)
    local request = { type = "send", queue = "jobs", body = key, timeout = 2 }
    for name, value in pairs(more or {}) do request[name] = value end
    while not mq:call(request) do w:sleep(1) end
  end
  w:spawn(function()
    for i = 1, options.tasks or 120 do
      local key, at = "task " .. i, w:now()
      local more = options.message and options.message(i)
      w:spawn(function()
        send(key, more)
        sent[key] = at
      end)
      w:sleep(options.every or 0.5)
    end
  end)
  return {
    consumer = "worker-1", broker = "mq", sent = sent, done = done, finished = finished, mq = mq,
    dead = options.queues.dead and function()
      local c = mq:call { type = "attributes", queue = "dead", timeout = 5 }
      return c.visible + c.in_flight
    end,
    poison = function() send("poison", options.message and options.message(0)) end,
    judge = function() return lab.check.queue(history, options.queues) end,
  }
end

local function wanted(only, name)
  if not only then return true end
  for _, one in ipairs(only) do
    if one == name then return true end
  end
  return false
end

--- The names of all faults, in order.
function ordeal.faults()
  local names = {}
  for i, fault in ipairs(faults) do names[i] = fault[1] end
  return names
end

local function measure(system, fault)
  local row = { fault = fault, sent = 0, done = 0, twice = 0, missing = 0, late = 0 }
  for key, at in pairs(system.sent) do
    local times = system.done[key] or 0
    row.sent = row.sent + 1
    if times == 0 then row.missing = row.missing + 1 end
    if times >= 1 then row.done = row.done + 1 end
    if times >= 2 then row.twice = row.twice + 1 end
    local finished = system.finished and system.finished[key]
    if finished then row.late = math.max(row.late, finished - at) end
  end
  row.dead = system.dead and system.dead() or 0
  return row
end

--- Runs the system once for each fault, which strikes at `at` for `lasting` seconds, until `finish`. Returns a list of
-- rows { fault, sent, done, twice, missing, dead, late }, which can also be indexed by the fault's name: how many keys
-- were sent, done at least once, at least twice, never; the messages put aside; the longest delay in seconds.
function ordeal.run(options)
  local all = { unpack(faults) }
  for _, fault in ipairs(options.more or {}) do all[#all + 1] = fault end
  for _, name in ipairs(options.only or {}) do
    local known = false
    for _, fault in ipairs(all) do known = known or fault[1] == name end
    if not known then error(("there is no fault '%s' in an ordeal"):format(tostring(name)), 2) end
  end
  local results = {}
  for _, fault in ipairs(all) do
    local name, strike = fault[1], fault[2]
    if wanted(options.only, name) then
      local w = lab.world { seed = options.seed or 1 }
      local system = options.build(w)
      if strike(w, system, options.at, options.lasting) ~= false then
        w:run(options.finish - w:now())
        local row = measure(system, name)
        if options.judge then row.verdict = options.judge(system) end
        results[#results + 1] = row
        results[name] = row
      end
      w:close()
    end
  end
  return results
end

--- The rows as a table to print. `verdict` is the title of what `judge` returned.
function ordeal.table(results, verdict)
  local columns = {
    { title = "fault", key = "fault" }, { title = "sent", key = "sent" }, { title = "done", key = "done" },
    { title = "twice", key = "twice" }, { title = "never", key = "missing" }, { title = "aside", key = "dead" },
    { title = "latest", key = "late", format = "%.1f s" },
  }
  if results[1] and results[1].verdict then
    columns[#columns + 1] = { title = verdict or "checker", key = "verdict" }
  end
  return chart.table { columns = columns, rows = results }
end

return ordeal

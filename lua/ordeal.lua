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
-- `only` is a list of names to take of these.

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
  for _, name in ipairs(options.only or {}) do
    local known = false
    for _, fault in ipairs(faults) do known = known or fault[1] == name end
    if not known then error(("there is no fault '%s' in an ordeal"):format(tostring(name)), 2) end
  end
  local results = {}
  for _, fault in ipairs(faults) do
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

--- The rows as a table to print.
function ordeal.table(results)
  local columns = {
    { title = "fault", key = "fault" }, { title = "asked for", key = "sent" }, { title = "done", key = "done" },
    { title = "twice", key = "twice" }, { title = "never", key = "missing" }, { title = "put aside", key = "dead" },
    { title = "longest delay", key = "late", format = "%.1f s" },
  }
  if results[1] and results[1].verdict then columns[#columns + 1] = { title = "checker", key = "verdict" } end
  return chart.table { columns = columns, rows = results }
end

return ordeal

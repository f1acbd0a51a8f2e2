-- lab.explore and w:violation(): what core/sim/explore_test.cpp shows of the search, here of experiments in Lua.

local t = require "expect"

local w  -- the world of the experiment that ran last

-- A store with a planted bug, broken until somebody sees it.
local function experiment(bug)
  return function(seed)
    w = lab.world { seed = seed, keep = 1000 }
    local kv = w:replicas("kv", lab.replicate.raft { count = 3, bug = bug })
    local clients = w:clients { count = 4, to = kv }
    w:nemesis(lab.fault.chaos {
      faults = { lab.fault.crash { target = "primaries", power = true },
        lab.fault.crash { target = "one", power = true }, lab.fault.partition { target = "one" } },
      every = 0.3, lasting = 0.5, at_once = 2, span = 4,
    })
    w:run(5)
    clients:stop()
    w:run(1)
    return lab.check.linearizable { history = clients:history(), model = "register", steps = 100000 }
  end
end

t.test("explore: finds a planted bug and leaves out the faults that can be spared", function()
  local finding = lab.explore { experiment = experiment "vote_not_persisted", seeds = 100 }
  t.is_true(finding ~= nil, "nothing found")
  t.is_true(finding.faults >= 1 and finding.faults < finding.faults_before,
    ("%d of %d faults"):format(finding.faults, finding.faults_before))
  t.matches(finding.schedule, "^return function%(w%)\n  w:at%(")
  t.equal(select(2, finding.schedule:gsub("lab%.fault%.", "")), finding.faults)
  t.is_true(finding.seeds <= 100 and finding.runs > finding.seeds)

  -- The world of the last run is there, with just these faults, and its watch says what was found.
  t.equal(#w:faults(), finding.faults)
  t.equal(w:violation(), finding.violation)

  -- Planned by hand in a world that has no faults of its own, the schedule does the same.
  local again = lab.world { seed = finding.seed, keep = 1000 }
  local kv = again:replicas("kv", lab.replicate.raft { count = 3, bug = "vote_not_persisted" })
  again:clients { count = 4, to = kv }
  load(finding.schedule)()(again)
  again:run_until(function() return again:violation() end, 10)
  t.equal(again:violation(), finding.violation)
end)

t.test("explore: a sound store withstands it", function()
  t.equal(lab.explore { experiment = experiment(), seeds = 5 }, nil)
end)

t.test("explore: an error, a text and a verdict are violations; nothing and ok are none", function()
  local found = lab.explore { seeds = 3, experiment = function(seed) if seed == 2 then error("broken", 0) end end }
  t.equal(found.violation, "broken")
  t.equal(found.seed, 2)
  t.equal(found.faults, 0)
  t.equal(lab.explore { experiment = function() return "wrong" end }.violation, "wrong")
  t.equal(lab.explore { experiment = function() return { verdict = "violated", message = "how" } end }.violation, "how")
  t.equal(lab.explore { seeds = 2, experiment = function() return { verdict = "ok" } end }, nil)
  t.equal(lab.explore { seeds = 2, experiment = function() return true end }, nil)
end)

t.test("explore: an experiment may have several worlds", function()
  local found = lab.explore { seeds = 5, experiment = function(seed)
    local worlds = {}
    for i = 1, 2 do
      worlds[i] = lab.world { seed = seed }
      worlds[i]:service "app"
      worlds[i]:at(1, lab.fault.pause "app", 0.5)
      worlds[i]:at(2, lab.fault.crash "app")
      worlds[i]:run(3)
    end
    if not worlds[2]:find "app":up() then return "the second one is down" end
  end }
  t.equal(found.faults_before, 4)
  t.equal(found.faults, 1)
  t.matches(found.schedule, "return function%(w, i%)\n  if i == 2 then w:at%(2, lab.fault.crash")
end)

t.test("explore: what it takes is checked", function()
  t.raises(function() lab.explore { experiment = 1 } end, "expected a function")
  t.raises(function() lab.explore { experiment = print, seed = 3 } end, "did you mean 'seeds'")
  local w2 = lab.world()
  local message
  w2:spawn(function() message = select(2, pcall(lab.explore, { experiment = function() end })) end)
  w2:run(1)
  t.matches(message, "a task cannot explore")
end)

t.test("world: traffic counts messages between nodes", function()
  local w2 = lab.world { seed = 1 }
  local kv = w2:replicas("kv", lab.replicate.raft { count = 3 })
  w2:run(1)
  local all, two = w2:traffic(kv), w2:traffic { kv[1], kv[2] }
  t.is_true(all.messages > two.messages and two.messages > 0)
  t.is_true(all.delivered <= all.messages and all.bytes > 20 * all.delivered)
  t.equal(all.lost, 0)
end)

assert(t.summary())

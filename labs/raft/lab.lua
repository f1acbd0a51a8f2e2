-- Build Raft: elections, a log, a disk, snapshots. The checks are the stories of lua/raft_scenarios.lua.

local scenarios = require "raft_scenarios"

local timing = { heartbeat = 0.15, election_min = 0.3, election_max = 0.6 }

-- One story a seed, in turn.
local function told(part)
  local names = scenarios.names(part)
  return #names, function(t, submission, seed)
    local name = names[(seed - 1) % #names + 1]
    scenarios.run(name, {
      seed = seed, size = 0.1, settings = timing,
      that = function(ok, expected, happened, where)
        t.that(ok, ("in the story '%s': %s"):format(name, expected), happened, where)
      end,
      make = function(w, count, settings)
        local members, nodes = {}, {}
        for i = 1, count do members[i] = "n" .. i end
        for i, name_of_node in ipairs(members) do
          nodes[i] = submission:node(w, name_of_node, { options = {
            members = members, heartbeat = settings.heartbeat, election_min = settings.election_min,
            election_max = settings.election_max, snapshot_after = settings.snapshot_after,
          } })
        end
        return nodes
      end,
    })
  end
end

local function part(name, title, points)
  local seeds, check = told(name)
  return { name = name, title = title, points = points, seeds = seeds, check = check }
end

return {
  title = "Build Raft",
  minutes = 240,
  after = { "consensus", "replicated-log" },
  summary = [[
You write Raft: nodes that elect a leader, keep a log on a majority of their disks, survive crashes of all of them, and
throw away what nobody needs any more. The stories that judge it are those of MIT's course 6.5840.]],
  parts = {
    part("election", "Somebody leads, and never two in one term", 25),
    part("log", "What is acknowledged is on a majority, and stays", 35),
    part("persistence", "What is acknowledged survives every crash", 25),
    part("snapshots", "The log stays short, and who was away catches up", 15),
  },
}

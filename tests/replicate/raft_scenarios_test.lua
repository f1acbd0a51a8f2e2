-- The stories of MIT 6.5840's Raft labs (lua/raft_scenarios.lua), told of lab.replicate.raft; and of it with planted
-- bugs, which they must catch: a net that catches nothing proves nothing.

local t = require "expect"
local scenarios = require "raft_scenarios"

local function run(name, seed, raft, size)
  local told, result = pcall(scenarios.run, name, { seed = seed, raft = raft, size = size })
  if told then result.world:close() end
  return told, result
end

for _, name in ipairs(scenarios.names()) do
  t.test("raft scenarios: " .. name, function()
    for seed = 1, 3 do
      local told, result = run(name, seed)
      t.is_true(told, ("seed %d: %s"):format(seed, tostring(result)))
    end
  end)
end

for bug, found in pairs {
  ack_before_commit = "fail no agree", ack_before_disk = "persist 1", vote_not_persisted = "persist 2",
  votes_twice = "unreliable agree", votes_for_anyone = "persist 2", minority_elects = "re-election",
  minority_commits = "backup", ignores_previous_term = "rejoin", truncates_always = "unreliable agree",
  never_truncates = "backup", answers_by_index = "figure 8 unreliable", stale_reads = "stale read",
  executes_twice = "repeated request", snapshot_forgets_clients = "repeated request, snapshot",
  snapshot_keeps_state = "install, crashed",
} do
  t.test(("raft scenarios: '%s' fails with the bug %s"):format(found, bug), function()
    for seed = 1, 20 do
      if not run(found, seed, { bug = bug }) then return end
    end
    t.is_true(false, "20 seeds went well")
  end)
end

t.test("raft scenarios: every part has some, and a name that is none is refused", function()
  local count = 0
  for _, part in ipairs { "election", "log", "persistence", "snapshots" } do
    count = count + #scenarios.names(part)
    t.is_true(#scenarios.names(part) >= 3, part)
  end
  t.equal(count, #scenarios.names())
  t.raises(function() scenarios.run "figure 9" end, "no scenario 'figure 9'")
end)

assert(t.summary())

local t = require "expect"
local ordeal = require "ordeal"

local function build(w)
  local dead = lab.queue.standard()
  return ordeal.shop(w, { tasks = 40, queues = { dead = dead,
    jobs = lab.queue.standard { visibility = 5, dead_letter = dead, max_receives = 3 } } })
end

t.test("ordeal: all faults in order, and each does to a shop what it should", function()
  local results = ordeal.run { build = build, at = 5.2, lasting = 10, finish = 90,
    judge = function(system) return system.judge().verdict end }
  for i, name in ipairs(ordeal.faults()) do
    t.equal(results[i].fault, name)
    t.equal(results[name], results[i])
    t.equal({ results[i].sent, results[i].missing, results[i].verdict }, { 40, 0, "ok" }, name)
  end
  t.equal(#results, #ordeal.faults())
  local calm = results.nothing
  t.equal({ calm.done, calm.twice, calm.dead }, { 40, 0, 0 })
  t.is_true(calm.late < 1, "nothing is late without a fault")
  t.is_true(results["consumer crash"].late > 4, "the crash costs a visibility timeout")
  t.is_true(results["broker loss"].late > 9, "the loss of the broker costs its length")
  t.equal(results["poison message"].dead, 1)
  t.is_true(results.duplicates.twice > 0, "doubled messages are done twice")
end)

t.test("ordeal: a chosen few, the same twice, and a system without poison has no such row", function()
  local function harmless(w)
    local system = build(w)
    system.poison = nil
    return system
  end
  local options = { build = harmless, at = 5, lasting = 5, finish = 60, only = { "poison message", "duplicates" } }
  local results = ordeal.run(options)
  t.equal(#results, 1)
  t.equal(ordeal.run(options)[1], results[1])
  t.matches(tostring(ordeal.table(results)), "duplicates")
  options.only = { "meteor" }
  t.raises(function() ordeal.run(options) end, "no fault 'meteor'")
end)

assert(t.summary())

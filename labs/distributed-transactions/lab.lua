-- Money between two nodes: two-phase commit, what it leaves locked when its coordinator dies, and sagas beside it.

return {
  title = "All of it or none of it, and who waits",
  minutes = 25,
  after = { "order-saga" },
  summary = [[
A transfer takes from an account on one node and adds to an account on another. You crash the coordinator of a two-phase
commit at every moment, see what the client is told and what stays locked, and do the same transfers as a saga, which
locks nothing and lets everybody see the half of it.]],
  steps = {
    {
      name = "refused",
      title = "Prepare, and then commit",
      text = [[
Three nodes; each account lives on one of them. Ada and Bob have 100 each. The node that is asked coordinates: all
participants prepare (lock, write to disk, vote), then it decides. Bob cannot pay 500.]],
      code = [[
function bank(options)
  options = options or {}
  options.count, options.initial = 3, 100
  w = lab.world{ seed = 4 }
  nodes = w:replicas("bank", lab.shard.two_phase_commit(options))
  w:run(0.5)
end
function transfer(node, from, to, amount)
  return node:call{ type = "transact", timeout = 2, ops = { { "add", from, -amount }, { "add", to, amount } } }
end
function balance(name) return nodes[1]:call{ type = "read", key = name, timeout = 2 } end
bank()
fine = transfer(nodes[1], "ada", "bob", 30)
w:run(0.2)
none, refusal = transfer(nodes[2], "bob", "ada", 500)
w:run(0.2)
print(tostring(refusal), "certainly nothing happened: " .. tostring(refusal.definite))
ada, bob = balance("ada"), balance("bob")
ada, bob]],
      predict = {
        question = "Ada's node has said yes to the 500 before Bob's said no. What does Ada have in the end?",
        unit = "money",
        tolerance = 0.5,
        answer = function(env) return env.ada end,
      },
      hints = {
        "`ada` is her balance after both.",
        "A yes is a promise to be able to, not the deed.",
        "70: the 30 are gone, the 500 never came.",
      },
      check = function(t, env)
        t.that(env.ada == 70 and env.bob == 130, "only the first transfer happened",
          ("%s and %s"):format(tostring(env.ada), tostring(env.bob)))
        t.that(type(env.refusal) == "table" or env.refusal ~= nil, "the second one was refused", "it was not")
      end,
      explain = [[
70 and 130. Whoever voted yes waits for the decision, with its keys locked; one no, or no answer in time, and all
abort. The client knows for certain: `definite`.]],
    },
    {
      name = "in_doubt",
      title = "The coordinator dies",
      text = [[
One transfer, and the coordinator loses its power so many milliseconds after it was asked; it is back 3 s later. What
the client hears, whether the money has moved, and for how long participants were in doubt.]],
      code = [=[
function crash_after(ms)
  bank()
  local answer, err
  w:spawn(function() answer, err = transfer(nodes[1], "ada", "bob", 30) end)
  w:run(ms / 1000)
  w:inject(lab.fault.crash{ target = "bank-1", power = true })
  local doubt = 0
  for _ = 1, 30 do
    w:run(0.1)
    if nodes[2]:state().in_doubt + nodes[3]:state().in_doubt > 0 then doubt = doubt + 0.1 end
  end
  w:inject(lab.fault.restart("bank-1"))
  w:run(2)
  return { ms, answer and "yes" or err.definite and "no" or "unknown", balance("ada"), balance("bob"),
    ("%.1f s"):format(doubt) }, doubt
end
rows, longest, sums, told = {}, 0, {}, {}
for ms = 0, 8 do
  local row, doubt = crash_after(ms)
  rows[#rows + 1], longest = row, math.max(longest, doubt)
  sums[#sums + 1] = row[3] + row[4]
  told[row[2]] = (told[row[2]] or 0) + 1
end
chart = require "chart"
print(chart.table{ rows = rows, columns = { "crash after ms", "client hears", "ada", "bob", "in doubt" } })]=],
      predict = {
        question = "The coordinator is away for 3 s. For how long can a participant be in doubt?",
        choices = { "until its timeout, 0.3 s", "as long as the coordinator is away", "never" },
        answer = function(env)
          return env.longest > 2.5 and "as long as the coordinator is away" or "never"
        end,
      },
      hints = {
        "`longest` is the longest time that somebody was in doubt.",
        "May it abort? Perhaps the decision was to commit. May it commit? Perhaps another one voted no.",
        "It has to wait for the only one who knows.",
      },
      check = function(t, env)
        for _, sum in ipairs(t.has(env, "sums", "table")) do t.equal(sum, 200, "ada and bob together") end
        t.that((env.longest or 0) > 2.5, "somebody was in doubt all the time", tostring(env.longest))
        t.that((t.has(env, "told", "table").unknown or 0) > 0, "some clients do not know", "all do")
      end,
      explain = function(env)
        return ([[
All of it or none of it at every moment, but %.1f s in doubt, with the keys locked: two-phase commit *blocks* while its
coordinator is away. No timeout helps: who aborts in doubt breaks the promise he gave. And %d of 9 clients were told
nothing, and have to look for themselves. PostgreSQL shows such transactions as prepared, and waits for ever.]])
          :format(env.longest, env.told.unknown)
      end,
    },
    {
      name = "sagas",
      title = "The same with a saga",
      text = [[
Transfers of 1 between Ada and Bob all the time, one every 50 ms, and somebody who looks at both balances as often. The
coordinator (the orchestrator of the saga) is away from 2 s to 5 s; the other nodes take transfers as well.]],
      code = [[
function watch(transfer_one, look)
  local r = { done = 0, refused = 0, odd = 0, looks = 0 }
  for i = 1, 120 do
    w:at(w:now() + i * 0.05, function()
      if transfer_one(i) then r.done = r.done + 1 else r.refused = r.refused + 1 end
    end)
    w:at(w:now() + i * 0.05 + 0.035, function()
      local sum = look()
      if sum then r.looks = r.looks + 1; if sum ~= 200 then r.odd = r.odd + 1 end end
    end)
  end
  w:run(40)
  return r
end
bank()
w:at(2, lab.fault.crash{ target = "bank-1", power = true }); w:at(5, lab.fault.restart("bank-1"))
two_phase = watch(function(i)
  local from, to = "ada", "bob"
  if i % 2 == 0 then from, to = to, from end
  return transfer(nodes[i % 3 + 1], from, to, 1)
end, function()
  local both = nodes[2]:call{ type = "transact", ops = { { "r", "ada" }, { "r", "bob" } }, timeout = 1 }
  return both and both[1][3] + both[2][3]
end)
w = lab.world{ seed = 4 }
money, seen = { ada = 100, bob = 100 }, {}
for _, name in ipairs{ "ada", "bob" } do
  w:service(name, { time = 20*ms, slots = 8, handler = function(r)
    local once = name .. r.type .. r.saga
    if not seen[once] then seen[once] = true; money[name] = money[name] + (r.type == "give" and 1 or -1) end
    return true
  end })
end
local steps = function(from, to) return { steps = {
  { name = "take", to = from, compensation = "give" }, { name = "give", to = to, compensation = "take" } } } end
sagas = w:service("sagas", { slots = 64, filters = { lab.event.saga{ sagas = {
  there = steps("ada", "bob"), back = steps("bob", "ada") } } } })
w:run(0.5)
w:at(2, lab.fault.crash{ target = "sagas", power = true }); w:at(5, lab.fault.restart("sagas"))
saga = watch(function(i)
  return sagas:call{ type = "start", saga = i % 2 == 0 and "back" or "there", id = "t" .. i, timeout = 30 }
end, function() return money.ada + money.bob end)
rows = {}
for _, x in ipairs{ { "two-phase commit", two_phase }, { "saga", saga } } do
  rows[#rows + 1] = { x[1], x[2].done, x[2].refused, x[2].looks, x[2].odd }
end
print(chart.table{ rows = rows, columns = { "", "transfers", "refused or unknown", "looks", "wrong sum seen" } })
print(chart.bars({ { "two-phase: refused", two_phase.refused }, { "saga: refused", saga.refused },
  { "two-phase: wrong sums", two_phase.odd }, { "saga: wrong sums", saga.odd } }, {}))
print("in the end the saga has " .. money.ada + money.bob)]],
      predict = {
        question = "Who sees a sum that is not 200?",
        choices = { "nobody", "who looks at the two-phase commit", "who looks at the saga" },
        answer = function(env) return env.saga.odd > 0 and "who looks at the saga" or "nobody" end,
      },
      hints = {
        "`two_phase.odd` and `saga.odd` count wrong sums.",
        "Between its steps a saga has taken, and not yet given.",
        "With two-phase commit who looks is refused meanwhile (`looks` counts the answers).",
      },
      check = function(t, env)
        local two, saga = t.has(env, "two_phase", "table"), t.has(env, "saga", "table")
        t.equal(two.odd, 0, "wrong sums seen with two-phase commit")
        t.that(saga.odd > 0, "the saga shows its middle", "it does not")
        t.equal(env.money.ada + env.money.bob, 200, "the saga's sum in the end")
      end,
      explain = function(env)
        local two, saga = env.two_phase, env.saga
        return ([[
Two-phase commit: %d transfers refused or unknown, and nobody ever saw a wrong sum, since who would have was refused
too (%d of 120 looks were answered). The saga: %d refused, none by a lock, but %d looks found money missing that was on
its way. Isolation is what a saga gives up, and availability what two-phase commit does. Where neither will do, the
coordinator itself is replicated (Spanner: by Paxos), so that it is never away for long.]])
          :format(two.refused, two.looks, saga.refused, saga.odd)
      end,
    },
  },
}

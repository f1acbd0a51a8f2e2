return {
  title = "CAP: one partition, two stores",
  minutes = 25,
  summary = [[
Two stores of five replicas, one with a leader and a majority (Raft), one that always takes a write (a sloppy quorum).
The same partition cuts both in two, with clients on either side. Both are measured, judged by the checkers, and drawn
side by side.]],
  after = { "quorums" },
  steps = {
    {
      name = "cut",
      title = "The same cut",
      text = [[
Replicas 1 and 2, with half of the clients, are cut off from 3, 4 and 5 with the other half, from second 3 to second 9.
Every client writes and reads two keys all the time.]],
      code = [[
chart = require "chart"
function cut(protocol)
  local w = lab.world{ seed = 4, latency = 1*ms }
  local kv = w:replicas("kv", protocol)
  w:run(2)
  local history, answered, taken, written = lab.history(), { {}, {} }, { 0, 0 }, 0
  local function client(process, side, nodes)
    while w:now() < 10 do
      w:sleep(lab.dist.exp{ mean = 60*ms })
      local reads, key, value, began = w:random() < 0.5, w:random(2), nil, w:now()
      if not reads then written = written + 1; value = written end
      local event = { process = process, f = reads and "read" or "write", key = key, value = value }
      event.type, event.time = "invoke", began
      history:append(event)
      local answer, err = nodes[w:random(#nodes)]:call{ type = event.f, key = key, value = value, timeout = 0.5 }
      event.type, event.time = not err and "ok" or err.definite and "fail" or "info", w:now()
      if reads then event.value = answer end
      history:append(event)
      if err then process = process + 100 else  -- whose request is open goes on as somebody else
        local slot = math.floor(w:now() * 4)
        answered[side][slot] = (answered[side][slot] or 0) + 1
        if not reads and began > 3.5 and w:now() < 9 then taken[side] = taken[side] + 1 end
      end
    end
  end
  for i = 1, 3 do
    w:spawn(client, i, 1, { kv[1], kv[2] })
    w:spawn(client, 10 + i, 2, { kv[3], kv[4], kv[5] })
  end
  w:at(3, lab.fault.partition{ sides = { { "kv-1", "kv-2" }, { "kv-3", "kv-4", "kv-5" } } }, 6)
  w:run(9)
  return { world = w, kv = kv, history = history, answered = answered, taken = taken }
end
cp = cut(lab.replicate.raft{ count = 5 })
ap = cut(lab.replicate.quorum{ count = 5, sloppy = true, hints = true })
function during(run, side)
  local n = 0
  for slot = 14, 35 do n = n + (run.answered[side][slot] or 0) end
  return n
end
for name, run in pairs{ ["leader and majority"] = cp, ["sloppy quorum"] = ap } do
  print(name)
  for side, title in ipairs{ "  2 of 5", "  3 of 5" } do
    local values = {}
    for slot = 8, 47 do values[#values + 1] = run.answered[side][slot] or 0 end
    print(title, chart.sparkline(values), during(run, side) .. " answers while it was cut")
  end
end]],
      predict = {
        question = "Raft: what does the side with two of five replicas answer while it is cut off?",
        choices = { "everything", "reads only", "nothing" },
        answer = function(env)
          return env.during(env.cp, 1) == 0 and "nothing" or "everything"
        end,
      },
      hints = {
        "The first sparkline of each store.",
        "Two of five are no majority.",
        "Not even a read can be answered: who says that the other side has not written meanwhile?",
      },
      check = function(t, env)
        t.has(env, "cp", "table")
        t.equal(env.during(env.cp, 1), 0, "answers of Raft's minority")
        t.that(env.during(env.cp, 2) > 100, "Raft's majority goes on", tostring(env.during(env.cp, 2)))
        t.that(env.during(env.ap, 1) > 50 and env.during(env.ap, 2) > 50, "both sides of the sloppy quorum go on",
          env.during(env.ap, 1) .. " and " .. env.during(env.ap, 2))
      end,
      explain = function(env)
        return ([[
Nothing: %d answers, against %d at the side of three. The sloppy quorum answers %d and %d. "Available" in Gilbert and
Lynch's proof means every node that is up answers; the majority side of Raft is available in every other sense of the
word.]]):format(env.during(env.cp, 1), env.during(env.cp, 2), env.during(env.ap, 1), env.during(env.ap, 2))
      end,
    },
    {
      name = "judge",
      title = "Two judges",
      text = "The histories of both, with all clients of both sides, are given to two checkers.",
      code = [[
cp_verdict = lab.check.linearizable(cp.history, "register")
ap_verdict = lab.check.linearizable(ap.history, "register")
print("leader and majority", cp_verdict.verdict)
print("sloppy quorum      ", ap_verdict.verdict, ap_verdict.message)
print(ap_verdict.picture)]],
      predict = {
        question = "Is the sloppy quorum's history linearizable?",
        choices = { "ok", "violated" },
        answer = function(env) return env.ap_verdict.verdict end,
      },
      hints = {
        "`ap_verdict.verdict`.",
        "Both sides write the same two keys and read what they wrote.",
        "Whoever reads on one side misses what was acknowledged on the other.",
      },
      check = function(t, env)
        t.has(env, "cp_verdict", "table")
        t.equal(env.cp_verdict.verdict, "ok", "Raft's verdict")
        t.equal(env.ap_verdict.verdict, "violated", "the sloppy quorum's verdict")
      end,
      explain = [[
That is the theorem, measured: while the network is cut, a store answers on both sides or is linearizable. It is no
choice between three letters: partitions come whether you chose P or not. You choose what the side without a majority
does in the meantime: say no (etcd, ZooKeeper, Spanner), or say something that may be old (Dynamo, Cassandra, Riak).]],
    },
    {
      name = "after",
      title = "When it is over",
      text = [[
The cut has healed and all clients stopped. Hints are delivered, hash trees compared. Do all replicas of the sloppy
quorum agree again, and what has become of what was acknowledged on either side?]],
      code = [[
ap.world:run(5)
function final_values(run, body)
  local seen = {}
  for key = 1, 2 do
    seen[key] = {}
    for i, node in ipairs(run.kv) do
      body.key, body.type = key, "read"
      seen[key][i] = tostring(node:call(body))
    end
    print("key " .. key, table.concat(seen[key], "  "))
  end
  return seen
end
finals = final_values(ap, { r = 1 })
agree = true
for _, seen in ipairs(finals) do
  for _, value in ipairs(seen) do agree = agree and value == seen[1] end
end
hints = 0
for _, node in ipairs(ap.kv) do hints = hints + node:state().delivered end
agree, ap.taken[1], ap.taken[2], hints]],
      predict = {
        question = "Do all five agree in the end?",
        choices = { "yes", "no" },
        answer = function(env) return env.agree and "yes" or "no" end,
      },
      hints = {
        "`agree`.",
        "Each side kept hints for the homes on the other one.",
        "They are delivered, and the later stamp wins at every home.",
      },
      check = function(t, env)
        t.equal(env.agree, true, "all replicas agree")
        t.that(env.ap.taken[1] > 10 and env.ap.taken[2] > 10, "both sides have taken writes", "they have not")
      end,
      explain = function(env)
        return ([[
Yes: %d hints, and everybody has the same: the last write by the clock. %d writes were acknowledged on one side of the
cut and %d on the other; those of one side were overwritten by somebody who had never seen them. Where that hurts (a
balance, a stock), take the store that says no, or a data type whose merge loses nothing. Where it does not (a like, a
last-seen time, a cart), the store that says yes earns money while the network is cut.]])
          :format(env.hints, env.ap.taken[1], env.ap.taken[2])
      end,
    },
    {
      name = "latency",
      title = "And when nothing is cut",
      text = [[
Partitions are rare; distance is always there. Abadi's PACELC asks the other question: Else, Latency or Consistency?
Five replicas that are 20 ms apart, clients everywhere, no fault at all.]],
      code = [[
function far(protocol)
  local w = lab.world{ seed = 9, latency = lab.dist.lognormal{ median = 20*ms, sigma = 0.3 }, keep = 0 }
  local kv = w:replicas("kv", protocol)
  w:run(3)
  local reads, writes = 0, 0
  for i = 1, 60 do
    local node, began = kv[i % 5 + 1], w:now()
    node:call{ type = "write", key = i % 4, value = i, timeout = 3 }
    writes = writes + w:now() - began
    began = w:now()
    node:call{ type = "read", key = i % 4, timeout = 3 }
    reads = reads + w:now() - began
  end
  w:close()
  return { write = 1000 * writes / 60, read = 1000 * reads / 60 }
end
slow = { heartbeat = 0.1, election_min = 0.4, election_max = 0.8, count = 5 }
latency = {
  { how = "Raft", of = far(lab.replicate.raft(slow)) },
  { how = "quorum, 2 of 3", of = far(lab.replicate.quorum{ count = 5, patience = 0.5 }) },
  { how = "quorum, 1 of 3", of = far(lab.replicate.quorum{ count = 5, r = 1, w = 1, patience = 0.5 }) },
}
bars = {}
for _, row in ipairs(latency) do
  bars[#bars + 1] = { label = row.how .. ", write", value = row.of.write }
  bars[#bars + 1] = { label = row.how .. ", read", value = row.of.read }
end
print(chart.bars(bars, { format = function(v) return ("%.0f ms"):format(v) end }))]],
      predict = {
        question = "A linearizable read of Raft takes how many times as long as a read of one home of three?",
        unit = "times",
        tolerance = 0.7,
        answer = function(env) return env.latency[1].of.read / env.latency[3].of.read end,
      },
      hints = {
        "`latency[1].of.read / latency[3].of.read`.",
        "Your replica passes it to the leader, and the leader asks a majority whether it still is one.",
        "Client to replica, replica to leader, leader to majority, and all of it back.",
      },
      check = function(t, env)
        local latency = t.has(env, "latency", "table")
        t.that(latency[1].of.read > latency[3].of.read, "the linearizable read is slower", "it is not")
      end,
      explain = function(env)
        local l = env.latency
        return ([[
%.0f ms against %.0f. This you pay on every request and every day, not only while the network is cut; it is why stores
let you choose for each request (`consistency = QUORUM`, `ConsistentRead = true`).]]):format(l[1].of.read, l[3].of.read)
      end,
    },
  },
  finish = [[
One partition, two stores: one said no to two of five and kept its promise, one said yes to all and broke it, and said
so in its history. `quorum-kv` and `raft` are where you build either.]],
}

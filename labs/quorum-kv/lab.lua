-- Build a store without a leader: quorums, then disks, then a register that is linearizable under faults.

-- Three replicas kv-1 .. kv-3 that run the submission.
local function store(submission, seed, options)
  local w = lab.world { seed = seed, latency = options and options.latency }
  local names = { "kv-1", "kv-2", "kv-3" }
  local kv = {}
  for i, name in ipairs(names) do
    kv[i] = submission:node(w, name, { options = { peers = names, r = 2, w = 2, timeout = 1 } })
  end
  w:run(0.2)
  return w, kv
end

local function write(t, node, key, value)
  local done, err = node:call { type = "write", key = key, value = value, timeout = 3 }
  t.that(done ~= nil and done ~= false,
    ("%s answers a write of %s = %s"):format(node:name(), key, tostring(value)),
    err and tostring(err) or "it answered " .. tostring(done))
end

local function expect_read(t, node, key, value, when)
  local answer, err = node:call { type = "read", key = key, timeout = 3 }
  t.that(answer == value, ("a read of %s at %s answers %s, %s"):format(key, node:name(), tostring(value), when),
    err and tostring(err) or "it answered " .. tostring(answer))
end

local function restart(w, name)
  w:inject(lab.fault.restart(name))
  w:run(0.2)
end

return {
  title = "Build a store of quorums",
  minutes = 90,
  after = { "quorums" },
  summary = [[
You write the replica of a key-value store that has no leader: any replica takes any request, writes to a majority and
reads from one. Then one replica is down, the power fails, the network is cut, clocks are wrong; and the last part asks
for a register that is linearizable through all of it.]],

  parts = {
    {
      name = "basics",
      title = "What is written at one replica is read at any other",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local _, kv = store(submission, seed, { latency = lab.dist.exp { mean = 4*ms } })
        expect_read(t, kv[1], "nothing", nil, "when nobody has written it")
        for i = 1, 6 do
          local key, value = "k" .. math.random(2), ("v%d-%d"):format(i, math.random(1000))
          write(t, kv[math.random(3)], key, value)
          expect_read(t, kv[math.random(3)], key, value, "after it was written")
        end
      end,
    },
    {
      name = "available",
      title = "One of three may be down",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, kv = store(submission, seed)
        write(t, kv[1], "x", "before")
        local down = math.random(3)
        w:inject(lab.fault.crash { target = "kv-" .. down, power = math.random() < 0.5 })
        local asked, other = kv[down % 3 + 1], kv[(down + 1) % 3 + 1]
        expect_read(t, asked, "x", "before", ("with kv-%d down"):format(down))
        write(t, asked, "x", "after")
        expect_read(t, other, "x", "after", ("with kv-%d down"):format(down))
        restart(w, "kv-" .. down)
        expect_read(t, kv[down], "x", "after", "at the one that was down when it was written")
      end,
    },
    {
      name = "honest",
      title = "With two of three down nothing is acknowledged",
      points = 10,
      seeds = 5,
      check = function(t, submission, seed)
        local w, kv = store(submission, seed)
        write(t, kv[1], "x", "old")
        w:inject(lab.fault.crash { target = "kv-2", power = true })
        w:inject(lab.fault.crash { target = "kv-3", power = true })
        local done, err = kv[1]:call { type = "write", key = "x", value = "new", timeout = 5 }
        t.that(not done, "kv-1 alone does not acknowledge a write",
          "it does: whoever reads from the other two misses it")
        t.that(type(err) == "table" and err.definite == false,
          "the error says that nobody knows whether it happened, as the code `timeout` does",
          "it is " .. tostring(err) .. ": but kv-1 may have it")
        local answer = kv[1]:call { type = "read", key = "x", timeout = 5 }
        t.that(answer == nil, "kv-1 alone answers no read", "it answers " .. tostring(answer))
      end,
    },
    {
      name = "durable",
      title = "What was acknowledged survives a power failure",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, kv = store(submission, seed)
        local values = {}
        for i = 1, 4 do
          local key = "k" .. i
          values[key] = math.random(1000)
          write(t, kv[math.random(3)], key, values[key])
          if math.random() < 0.3 then
            values[key] = values[key] + 1
            write(t, kv[math.random(3)], key, values[key])
          end
        end
        w:inject(lab.fault.crash { target = "all", power = true })
        w:run(0.5)
        restart(w, "all")
        for key, value in pairs(values) do
          expect_read(t, kv[math.random(3)], key, value, "after the power was off")
        end
        write(t, kv[1], "k1", "later")
        expect_read(t, kv[3], "k1", "later", "written after the power was off")
      end,
    },
    {
      name = "monotonic",
      title = "What one read has seen, the next one sees",
      points = 15,
      seeds = 15,
      check = function(t, submission, seed)
        local w, kv = store(submission, seed, { latency = 5*ms })
        write(t, kv[2], "x", "old")
        -- kv-1 is cut off in the middle of a write, and crashes: perhaps nobody else has it.
        w:spawn(function() kv[1]:call { type = "write", key = "x", value = "new", timeout = 0.1 } end)
        w:run(0.005 + math.random() * 0.015)
        local cut = w:inject(lab.fault.partition { isolate = "kv-1" })
        w:run(0.05)
        w:inject(lab.fault.crash { target = "kv-1", power = true })
        w:heal(cut)
        restart(w, "kv-1")
        local apart = w:inject(lab.fault.partition { isolate = "kv-3" })
        local first, err = kv[1]:call { type = "read", key = "x", timeout = 3 }
        t.that(first == "old" or first == "new", "a read at kv-1 answers old or new", tostring(first or err))
        w:heal(apart)
        w:inject(lab.fault.crash { target = "kv-1", power = true })
        expect_read(t, kv[2], "x", first == "new" and "new" or kv[2]:call { type = "read", key = "x", timeout = 3 },
          "because an earlier read, at kv-1, did; kv-1 is down now")
      end,
    },
    {
      name = "linearizable",
      title = "Under faults, its history is linearizable",
      points = 15,
      seeds = 20,
      check = function(t, submission, seed)
        local w, kv = store(submission, seed, { latency = lab.dist.lognormal { median = 3*ms, sigma = 1.6 } })
        -- One clock is wrong from the beginning, and something happens every half second or so.
        w:inject(lab.fault.clock_skew { target = "kv-" .. math.random(3), by = math.random(2) == 1 and 5 or -5 })
        local clients = w:clients { to = kv, count = 4, keys = 1, mix = { read = 0.6, write = 0.4 }, timeout = 0.4,
          think = lab.dist.exp { mean = 15*ms } }
        for i = 1, 3 do
          local at, who = w:now() + i * 0.2 + math.random() * 0.2, "kv-" .. math.random(3)
          if math.random() < 0.5 then
            w:at(at, lab.fault.partition { isolate = who }, 0.25)
          else
            w:at(at, lab.fault.crash { target = who, power = math.random() < 0.5 }, 0.15)
          end
        end
        w:run(1)
        clients:stop()
        w:run(0.4)
        local ok = clients:ok()
        t.that(ok >= 15, "the store answers while one replica at a time is away", ("only %d requests were"):format(ok))
        local verdict = lab.check.linearizable { history = clients:history(), model = "register", steps = 200000 }
        t.that(verdict.verdict ~= "violated", "the history of all clients is linearizable", verdict.message)
      end,
    },
  },
}

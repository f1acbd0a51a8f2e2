-- Build a counter that every node raises without asking: in the spirit of Maelstrom's g-counter and pn-counter.

local names = { "n1", "n2", "n3" }

-- Three nodes, and a history of what their users did, in which `ok` counts the adds that were answered with true.
local function counters(submission, seed)
  local w = lab.world { seed = seed }
  for _, name in ipairs(names) do
    local peers = {}
    for _, peer in ipairs(names) do
      if peer ~= name then peers[#peers + 1] = peer end
    end
    submission:node(w, name, { options = { peers = peers } })
  end
  w:run(0.1)
  return w, { log = lab.history(), adds = 0, ok = 0 }
end

-- Users count at random nodes and moments of the next `seconds`.
local function count(w, history, adds, seconds, negative)
  local function use(process, i)
    local by = math.random(5)
    if negative and math.random() < 0.5 then by = -by end
    local name = names[math.random(3)]
    w:at(w:now() + math.random() * seconds, function()
      history.log:append { process = process, type = "invoke", f = "add", value = by, time = w:now(), node = name }
      local answer, err = w:find(name):call { type = "add", by = by, id = ("add-%d"):format(i), timeout = 2 }
      local outcome = answer == true and "ok" or (err and err.definite) and "fail" or "info"
      history.adds, history.ok = history.adds + 1, history.ok + (outcome == "ok" and 1 or 0)
      history.log:append { process = process, type = outcome, f = "add", value = by, time = w:now(), node = name }
    end)
  end
  for i = 1, adds do use(i, i) end
end

-- Reads all three, and judges: what was acknowledged is in all of them, once.
local function check_all(t, w, history)
  for i, name in ipairs(names) do
    history.log:append { process = 1000 + i, type = "invoke", f = "read", time = w:now(), node = name }
    local value = w:find(name):call { type = "read", timeout = 2 }
    t.that(type(value) == "number", name .. " answers read with a number", "it answered " .. tostring(value),
      { at = w:now(), node = name })
    history.log:append { process = 1000 + i, type = "ok", f = "read", value = value, time = w:now(), node = name }
  end
  local verdict = lab.check.counter(history.log)
  t.that(verdict.verdict == "ok", "in the end all nodes have counted everything, once", verdict.message,
    { at = w:now(), node = names[1] })
  t.that(history.ok >= history.adds / 3, "adds are answered with true",
    ("%d of %d were"):format(history.ok, history.adds))
end

local function between_nodes(options)
  options.from, options.to = names, names
  return options
end

-- Users still reach it; the other two do not.
local function cut_off(i)
  return lab.fault.partition { sides = { names[i], { names[i % 3 + 1], names[(i + 1) % 3 + 1] } } }
end

return {
  title = "Build a counter without a boss",
  minutes = 40,
  after = { "crdts" },
  summary = [[
You write a node of which three count together: "likes", views, stock. Each takes adds at once, also when it hears
nobody,
and in the end all three know the sum. Messages get lost, come twice and late, and nodes crash.]],

  parts = {
    {
      name = "alone",
      title = "A node that hears nobody counts and answers",
      points = 15,
      seeds = 5,
      check = function(t, submission, seed)
        local w = counters(submission, seed)
        w:inject(cut_off(1))
        local n1, sum = w:find("n1"), 0
        t.equal(n1:call { type = "read", timeout = 2 }, 0, "read before the first add")
        for i = 1, 5 do
          local by = math.random(5)
          t.equal(n1:call { type = "add", by = by, id = "add-" .. i, timeout = 2 }, true, "the answer to add")
          sum = sum + by
          t.equal(n1:call { type = "read", timeout = 2 }, sum, "read at n1 after " .. i .. " adds at n1")
        end
      end,
    },
    {
      name = "together",
      title = "All three come to know the sum",
      points = 20,
      seeds = 5,
      check = function(t, submission, seed)
        local w, history = counters(submission, seed)
        count(w, history, 30, 5)
        w:run(10)
        check_all(t, w, history)
      end,
    },
    {
      name = "network",
      title = "Messages that are lost, doubled, late and overtaken change nothing",
      points = 30,
      seeds = 10,
      check = function(t, submission, seed)
        local w, history = counters(submission, seed)
        local kinds = { lab.fault.loss(between_nodes { probability = 0.4 }),
          lab.fault.duplicate(between_nodes { probability = 0.5 }),
          lab.fault.delay(between_nodes { by = 0.5, jitter = 0.5, probability = 0.3 }),
          lab.fault.reorder(between_nodes { by = 0.3, probability = 0.5 }),
          cut_off(math.random(3)) }
        local first = math.random(#kinds)
        for i = 0, 2 do
          w:at(w:now() + 0.5 + math.random() * 2, kinds[(first + i - 1) % #kinds + 1], 4)
        end
        count(w, history, 30, 7)
        w:run(15)
        check_all(t, w, history)
      end,
    },
    {
      name = "crash",
      title = "What was answered with true survives crashes",
      points = 25,
      seeds = 10,
      check = function(t, submission, seed)
        local w, history = counters(submission, seed)
        w:inject(lab.fault.disk_slow { target = names, factor = 50 })  -- a sync takes 50 ms
        for _ = 1, 8 do
          local at, name = w:now() + 0.5 + math.random() * 6, names[math.random(3)]
          w:at(at, lab.fault.crash { target = name, power = math.random() < 0.5 })
          w:at(at + 0.7, lab.fault.restart(name))
        end
        count(w, history, 40, 7)
        w:run(15)
        check_all(t, w, history)
      end,
    },
    {
      name = "down",
      title = "It also counts down",
      points = 10,
      seeds = 5,
      check = function(t, submission, seed)
        local w, history = counters(submission, seed)
        w:at(w:now() + 1, lab.fault.duplicate(between_nodes { probability = 0.5 }), 4)
        w:at(w:now() + 1, lab.fault.reorder(between_nodes { by = 0.3, probability = 0.5 }), 4)
        count(w, history, 30, 5, true)
        w:run(10)
        check_all(t, w, history)
      end,
    },
  },
}

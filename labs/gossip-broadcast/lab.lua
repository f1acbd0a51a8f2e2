-- Build a broadcast: everybody hears of everything, whatever is lost meanwhile, in time and with few messages.

local function cluster(submission, seed, count, options)
  local w = lab.world { seed = seed, latency = options.latency }
  local names, nodes = {}, {}
  for i = 1, count do names[i] = "n" .. i end
  for i, name in ipairs(names) do
    nodes[i] = submission:node(w, name, { options = { peers = names, within = options.within or 2 } })
  end
  w:run(0.5)
  return w, nodes
end

-- Broadcasts `count` values, one every `every` seconds, at nodes of choice. Returns what was acknowledged: a list of
-- { value =, at = }, and all that was said as a set.
local function say(w, nodes, count, every)
  local acknowledged, said = {}, {}
  local begin = w:now()
  for i = 1, count do
    local value = i * 1000 + math.random(999)
    local node = nodes[math.random(#nodes)]
    said[value] = true
    w:at(begin + i * every, function()
      for _ = 1, 3 do -- the question may be lost, or the answer
        if node:call { type = "broadcast", value = value, timeout = 0.5 } then
          acknowledged[#acknowledged + 1] = { value = value, at = w:now() }
          return
        end
      end
    end)
  end
  return acknowledged, said, begin + count * every
end

-- What a node has heard of, as a set; anything but a list of numbers fails in words.
local function heard(t, node)
  local list, err = node:call { type = "read", timeout = 2 }
  t.that(type(list) == "table", ("%s answers read with a list"):format(node:name()), tostring(list or err))
  local set = {}
  for _, value in ipairs(list) do set[value] = true end
  return set
end

local function check_everywhere(t, nodes, acknowledged, said, when)
  for _, node in ipairs(nodes) do
    local set = heard(t, node)
    for _, one in ipairs(acknowledged) do
      t.that(set[one.value], ("%s has heard of %d %s"):format(node:name(), one.value, when),
        ("it has not; it was acknowledged at %.2f s"):format(one.at), { at = one.at, node = node:name() })
    end
    for value in pairs(set) do
      t.that(said[value], ("%s has heard only of what was broadcast"):format(node:name()),
        "it has " .. tostring(value))
    end
  end
end

-- Ten nodes, 100 ms apart, twenty broadcasts a second: after `within` seconds any node has each, and a broadcast
-- costs `most` messages between nodes, all counted.
local function check_budget(t, submission, seed, within, most)
  local w, nodes = cluster(submission, seed, 10, { latency = 100*ms, within = within })
  local count = 24
  local acknowledged, _, last = say(w, nodes, count, 0.05)
  local late
  w:at(w:now() + 0.01, function()
    local looked = 0
    while looked < count do
      w:sleep(0.05)
      local one = acknowledged[looked + 1]
      if one and w:now() >= one.at + within then
        looked = looked + 1
        local node = nodes[math.random(#nodes)]
        w:spawn(function()
          local list, has = node:call { type = "read", timeout = 2 }, false
          for _, value in ipairs(type(list) == "table" and list or {}) do has = has or value == one.value end
          if not has then late = late or { one, node:name() } end
        end)
      end
    end
  end)
  w:run(last - w:now() + within + 1)
  t.equal(#acknowledged, count, "broadcasts that were acknowledged")
  if late then
    t.that(false, ("%s has heard of %d within %.1f s"):format(late[2], late[1].value, within), "it has not",
      { at = late[1].at + within, node = late[2] })
  end
  local messages = 0
  for _, event in ipairs(w:trace_events()) do
    if event.kind == "send" and event.node ~= "script" and event.peer ~= "script" and event.at < last then
      messages = messages + 1
    end
  end
  t.that(messages <= most * count, ("a broadcast to 10 nodes costs at most %d messages"):format(most),
    ("it costs %.1f"):format(messages / count))
end

return {
  title = "Build a broadcast",
  minutes = 60,
  after = { "quickstart" },
  summary = [[
You write a node that hears of values and tells them on, until every node of the cluster has every value: over lost
messages, through partitions and crashes; and then within a budget of time and of messages.]],

  parts = {
    {
      name = "spreads",
      title = "What one node is told, all nodes know",
      points = 20,
      seeds = 5,
      check = function(t, submission, seed)
        local w, nodes = cluster(submission, seed, 5, {})
        local acknowledged, said = say(w, nodes, 8, 0.1)
        w:run(5)
        t.equal(#acknowledged, 8, "broadcasts that were acknowledged")
        check_everywhere(t, nodes, acknowledged, said, "some seconds later")
      end,
    },
    {
      name = "partition",
      title = "Messages are lost and the cluster is cut in two",
      points = 25,
      seeds = 10,
      check = function(t, submission, seed)
        local w, nodes = cluster(submission, seed, 5, {})
        w:inject(lab.fault.loss { probability = 0.2 })
        local sides = { {}, {} }
        for i = 1, 5 do table.insert(sides[i == 1 and 1 or i == 2 and 2 or math.random(2)], "n" .. i) end
        w:at(w:now() + 0.5, lab.fault.partition { sides = sides }, 3)
        local acknowledged, said = say(w, nodes, 20, 0.15)
        w:run(4)
        w:inject(lab.fault.heal_all())
        w:run(9)
        t.that(#acknowledged >= 10, "broadcasts are acknowledged during a partition", #acknowledged .. " of 20 were")
        check_everywhere(t, nodes, acknowledged, said, "9 s after the end of the partition")
      end,
    },
    {
      name = "crash",
      title = "What was acknowledged survives the crash of who acknowledged it",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, nodes = cluster(submission, seed, 5, {})
        local acknowledged, said = say(w, nodes, 20, 0.15)
        for i = 1, 6 do
          local name, at = "n" .. math.random(5), w:now() + i * 0.5
          w:at(at, lab.fault.crash { target = name, power = true }, 0.3)
        end
        -- One is told something and crashes at once.
        local node, value = nodes[math.random(5)], 77
        said[value] = true
        w:at(w:now() + 4, function()
          if node:call { type = "broadcast", value = value, timeout = 1 } then
            acknowledged[#acknowledged + 1] = { value = value, at = w:now() }
            w:inject(lab.fault.crash { target = node:name(), power = true }, 1)
          end
        end)
        w:run(13)
        check_everywhere(t, nodes, acknowledged, said, "some seconds after the last crash")
      end,
    },
    {
      name = "quick",
      title = "Ten nodes, 100 ms apart: in 0.6 s, with at most 14 messages a broadcast",
      points = 20,
      seeds = 5,
      check = function(t, submission, seed) check_budget(t, submission, seed, 0.6, 14) end,
    },
    {
      name = "frugal",
      title = "The same in 2 s, with at most 6 messages a broadcast",
      points = 15,
      seeds = 5,
      check = function(t, submission, seed) check_budget(t, submission, seed, 2, 6) end,
    },
  },
}

-- Build a replicated log with a fixed leader: a majority of disks, followers that were away, crashes of anybody.

local members = { "n1", "n2", "n3" }

-- Three nodes, of which n1 leads; the others are told so.
local function group(submission, seed, options)
  local w = lab.world { seed = seed, loss = options and options.loss }
  local nodes = {}
  for i, name in ipairs(members) do
    nodes[i] = submission:node(w, name, { options = { members = members, leader = "n1" } })
  end
  w:run(0.1)
  return w, nodes
end

-- Appends through the leader until it answers, at most for some seconds. Returns the index.
local function append(t, w, nodes, value, seconds)
  local over = w:now() + (seconds or 10)
  local answer, err
  repeat
    answer, err = nodes[1]:call { type = "append", id = value, value = value, timeout = 0.5 }
    if answer == nil then w:run(0.1) end
  until answer ~= nil or w:now() >= over
  t.that(type(answer) == "number", ("append of %s is answered with its index"):format(value),
    answer == nil and "no answer: " .. tostring(err) or "the answer is " .. tostring(answer),
    { at = w:now(), node = "n1" })
  return answer
end

local function read(t, w, node)
  local list, err
  for _ = 1, 5 do -- the network may lose one of ten
    if list == nil then list, err = node:call { type = "read", timeout = 0.5 } end
  end
  t.that(type(list) == "table", node:name() .. " answers a read with a list of values",
    list == nil and "no answer: " .. tostring(err) or "the answer is " .. tostring(list),
    { at = w:now(), node = node:name() })
  return list
end

-- What was read once is never read otherwise: all lists are beginnings of one, and hold what was acknowledged.
local function judge(t, w, known, list, node)
  for i, value in ipairs(list) do
    known[i] = known[i] or value
    t.equal(value, known[i], ("entry %d, read at %s"):format(i, node:name()), { at = w:now(), node = node:name() })
  end
end
local function all_there(t, w, nodes, acknowledged, known, seconds)
  w:run(seconds or 1)
  for _, node in ipairs(nodes) do
    local list = read(t, w, node)
    judge(t, w, known, list, node)
    local seen = {}
    for i, value in ipairs(list) do
      t.that(not seen[value], ("%s is in the log once"):format(tostring(value)),
        ("it is at %d and at %d"):format(seen[value] or 0, i), { at = w:now(), node = node:name() })
      seen[value] = i
    end
    for value, index in pairs(acknowledged) do
      t.that(list[index] == value, ("%s is at %d, as was acknowledged"):format(value, index),
        ("%s has %s there"):format(node:name(), tostring(list[index])), { at = w:now(), node = node:name() })
    end
  end
end

local function cut(w, i)
  local others = {}
  for k, name in ipairs(members) do
    if k ~= i then others[#others + 1] = name end
  end
  return w:inject(lab.fault.partition { sides = { { members[i] }, others } })
end
local function crash(w, name) w:inject(lab.fault.crash { target = name, power = true }) end
local function restart(w, name) w:inject(lab.fault.restart(name)) end

return {
  title = "Build a replicated log",
  minutes = 90,
  after = { "consensus" },
  summary = [[
You write the half of consensus that has no elections: one leader, two followers, a log on all their disks. What is
acknowledged is on a majority, whoever is away comes back to the same log, and everybody may crash at any moment.]],

  parts = {
    {
      name = "append",
      title = "What is acknowledged is at its index, at all nodes",
      points = 30,
      seeds = 5,
      check = function(t, submission, seed)
        local w, nodes = group(submission, seed)
        local acknowledged = {}
        for i = 1, 8 do
          local value = "v" .. math.random(1000) .. "-" .. i
          acknowledged[value] = append(t, w, nodes, value)
          t.equal(acknowledged[value], i, "the index of append number " .. i)
        end
        local answer = nodes[2]:call { type = "append", id = "x", value = "x", timeout = 0.5 }
        t.that(answer == nil, "a follower takes no append", "it answered " .. tostring(answer))
        all_there(t, w, nodes, acknowledged, {})
      end,
    },
    {
      name = "majority",
      title = "Acknowledged means: on the disks of a majority",
      points = 25,
      seeds = 6,
      check = function(t, submission, seed)
        local w, nodes = group(submission, seed)
        local acknowledged, known = { a = append(t, w, nodes, "a") }, {}
        local first, second = cut(w, 2), cut(w, 3)
        local answer = nodes[1]:call { type = "append", id = "b", value = "b", timeout = 1 }
        t.that(answer == nil, "a leader without followers acknowledges nothing", "it answered " .. tostring(answer),
          { at = w:now(), node = "n1" })
        local list = read(t, w, nodes[1])
        t.equal(#list, 1, "entries to be read while only one disk has the second", { at = w:now(), node = "n1" })
        w:heal(first)
        acknowledged.c = append(t, w, nodes, "c")
        judge(t, w, known, read(t, w, nodes[1]), nodes[1])
        -- The two that made it a majority lose power; only what was synced comes back.
        for i = 1, 2 do crash(w, members[i]) end
        w:heal(second)
        for i = 1, 2 do restart(w, members[i]) end
        all_there(t, w, nodes, acknowledged, known)
      end,
    },
    {
      name = "behind",
      title = "Who was away has the same log in the end; what is repeated is there once",
      points = 25,
      seeds = 8,
      check = function(t, submission, seed)
        local w, nodes = group(submission, seed, { loss = 0.1 })
        if seed % 2 == 0 then w:inject(lab.fault.reorder { by = 0.05, probability = 0.3 }) end
        local acknowledged, known = {}, {}
        for round = 1, 3 do
          local away = cut(w, 2 + math.random(2) - 1)
          for i = 1, 5 do
            local value = ("%d/%d"):format(round, i)
            acknowledged[value] = append(t, w, nodes, value, 20)
          end
          judge(t, w, known, read(t, w, nodes[1]), nodes[1])
          w:heal(away)
        end
        w:heal()
        w:inject(lab.fault.duplicate { probability = 0.5 }, 2)
        acknowledged.last = append(t, w, nodes, "last", 20)
        t.equal(append(t, w, nodes, "1/1", 20), acknowledged["1/1"], "the index of an append that is repeated")
        all_there(t, w, nodes, acknowledged, known, 3)
      end,
    },
    {
      name = "crash",
      title = "Everybody may crash",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, nodes = group(submission, seed)
        local acknowledged, known, n = {}, {}, 0
        for _ = 1, 5 do
          for _ = 1, math.random(3) do
            n = n + 1
            acknowledged["v" .. n] = append(t, w, nodes, "v" .. n)
          end
          -- One more, whose answer nobody waits for, and then somebody crashes, or all do.
          n = n + 1
          local value = "v" .. n
          w:spawn(function() nodes[1]:call { type = "append", id = value, value = value, timeout = 0.5 } end)
          w:run(math.random() * 0.004)
          local who = math.random(4)
          for i, name in ipairs(members) do
            if who == i or who == 4 then crash(w, name) end
          end
          w:run(0.05)
          for i, name in ipairs(members) do
            if who == i or who == 4 then restart(w, name) end
          end
          w:run(0.2)
          judge(t, w, known, read(t, w, nodes[math.random(3)]), nodes[1])
        end
        all_there(t, w, nodes, acknowledged, known)
      end,
    },
  },
}

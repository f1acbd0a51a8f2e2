-- Build a projector: versions make duplicates, wrong order and gaps visible, and the store has what is missing.

local kStreams = { "ann", "bob", "cy" }

local function random_event()
  local kind = ({ "set", "add", "add", "times" })[math.random(4)]
  return { type = kind, n = kind == "times" and math.random(3) or math.random(-9, 9) }
end

local function fold(value, event)
  if event.type == "set" then return event.n end
  if event.type == "add" then return value + event.n end
  if event.type == "times" then return value * event.n end
  return value
end

-- A store with `count` events, the list of them in their order, and the node.
local function system(submission, seed, count, poison)
  local w = lab.world { seed = seed }
  local es = w:service("es", { slots = 8, filters = { lab.event.store {} } })
  local node = submission:node(w, "projector", { options = { store = "es" } })
  w:run(0.1)
  local events, version, values = {}, {}, {}
  for i = 1, count do
    local stream = kStreams[math.random(#kStreams)]
    local e = poison and i % 7 == 3 and { type = "renamed", to = "x" } or random_event()
    version[stream] = (version[stream] or 0) + 1
    values[stream] = fold(values[stream] or 0, e)
    es:call { type = "append", stream = stream, events = { { type = e.type, data = { n = e.n, to = e.to } } } }
    events[i] = { stream = stream, version = version[stream], type = e.type, n = e.n, to = e.to }
  end
  return w, node, events, values, version, es
end

-- Brings an event until it is taken, at most `tries` times.
local function bring(w, node, event, tries)
  for _ = 1, tries or 40 do
    if node:call { type = "event", event = event, timeout = 0.3 } == true then return true end
    w:sleep(0.2)
  end
end

local function check_rows(t, node, values, versions, when)
  for _, stream in ipairs(kStreams) do
    if versions[stream] then
      local row, err = node:call { type = "get", stream = stream }
      t.that(type(row) == "table", ("a row for %s %s"):format(stream, when), row == nil and tostring(err) or
        "it is " .. tostring(row))
      t.that(row.version == versions[stream], ("the row of %s is at version %d %s"):format(stream, versions[stream],
        when), "it is at " .. tostring(row.version))
      t.that(row.value == values[stream], ("the row of %s is %d %s"):format(stream, values[stream], when),
        "it is " .. tostring(row.value))
    end
  end
end

-- Whatever a `get` shows meanwhile is what some first events of the stream give. Call it inside of a task.
local function watch(w, node, events, wrong)
  local value_at = {}
  for _, e in ipairs(events) do
    local values = value_at[e.stream] or { [0] = 0 }
    value_at[e.stream] = values
    values[e.version] = fold(values[e.version - 1], e)
  end
  w:spawn(function()
    while true do
      w:sleep(0.05)
      local stream = kStreams[math.random(#kStreams)]
      local row = node:call { type = "get", stream = stream, timeout = 0.3 }
      if type(row) == "table" and value_at[stream] and value_at[stream][row.version] ~= row.value then
        wrong[#wrong + 1] = ("%s at version %s is %s, and %s"):format(stream, tostring(row.version),
          tostring(row.value), tostring(value_at[stream][row.version]))
      end
    end
  end)
end

local function shuffled(list, distance)
  local out = {}
  for i, x in ipairs(list) do out[i] = { at = i + math.random() * distance, x = x } end
  table.sort(out, function(a, b) return a.at < b.at end)
  for i, o in ipairs(out) do out[i] = o.x end
  return out
end

return {
  title = "Build a projector: events in order, each once",
  minutes = 40,
  after = { "event-sourcing" },
  summary = [[
You write a projector: a node that turns events into rows. They come twice, in the wrong order, with gaps, and your
process crashes; the rows are what the events say, all the same.]],

  parts = {
    {
      name = "folds",
      title = "It folds events that come in order",
      points = 20,
      seeds = 5,
      check = function(t, submission, seed)
        local w, node, events, values, versions = system(submission, seed, 30)
        for i, e in ipairs(events) do
          local taken, err = node:call { type = "event", event = e }
          t.that(taken == true, ("event %d is answered with true"):format(i), taken == nil and tostring(err) or
            tostring(taken))
        end
        w:run(1)
        check_rows(t, node, values, versions, "after all events")
        local none, err = node:call { type = "get", stream = "nobody" }
        t.that(none == nil and err and err.message == "not_found" or (err and err.code == "not_found"),
          "nil and not_found for a stream without events", tostring(none) .. ", " .. tostring(err))
      end,
    },
    {
      name = "twice",
      title = "An event that comes again changes nothing",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, node, events, values, versions = system(submission, seed, 30)
        for i, e in ipairs(events) do
          t.that(node:call { type = "event", event = e } == true, ("event %d is answered with true"):format(i),
            "it is not")
          for _ = 1, math.random(0, 2) do
            local old = events[math.random(i)]
            t.that(node:call { type = "event", event = old } == true, "an event that comes again is answered with true",
              "it is not: so it will come for ever")
          end
        end
        w:run(1)
        check_rows(t, node, values, versions, "after all events, some of which came again")
      end,
    },
    {
      name = "order",
      title = "What comes too early waits for what comes before it",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, node, events, values, versions = system(submission, seed, 40)
        local wrong = {}
        watch(w, node, events, wrong)
        for i, e in ipairs(shuffled(events, 12)) do
          w:at(w:now() + i * 0.02, function() bring(w, node, e) end)
        end
        w:run(15)
        t.that(#wrong == 0, "what `get` shows is what the first events give, at any time", tostring(wrong[1]))
        check_rows(t, node, values, versions, "after all events, which came in a wrong order")
      end,
    },
    {
      name = "gap",
      title = "What never comes it fetches itself",
      points = 15,
      seeds = 10,
      check = function(t, submission, seed)
        local w, node, events, values, versions = system(submission, seed, 40)
        for i, e in ipairs(events) do
          -- The newest ones come: nobody could know of them otherwise.
          if math.random() < 0.7 or e.version == versions[e.stream] then
            w:at(w:now() + i * 0.02, function() bring(w, node, e, 3) end)
          end
        end
        local cut = w:now() + 0.5
        w:at(cut, lab.fault.partition { sides = { { "projector" }, { "es" } } }, 2)
        w:run(20)
        check_rows(t, node, values, versions, "though some events were never delivered")
      end,
    },
    {
      name = "crash",
      title = "After a crash nothing is missing and nothing counts twice",
      points = 15,
      seeds = 10,
      check = function(t, submission, seed)
        local w, node, events, values, versions = system(submission, seed, 60)
        local wrong = {}
        watch(w, node, events, wrong)
        for i, e in ipairs(shuffled(events, 4)) do
          w:at(w:now() + i * 0.05, function() bring(w, node, e) end)
        end
        for _ = 1, 4 do
          local at = w:now() + 0.2 + math.random() * 3
          w:at(at, lab.fault.crash("projector", { disk = "prefix" }))
          w:at(at + 0.2, lab.fault.restart "projector")
        end
        w:run(20)
        t.that(#wrong == 0, "what `get` shows is what the first events give, at any time", tostring(wrong[1]))
        check_rows(t, node, values, versions, "after four crashes")
        w:inject(lab.fault.restart "projector")
        w:run(5)
        check_rows(t, node, values, versions, "after one more, when nothing is delivered any more")
      end,
    },
    {
      name = "poison",
      title = "An event it does not understand stops nothing",
      points = 10,
      seeds = 5,
      hidden = true,
      check = function(t, submission, seed)
        local w, node, events, values, versions = system(submission, seed, 30, true)
        for i, e in ipairs(events) do
          w:at(w:now() + i * 0.05, function() bring(w, node, e, 5) end)
        end
        w:run(8)
        check_rows(t, node, values, versions, "with events of unknown types among them")
      end,
    },
  },
}

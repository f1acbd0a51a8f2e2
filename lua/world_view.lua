--- How a world and its loads are shown: w:show(), w:messages{...}, load:report().
--
-- The host gives numbers (w:snapshot(), w:trace_events(), load:data()); diagram and report draw them.
local host = ...

local diagram = require "diagram"
local picture = require "picture"
local report = require "report"

local world_view = {}

-- What happens to the options of a method that is written in Lua: the same errors as elsewhere.
local function check_options(options, owner, known)
  if options == nil then return {} end
  if type(options) ~= "table" then
    error(("bad argument for %s: expected an option table, got %s"):format(owner, type(options)), 3)
  end
  for name in pairs(options) do
    if not known[name] then
      error(("bad option '%s' for %s%s"):format(tostring(name), owner, host.did_you_mean(tostring(name), known)), 3)
    end
  end
  return options
end

-- Faults that are active now, by the node they name.
local function active_faults(snapshot)
  local active = {}
  for _, fault in ipairs(snapshot.faults) do
    if not fault.to or fault.to > snapshot.time then active[#active + 1] = fault.describe end
  end
  return active
end

-- The nodes as diagram.topology wants them.
local function topology_nodes(snapshot)
  local nodes = {}
  for _, node in ipairs(snapshot.nodes) do
    local note = node.role and node.term and ("%s, term %d"):format(node.role, node.term) or node.role
    nodes[#nodes + 1] = {
      name = node.name, kind = node.kind, zone = node.zone, calls = node.targets,
      up = node.state ~= "down" and node.state ~= "off", paused = node.state == "paused",
      busy = node.busy, slots = node.slots, queue = node.queue, queue_limit = node.queue_limit,
      note = node.state == "slow" and "slow" or note,
    }
  end
  return nodes
end

--- w:show(): the topology with its live state.
function world_view.show(w)
  local snapshot = w:snapshot()
  return picture.new(diagram.topology{
    time = snapshot.time, nodes = topology_nodes(snapshot), faults = active_faults(snapshot),
  })
end

local node_events = {
  crash = "crash", stop = "crash", restart = "restart", start = "restart", pause = "pause", resume = "resume",
}
local message_options = { last = true, from = true, to = true, types = true, nodes = true, rows = true }

local function set_of(list)
  if type(list) == "string" then list = { list } end
  if not list then return nil end
  local set = {}
  for _, item in ipairs(list) do set[type(item) == "string" and item or item:name()] = true end
  return set
end

-- The trace as diagram.messages wants it. `first` and `last` bound the times.
local function message_events(w, first, last, types, only)
  local events, present, lost = {}, {}, {}
  local trace = w:trace_events()
  for _, event in ipairs(trace) do
    if event.kind == "drop" then lost[event.id] = true end
  end
  for _, event in ipairs(trace) do
    if event.at >= first and event.at <= last then
      local wanted = not types or types[event.label]
      if (event.kind == "send" or event.kind == "duplicate") and wanted and event.node ~= event.peer
          and (not only or (only[event.node] and only[event.peer])) then
        events[#events + 1] = {
          at = event.at, kind = "send", from = event.node, to = event.peer, duplicate = event.kind == "duplicate",
          type = event.form == "response" and event.label .. " ok"
            or event.form == "failure" and event.label .. " failed" or event.label,
          arrive = not lost[event.id] and event.arrival or nil, lost = lost[event.id] or nil, id = event.id,
        }
        present[event.node], present[event.peer] = true, true
      elseif node_events[event.kind] and event.node and event.at > 0 and (not only or only[event.node]) then
        events[#events + 1] = { at = event.at, kind = node_events[event.kind], node = event.node }
        present[event.node] = true
      end
    end
  end
  local nodes = {}
  if present.script then nodes[1] = "script" end
  for _, node in ipairs(w:nodes()) do
    if present[node:name()] then nodes[#nodes + 1] = node:name() end
  end
  return events, nodes
end

local function bands(w, first, last)
  local found = {}
  for _, fault in ipairs(w:faults()) do
    local to = fault.to or last
    if to >= first and fault.from <= last then
      found[#found + 1] = { from = fault.from, to = to, label = fault.describe }
    end
  end
  return found
end

--- w:messages{...}: the messages of a while as a space-time diagram.
-- `last`: seconds back from now (default: the last 40 moments); `from`, `to`: a span of time; `types`, `nodes`: only
-- these; `rows`: the most rows.
function world_view.messages(w, options)
  options = check_options(options, "messages", message_options)
  local now = w:now()
  local last = options.to or now
  local first = options.from or (options.last and now - options.last) or 0
  local events, nodes = message_events(w, first, last, set_of(options.types), set_of(options.nodes))
  local rows = options.rows or 40
  if not options.from and not options.last and #events > rows then  -- the most recent ones
    local recent = {}
    for i = #events - rows + 1, #events do recent[#recent + 1] = events[i] end
    events = recent
  end
  if #events == 0 then return picture.new("no messages in that time") end
  local faults = bands(w, events[1].at, last)
  return picture.new(diagram.messages{ nodes = nodes, events = events, bands = faults, rows = rows })
end

--- The last `rows` messages until a moment and what came of it, with a mark there where it is known on which node.
function world_view.scene(w, at, node, rows)
  local events, nodes = message_events(w, 0, w:now())
  -- All of the moment itself, and of the time after it no more than half.
  local before, last = {}, 0
  for i, event in ipairs(events) do
    if event.at <= at then last = i end
  end
  last = math.min(#events, math.max(last, math.min(last + math.floor(rows / 3), rows)))
  for i = math.max(1, last - rows + 1), last do before[#before + 1] = events[i] end
  local known = false
  for _, name in ipairs(nodes) do known = known or name == node end
  if known then before[#before + 1] = { at = at, kind = "note", node = node, text = "here" } end
  if #before == 0 then return picture.new("no messages until then") end
  -- Crashes and restarts are on the lines of their nodes.
  local faults = {}
  for _, band in ipairs(bands(w, before[1].at, math.max(at, before[#before].at))) do
    if not band.label:find "^crash " and not band.label:find "^restart " and #faults < 3 then
      faults[#faults + 1] = band
    end
  end
  return picture.new(diagram.messages { nodes = nodes, events = before, bands = faults, rows = rows + 1 + 2 * #faults })
end

-- What the report shows beside the load itself.
local function with_pictures(measured)
  local w = measured.world
  local data = report.from_load(measured, host.definite)
  data.topology = { time = measured.now, nodes = topology_nodes(measured), faults = {} }
  local events, nodes = message_events(w, 0, measured.now)
  data.messages = { nodes = nodes, events = events, bands = bands(w, 0, measured.now) }
  return data
end

local report_methods = {}
local report_metatable = { __index = report_methods, __metatable = "Report" }

function report_metatable.__tostring(self) return self.text end

--- Writes one self-contained page. Returns true, or nil and an error.
function report_methods:html(file)
  if type(file) ~= "string" then error("bad argument 'file': expected a string, got " .. type(file), 2) end
  return host.write_file(file, report.html(self.data, host.read_data))
end

--- load:report(): what a load measured, as text now and as a page on demand.
function world_view.report(load)
  local data = with_pictures(load:data())
  return setmetatable({ data = data, text = report.text(data) }, report_metatable)
end

return world_view

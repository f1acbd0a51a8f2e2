--- A student's file as a check sees it: what the methods of the type Submission do, and the objects that they return.
--
--     local m = submission:load()            -- runs the file; what it returned
--     local cache = m.new{ capacity = 2 }    -- calls go over with plain values
--     cache:put("a", 1)                      -- an object with functions or a metatable stays there; this calls it
--     submission:node(w, "n1", { options = { first = 0 } })
--
-- Whatever goes wrong in the student's code ends the check with a sentence for the student.

local host = ...
local functions = host.program.submission
local expectations = require "guide.expectations"
local human = require "human"
local pretty = require "pretty"
local term = require "term"
local world_view = require "world_view"

local submission = {}

local scene_rows = 10
local calls_kept = 8

local defaults = { budget = 10000000, memory = 64 * 2 ^ 20 }
local load_options = { arguments = true, seed = true, budget = true, memory = true }

-- What the running check has loaded: by instance { owner =, objects = weak table by reference }.
local loads, last_instance = {}, 0
local current_seed, limits = 1, {}
local replayed  -- where a replay has stopped: { object =, call = }
local calls, calls_made = {}, 0  -- the last calls of the running check: { object =, name =, values =, results =, n = }
local trouble  -- the kind of the first thing that went wrong in the running check

local function short(value)
  local text = pretty.format(value, { width = 1000, items = 8 })
  return term.width(text) <= 60 and text or text:sub(1, 57) .. "..."
end

-- "put("a", 1)": a call, for a sentence.
local function call_text(name, ...)
  local shown = {}
  for i = 1, select("#", ...) do
    local value = select(i, ...)
    shown[i] = type(value) == "function" and "function" or short(value)
  end
  return ("%s(%s)"):format(name, table.concat(shown, ", "))
end

local sentences = {
  x = function(text) return "it failed: " .. text end,
  b = function(text) return ("it was not done after %s instructions (an endless loop?)"):format(
    human.count(tonumber(text) or 0)) end,
  m = function(text) return ("it needs more memory than there is (%s)"):format(text) end,
  g = function(text) return "the program died " .. text end,
  t = function(text) return ("it was not done after %s"):format(text) end,
}

local function packed(...) return { n = select("#", ...), ... } end

-- The values of an answer; or the end of the check. `call` is what was called, of `made_call`, or what was done.
local function answered(call, ok, ...)
  if ok then
    if type(call) == "table" then call.results = packed(...) end
    return ...
  end
  local kind, text = ...
  trouble = trouble or kind
  if type(call) == "table" then
    call.trouble = kind
    call = call_text(call.name, unpack(call.values, 1, call.values.n))
  end
  expectations.fail(("%s: %s"):format(call, sentences[kind](text)))
end

local function without_self(object, ...)
  if select("#", ...) > 0 and rawequal(object, (...)) then return select(2, ...) end
  return ...
end

local object_type = {}

local Stop = {}

-- Every call of the student's code is a move of the check, and a replay ends before one of them. The last ones are kept
-- for the picture of a failure, as values: most checks do not fail, and texts cost more.
local function made_call(object, name, ...)
  local values = packed(without_self(object, ...))
  if functions.move() then
    replayed = { object = object, call = call_text(name, unpack(values, 1, values.n)) }
    error(Stop, 0)
  end
  calls_made = calls_made + 1
  local call = { number = calls_made, object = object, name = name, values = values }
  calls[calls_made % calls_kept + 1] = call
  return call
end

-- What came back, for the picture; `label` names objects.
local function results_text(call, label)
  if call.trouble then return call.trouble == "x" and "an error" or "no answer" end
  if not call.results then return "" end
  local shown = {}
  for i = 1, call.results.n do
    local value = call.results[i]
    shown[i] = getmetatable(value) == object_type and label(value) or short(value)
  end
  return call.results.n == 0 and "nothing" or table.concat(shown, ", ")
end

-- The last calls of a check as a sequence chart, downwards: what the check asked, what the file answered. Nil where it
-- made none.
local function call_chart(file)
  local rows, labels, objects, width = {}, {}, 0, 0
  local function label(object)  -- numbered as they come into the picture; the module itself has no name
    if rawget(object, "reference") == 0 then return "the module" end
    local key = rawget(object, "instance") .. " " .. rawget(object, "reference")
    if not labels[key] then
      objects = objects + 1
      labels[key] = "object " .. objects
    end
    return labels[key]
  end
  for number = math.max(1, calls_made - calls_kept + 1), calls_made do
    local call = calls[number % calls_kept + 1]
    rows[#rows + 1] = call
    label(call.object)
  end
  if #rows == 0 then return nil end
  local several = objects > 1
  for _, call in ipairs(rows) do
    local text = call_text(call.name, unpack(call.values, 1, call.values.n))
    if several and rawget(call.object, "reference") ~= 0 then text = label(call.object) .. ": " .. text end
    call.text = term.width(text) <= 44 and text or term.truncate(text, 44)
    width = math.max(width, term.width(call.text))
  end
  local out = { term.pad("", 8) .. term.pad("check", width + 7) .. file }
  for i, call in ipairs(rows) do
    out[#out + 1] = term.glyphs(("%6d  ●─%s─%s▶│ %s%s"):format(call.number, call.text,
      ("─"):rep(width - term.width(call.text)), results_text(call, label), i == #rows and "  ✗" or ""))
  end
  return table.concat(out, "\n")
end

local function make_object(instance, reference)
  local objects = loads[instance].objects
  local object = objects[reference]
  if not object then
    object = setmetatable({ instance = instance, reference = reference }, object_type)
    objects[reference] = object
  end
  return object
end

function object_type.__index(object, name)
  if type(name) ~= "string" then return nil end
  return function(...)
    local instance = rawget(object, "instance")
    local owner = loads[instance] and loads[instance].owner
    if not owner then error("this object belongs to a run of the check that is over", 2) end
    local call = made_call(object, name, ...)
    return answered(call, functions.call(owner, instance, rawget(object, "reference"), name, ...))
  end
end

function object_type.__call(object, ...)
  local instance = rawget(object, "instance")
  local call = made_call(object, "the function", ...)
  return answered(call, functions.call(loads[instance].owner, instance, rawget(object, "reference"), false, ...))
end

function object_type.__newindex() error("an object of the student's code cannot be changed from here", 2) end
function object_type.__tostring(object) return "student's object " .. rawget(object, "reference") end

functions.registry["syslab.student_object"] = object_type
functions.registry["syslab.make_student_object"] = make_object
functions.registry = nil

--- submission:load{ arguments = { ... }, seed =, budget =, memory = }
function submission.load(self, options)
  options = options or {}
  for key in pairs(options) do
    if not load_options[key] then
      error(("bad option '%s' for load%s"):format(tostring(key), host.did_you_mean(tostring(key), load_options)), 2)
    end
  end
  last_instance = last_instance + 1
  local instance = last_instance
  loads[instance] = { owner = self, objects = setmetatable({}, { __mode = "v" }) }
  answered("loading the file", functions.load(self, instance, options.seed or current_seed,
    options.budget or limits.budget or defaults.budget, options.memory or limits.memory or defaults.memory,
    unpack(options.arguments or {})))
  return make_object(instance, 0)
end

--- submission:get(object, name): a field of an object
function submission.get(self, object, name)
  if getmetatable(object) ~= object_type then error("expected an object of the student's code", 2) end
  return answered(call_text("reading " .. tostring(name)),
    functions.get(self, rawget(object, "instance"), rawget(object, "reference"), name))
end

--- submission:printed()
function submission.printed(self)
  local texts = {}
  for instance = 1, last_instance do
    if loads[instance] and loads[instance].owner == self then
      local ok, text = functions.output(self, instance)
      if ok then texts[#texts + 1] = text end
    end
  end
  return table.concat(texts)
end

--- A submission from a file's text. `uses`: the components of `lab` that it may use. `direct`, for tests: its nodes are
-- isolates of the world, and not spoken to by messages as one speaks to a worker.
function submission.open(name, source, uses, direct)
  return functions.open(name, source, uses or {}, direct or false)
end

--- Ends whatever runs a submission.
function submission.close(opened) functions.close(opened) end

local statuses = { x = "error", b = "budget", m = "memory", g = "died", t = "time" }

-- Before a check is run; a replay stops before a move, or in it just before a moment of the world.
local function begin(opened, part, seed, stop_before, moment)
  current_seed, limits, trouble, replayed = seed, part, nil, nil
  loads, last_instance, calls, calls_made = {}, 0, {}, 0
  math.randomseed(seed)
  functions.begin_check(opened, stop_before or 0, moment)
end

-- When and on which node it went wrong: what the check says; or where the student's node raised an error; or the last
-- thing that happened at a node of the student's, whose consequence the check has seen.
local function moment_of(world, where, crashes, nodes)
  local now = world:now()
  if type(where) == "table" then
    local at = type(where.at) == "number" and math.min(math.max(where.at, 0), now) or now
    return at, type(where.node) == "string" and where.node or nil
  end
  if crashes[1] then return crashes[1].at, crashes[1].node end
  local trace = world:trace_events()
  for i = #trace, 1, -1 do
    if nodes[trace[i].node] and trace[i].kind ~= "send" then return trace[i].at, trace[i].node end
  end
  return now
end

--- Runs a part's check on a submission with a seed. Returns the share of the points that it earns (1 or what the check
-- returned, 0 where it failed), the sentence, and how it ended: "passed", "failed", "error" (the code raised one),
-- "budget", "memory", "time", "died", or "broken" (the check itself). In the end, where it failed, what it was like:
-- { at = seconds and node = name (both only in a world), diagram = text }.
function submission.check(opened, part, seed)
  local world_before = host.world()
  begin(opened, part, seed)
  local ok, message, broken, detail = expectations.run(part.check, opened, seed)
  local share = ok and detail or nil
  local over = functions.over(opened)
  local printed = (ok or over) and "" or submission.printed(opened)
  local crashes, nodes = functions.crashes(opened), functions.nodes(opened)
  local world, scene = host.world(), nil
  if world and world ~= world_before then
    if not ok then
      local at, node = moment_of(world, detail, crashes, nodes)
      scene = { at = at, node = node, diagram = tostring(world_view.scene(world, at, node, scene_rows)) }
    end
    world:close()
  elseif not ok and calls_made > 0 then
    scene = { diagram = call_chart(functions.name(opened)) }
  end
  for instance, at in pairs(loads) do functions.drop(at.owner, instance) end
  loads, last_instance, calls, calls_made = {}, 0, {}, 0
  if ok and not over then
    if share == nil then return 1, nil, "passed" end
    if type(share) == "number" and share >= 0 and share <= 1 then
      if share == 1 then return 1, nil, "passed" end
      return share, ("this earns %g of the points"):format(share), "failed"
    end
    return 0, ("the check returned %s, which is no share of the points"):format(tostring(share)), "broken"
  end
  if ok then message = "the program ended before its check did" end
  for i = 1, math.min(#crashes, 3) do
    local crash = crashes[i]
    message = ("%s\n%s crashed at %.6g s: %s"):format(message, crash.node, crash.at, crash.text)
  end
  if printed ~= "" then message = message .. "\nprinted: " .. printed:sub(1, 400):gsub("%s+$", "") end
  return 0, message, statuses[over or trouble] or broken and "broken" or "failed", scene
end

--- Runs a check that is known to fail once more and stops just before the failure: in a world just before the moment
-- of it, otherwise before the last call. Returns what is there, as far as it applies: { world =, at = and node = where
-- it fails, object =, call = }.
function submission.replay(opened, part, seed)
  local world_before = host.world()
  begin(opened, part, seed)
  local _, _, _, detail = expectations.run(part.check, opened, seed)
  local last_move, moment, there = functions.moves_made(), nil, {}
  local world = host.world()
  if world and world ~= world_before then
    there.at, there.node = moment_of(world, detail, functions.crashes(opened), functions.nodes(opened))
    local move = functions.move_at(world, there.at)
    if move > 0 then last_move, moment = move, there.at end
    world:close()
  end
  begin(opened, part, seed, last_move, moment)
  expectations.run(part.check, opened, seed)
  functions.begin_check(opened, 0)
  if there.at then there.world = host.world() end
  there.object, there.call = replayed and replayed.object, replayed and replayed.call
  return there
end

return submission

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

local submission = {}

local scene_rows = 10

local defaults = { budget = 10000000, memory = 64 * 2 ^ 20 }
local load_options = { arguments = true, seed = true, budget = true, memory = true }

-- What the running check has loaded: by instance { owner =, objects = weak table by reference }.
local loads, last_instance = {}, 0
local current_seed, limits = 1, {}
local replayed  -- where a replay has stopped: { object =, call = }
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

-- The values of an answer; or the end of the check.
local function answered(what, ok, kind, text, ...)
  if ok then return kind, text, ... end
  trouble = trouble or kind
  expectations.fail(("%s: %s"):format(what, sentences[kind](text)))
end

local function without_self(object, ...)
  if select("#", ...) > 0 and rawequal(object, (...)) then return select(2, ...) end
  return ...
end

local object_type = {}

local Stop = {}

-- Every call of the student's code is a move of the check; a replay ends before the last one.
local function move(object, name, ...)
  if not functions.move() then return end
  replayed = { object = object, call = call_text(name, without_self(object, ...)) }
  error(Stop, 0)
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
    move(object, name, ...)
    return answered(call_text(name, without_self(object, ...)),
      functions.call(owner, instance, rawget(object, "reference"), name, ...))
  end
end

function object_type.__call(object, ...)
  local instance = rawget(object, "instance")
  move(object, "the function", ...)
  return answered(call_text("the function", ...),
    functions.call(loads[instance].owner, instance, rawget(object, "reference"), false, ...))
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

--- A submission from a file's text. `uses`: the components of `lab` that it may use; `loopback`: speak to its nodes by
-- messages in this process, too, as one does to a worker.
function submission.open(name, source, uses, loopback)
  return functions.open(name, source, uses or {}, loopback or false)
end

--- Ends whatever runs a submission.
function submission.close(opened) functions.close(opened) end

local statuses = { x = "error", b = "budget", m = "memory", g = "died", t = "time" }

--- Runs a part's check on a submission with a seed. Returns the share of the points that it earns (1 or what the check
-- returned, 0 where it failed), the sentence, and how it ended: "passed", "failed", "error" (the code raised one),
-- "budget", "memory", "time", "died", or "broken" (the check itself). In the end, where the check has made a world and
-- failed, what it was like: { at = seconds, diagram = text }.
function submission.check(opened, part, seed)
  current_seed, limits, trouble = seed, part, nil
  local world_before = host.world()
  functions.begin_moves(0)
  math.randomseed(seed)
  local ok, message, broken, share = expectations.run(part.check, opened, seed)
  local over = functions.over(opened)
  local printed = (ok or over) and "" or submission.printed(opened)
  local crashes = functions.crashes(opened)
  for instance, at in pairs(loads) do functions.drop(at.owner, instance) end
  loads, last_instance = {}, 0
  local world, scene = host.world(), nil
  if world and world ~= world_before then
    if not ok then scene = { at = world:now(), diagram = tostring(world:messages { rows = scene_rows }) } end
    world:close()
  end
  if ok and not over then
    if share == nil then return 1, nil, "passed" end
    if type(share) == "number" and share >= 0 and share <= 1 then
      if share == 1 then return 1, nil, "passed" end
      return share, ("this earns %g of the points"):format(share), "failed"
    end
    return 0, ("the check returned %s, which is no share of the points"):format(tostring(share)), "broken"
  end
  if ok then message = "the program ended before its check did" end
  if #crashes > 0 then message = message .. "\n" .. table.concat(crashes, "\n", 1, math.min(#crashes, 3)) end
  if printed ~= "" then message = message .. "\nprinted: " .. printed:sub(1, 400):gsub("%s+$", "") end
  return 0, message, statuses[over or trouble] or broken and "broken" or "failed", scene
end

--- Runs a check that is known to fail once more and stops before its last move. Returns what is there: { world =,
-- object =, call =, at = the time at which it failed }, all of them if they apply.
function submission.replay(opened, part, seed)
  local world_before = host.world()
  local function run(stop_before)
    current_seed, limits, trouble, replayed = seed, part, nil, nil
    loads, last_instance = {}, 0
    math.randomseed(seed)
    functions.begin_moves(stop_before)
    expectations.run(part.check, opened, seed)
    return functions.moves_made()
  end
  local made = run(0)
  local world = host.world()
  local at = world and world ~= world_before and world:now() or nil
  run(made)
  functions.begin_moves(0)
  world = host.world()
  return { world = world ~= world_before and world or nil, at = at, object = replayed and replayed.object,
    call = replayed and replayed.call }
end

return submission

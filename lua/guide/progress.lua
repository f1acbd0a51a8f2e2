--- What a learner has done: one small JSON file that can be copied to another machine.
--
--     {"labs":{"quickstart":{"at":"reuse","steps":{"first_cache":{"guess":"b","hints":1,"passed":true}}}},"version":1}
--
-- Steps go by their names, so that a new step moves no mark. A file that cannot be read is set aside and told of;
-- nothing here raises an error for what the file holds.

local host = ...
local program = host.program
local json = require "json"

local progress = {}

local file_name = "progress.json"
local version = 1

local told = false
local function tell(text)
  if not told then program.error_write("progress: " .. text .. "\n") end
  told = true
end

-- Whatever somebody wrote there becomes a table of the right shape.
local function table_or_empty(x) return type(x) == "table" and x ~= json.null and x or {} end

local function clean_lab(x)
  local lab = { at = nil, steps = {} }
  x = table_or_empty(x)
  if type(x.at) == "string" then lab.at = x.at end
  for name, step in pairs(table_or_empty(x.steps)) do
    if type(name) == "string" and type(step) == "table" then
      lab.steps[name] = {
        passed = step.passed == true or nil,
        skipped = step.skipped == true or nil,
        hints = type(step.hints) == "number" and step.hints or nil,
        guess = (type(step.guess) == "string" or type(step.guess) == "number") and step.guess or nil,
      }
      if type(step.right) == "boolean" then lab.steps[name].right = step.right end
    end
  end
  return lab
end

--- The progress in a text: { NAME = { at =, steps = } }; nil and why not; nil, why and true if it is a newer syslab's.
function progress.read(text)
  local data, message = json.decode(text)
  if data == nil then return nil, message end
  if type(data) ~= "table" or data == json.null then return nil, "it holds no map" end
  if type(data.version) == "number" and data.version > version then
    return nil, ("it was written by a newer syslab (format %g, this one knows %d)"):format(data.version, version), true
  end
  local labs = {}
  for name, lab in pairs(table_or_empty(data.labs)) do
    if type(name) == "string" then labs[name] = clean_lab(lab) end
  end
  return labs
end

--- The text for progress.read.
function progress.text(labs)
  return json.encode({ version = version, labs = labs }) .. "\n"
end

-- All labs' progress, and whether it may be written back.
local function load_all()
  local text, message = program.read_state(file_name)
  if not text then
    if message then tell(message) end
    return {}, not message
  end
  local labs, problem, newer = progress.read(text)
  if labs then return labs, true end
  if newer then
    tell(problem .. "; it is left as it is, and this time nothing is kept")
    return {}, false
  end
  local aside, failure = program.set_aside_state(file_name)
  if not aside then
    tell(("the file is broken (%s), and %s"):format(problem, failure))
    return {}, false
  end
  program.error_write(("progress: the file was broken (%s); it is now %s, and you start anew\n"):format(problem, aside))
  return {}, true
end

--- The progress of all labs.
function progress.all() return (load_all()) end

--- The progress of a lab: { at = step name or nil, steps = { NAME = { passed =, hints =, guess = ... } } }.
function progress.of(name) return progress.all()[name] or { steps = {} } end

--- Keeps the progress of a lab; nil forgets it. What other labs wrote meanwhile stays. Returns whether it was kept.
function progress.keep(name, entry)
  local labs, writable = load_all()
  if not writable then return false end
  labs[name] = entry
  local ok, message = program.write_state(file_name, progress.text(labs))
  if not ok then tell(message .. "; nothing is kept") end
  return ok == true
end

--- Forgets everything. Returns whether it did.
function progress.forget_all()
  local ok, message = program.write_state(file_name, progress.text {})
  if not ok then tell(message) end
  return ok == true
end

return progress

--- Guided labs: `syslab lab ...` and the lab that is open at the prompt.
--
-- A lab is a folder labs/NAME with README.md and lab.lua; docs/writing_a_lab.md says what is in it.

local host = ...
local program = host.program

local human = require "human"
local term = require "term"
local definition = require "guide.definition"
local progress = require "guide.progress"

local lab = {}

local function say(text) host.write(text .. "\n") end
local function complain(text) program.error_write(text .. "\n") end

-- The definition of a lab that the person named, or nil and the exit code, with the reason told.
local function find(name)
  local names = program.labs()
  for _, known in ipairs(names) do
    if known == name then
      local found, message = definition.load(name)
      if found then return found end
      complain("error: " .. message)
      return nil, 1
    end
  end
  local near = program.nearest(name, names)
  complain(("error: there is no lab '%s' (%s)"):format(name, near and "did you mean '" .. near .. "'?" or
    "syslab lab lists them"))
  return nil, 2
end

-- Under which name progress is kept of a part. No step is called so.
local function part_key(part) return "part " .. part.name end

-- How many of a lab's steps or parts are passed, and whether any was tried.
local function passed_of(names, entry)
  local passed, seen = 0, false
  for _, name in ipairs(names) do
    local mark = entry and entry.steps[name]
    if mark then seen = true end
    if mark and mark.passed then passed = passed + 1 end
  end
  return passed, seen
end

-- How far a lab is: its sign, and in words.
local function state_of(found, entry)
  local steps, keys = {}, {}
  for i, step in ipairs(found.steps) do steps[i] = step.name end
  for i, part in ipairs(found.parts) do keys[i] = part_key(part) end
  local walked, seen = passed_of(steps, entry)
  local built, tried = passed_of(keys, entry)
  if walked == #steps and built == #keys then return "done", "done" end
  if not seen and not tried then return "new", "" end
  local words = {}
  if #steps > 0 then words[#words + 1] = ("%d of %d steps"):format(walked, #steps) end
  if #keys > 0 then words[#words + 1] = ("%d of %d parts"):format(built, #keys) end
  return "open", table.concat(words, ", ")
end

local signs = { done = { "✓", "ok" }, open = { "▶", "warn" }, new = { "·", "dim" } }

-- The labs where something is wrong with what comes before what: sorted without what there is not.
local function known_only(labs)
  local known, kept = {}, {}
  for _, found in ipairs(labs) do known[found.name] = true end
  for i, found in ipairs(labs) do
    kept[i] = setmetatable({ after = {} }, { __index = found })
    for _, before in ipairs(found.after) do
      if known[before] then table.insert(kept[i].after, before) end
    end
  end
  return definition.sorted(kept) or labs
end

-- The course map as a tree, from sorted labs: each hangs on the one that it comes after, of several the last. Returns
-- rows: { lab =, branch = what is drawn before its name, parent = name or nil }.
local function tree_of(sorted)
  local place, children, roots = {}, {}, {}
  for i, found in ipairs(sorted) do
    local parent
    for _, before in ipairs(found.after) do
      if place[before] and (not parent or place[before] > place[parent]) then parent = before end
    end
    place[found.name] = i
    local siblings = roots
    if parent then
      children[parent] = children[parent] or {}
      siblings = children[parent]
    end
    siblings[#siblings + 1] = { lab = found, parent = parent }
  end
  local rows = {}
  local function add(row, branch, below)
    row.branch = branch
    rows[#rows + 1] = row
    local list = children[row.lab.name] or {}
    for i, child in ipairs(list) do
      add(child, below .. (i == #list and "└ " or "├ "), below .. (i == #list and "  " or "│ "))
    end
  end
  for _, row in ipairs(roots) do add(row, "", "") end
  return rows
end

--- syslab lab, syslab lab list: the course map, as a tree of what comes after what.
function lab.list()
  local names, labs, failed = program.labs(), {}, false
  for _, name in ipairs(names) do
    local found, message = definition.load(name)
    if found then
      labs[#labs + 1] = found
    else
      complain("error: " .. message)
      failed = true
    end
  end
  if #labs == 0 then
    say("(no labs are installed)")
    return failed and 1 or 0
  end
  local sorted, problem = definition.sorted(labs)
  if not sorted then
    complain("error: " .. problem)
    failed = true
    sorted = known_only(labs)
  end
  local rows = tree_of(sorted)
  local all, width = progress.all(), 0
  for _, row in ipairs(rows) do width = math.max(width, term.width(row.branch .. row.lab.name)) end
  local states, next_one = {}, nil
  for _, found in ipairs(sorted) do states[found.name] = state_of(found, all[found.name]) end
  for _, row in ipairs(rows) do
    local found = row.lab
    local state, words = state_of(found, all[found.name])
    local ready, missing = true, {}
    for _, before in ipairs(found.after) do
      ready = ready and states[before] == "done"
      if before ~= row.parent and states[before] ~= "done" then missing[#missing + 1] = before end
    end
    if state ~= "done" and ready and (not next_one or state == "open" and states[next_one] ~= "open") then
      next_one = found.name
    end
    local sign = signs[state]
    if state == "new" and #missing > 0 then words = "also after " .. table.concat(missing, ", ") end
    say(("%s %s  %3d min  %s"):format(term.paint(sign[2], term.glyphs(sign[1])),
      term.paint("dim", term.glyphs(row.branch)) .. term.pad(found.name, width - term.width(row.branch)), found.minutes,
      term.glyphs(found.title)) .. (words ~= "" and term.paint("dim", "  (" .. words .. ")") or ""))
  end
  if next_one then
    say("")
    say((states[next_one] == "open" and "Go on: " or "Start: ") .. term.paint("strong", "syslab lab " .. next_one))
  end
  return failed and 1 or 0
end

--- syslab lab check NAME FILE: how far a submission is.
function lab.check_file(name, path)
  local found, code = find(name)
  if not found then return code end
  if #found.parts == 0 then
    complain(("error: %s has nothing to hand in; syslab lab check %s looks at the lab"):format(name, name))
    return 2
  end
  local source, message = program.read_file(path)
  if not source then
    complain("error: " .. message)
    return 2
  end
  local parts = require "guide.parts"
  local results, sum = parts.score(found, path:match "[^/]*$", source, function(part)
    return parts.first_seeds(part.seeds or parts.seeds)
  end)
  parts.tell(results, say, function(result)
    return ("syslab lab replay %s %s %s %g"):format(name, path, result.name, result.seed)
  end)
  local all = parts.points(found)
  say(("%s: %g of %g points"):format(name, sum, all))
  local entry = progress.of(name)
  for i, part in ipairs(found.parts) do
    -- What was passed once stays passed.
    local key = part_key(part)
    entry.steps[key] = entry.steps[key] or {}
    entry.steps[key].passed = entry.steps[key].passed or results[i].ok or nil
  end
  progress.keep(name, entry)
  if sum == all then
    if program.list_data("tests/labs/" .. name)[1] then
      say(("The reference solution: syslab lab solution %s"):format(name))
    end
    return 0
  end
  return 1
end

--- syslab lab start NAME FILE: the file to begin with.
function lab.start(name, path)
  local found, code = find(name)
  if not found then return code end
  local starter = host.read_data("labs/" .. name .. "/starter.lua")
  if not starter then
    complain(("error: %s has nothing to hand in; syslab lab %s opens it"):format(name, name))
    return 2
  end
  local ok, message = program.make_file(path, starter)
  if not ok then
    complain("error: " .. message)
    return 1
  end
  say(("%s is yours to write. What to write: %s"):format(path, program.data_path("labs/" .. name .. "/README.md")))
  say(("Next: %s"):format(term.paint("strong", ("syslab lab watch %s %s"):format(name, path))))
  return 0
end

--- syslab lab watch NAME FILE: a check after each time that the file is saved, until Ctrl-C.
function lab.watch(name, path)
  local found, code = find(name)
  if not found then return code end
  local terminal = host.terminal().tty
  local first = true
  while program.wait_for_change(path) do
    if terminal then host.write "\27[2J\27[H" elseif not first then say "" end
    code = lab.check_file(name, path)
    if code == 2 and first then return 2 end
    first = false
    say(term.paint("dim", ("(watching %s; Ctrl-C ends it)"):format(path)))
  end
  return code
end

-- The part of a lab by its name; or nil, with the reason told.
local function find_part(found, name)
  local names = {}
  for i, part in ipairs(found.parts) do
    if part.name == name then return part end
    names[i] = part.name
  end
  local near = program.nearest(name, names)
  complain(("error: %s has no part '%s' (%s)"):format(found.name, name, near and "did you mean '" .. near .. "'?" or
    "it has " .. table.concat(names, ", ")))
end

--- syslab lab replay NAME FILE PART SEED: what was there just before the check failed, in the variables of the prompt:
--- `w`, the world, or `object`, on which the call comes that fails.
function lab.replay(name, path, part_name, seed)
  local found, code = find(name)
  if not found then return code end
  local part = find_part(found, part_name)
  if not part then return 2 end
  local source, message = program.read_file(path)
  if not source or not tonumber(seed) then
    complain("error: " .. (message or ("the seed should be a number, not '%s'"):format(seed)))
    return 2
  end
  local parts, submission = require "guide.parts", require "guide.submission"
  local result = parts.run_alone(found, part, path:match "[^/]*$", source, { tonumber(seed) })
  if result.ok then
    say(("%s passes part %s with seed %s: there is nothing to go back to"):format(path, part.name, seed))
    return 0
  end
  result.hidden = nil  -- who asks to be led back may know
  parts.tell({ result }, say, function() return "this is it" end)
  local opened = submission.open(path:match "[^/]*$", source, found.uses)
  local there = submission.replay(opened, part, tonumber(seed))
  rawset(_G, "submission", opened)
  if there.world then
    rawset(_G, "w", there.world)
    say(("`w` is the world at %s, just before the moment of the failure, %s%s. Try w:step(), w:messages{}, w:show(), "
      .. "w:run(seconds)."):format(human.instant(there.world:now(), 9), human.instant(there.at, 9),
      there.node and " on node " .. there.node or ""))
  end
  if there.object then
    rawset(_G, "object", there.object)
    say(("The check's last call is `object:%s`; `object` is what it is called on."):format(there.call))
  end
  if not there.world and not there.object then
    say("It fails before the check has called anything: when the file is loaded. `submission:load()` does that.")
  end
  return 1
end

--- syslab lab solution NAME: the reference solution, for who has one of their own.
function lab.solution(name)
  local found, code = find(name)
  if not found then return code end
  local solution = host.read_data("tests/labs/" .. name .. "/solution.lua")
  if #found.parts == 0 or not solution then
    complain(("error: there is no reference solution of %s here"):format(name))
    return 1
  end
  local entry = progress.of(name)
  for _, part in ipairs(found.parts) do
    local mark = entry.steps[part_key(part)]
    if not (mark and mark.passed) then
      complain(("the reference solution can be read once you have passed all parts; part %s is open"):format(part.name))
      return 1
    end
  end
  host.write(solution)
  return 0
end

--- syslab lab new NAME: a working lab, to be changed into another.
function lab.new(name)
  if not name:find "^[a-z][a-z0-9%-]*$" then
    complain(("error: '%s' is no name for a lab: small letters, digits and -"):format(name))
    return 2
  end
  local paths = {}
  for path, text in pairs(require("guide.template").files(name)) do
    local ok, message = program.make_file(program.data_path(path), text)
    if not ok then
      complain("error: " .. message)
      return 1
    end
    paths[#paths + 1] = path
  end
  for _, path in ipairs(paths) do say(path) end
  say(("It works: %s. docs/writing_a_lab.md says more."):format(term.paint("strong", "syslab lab verify " .. name)))
  return 0
end

--- syslab lab verify NAME [--seeds N]: proves that the lab works, as its author needs to know it.
function lab.verify(name, seeds)
  local code = lab.check(name)
  if code ~= 0 then return code end
  local found = find(name)
  if #found.parts == 0 then return 0 end
  local parts = require "guide.parts"
  local good = parts.verify(found, seeds, say)
  say(("%s: %s"):format(name, good and "verified" or "NOT verified"))
  return good and 0 or 1
end

--- syslab lab verify --all
function lab.verify_all(seeds)
  local failed = {}
  for _, name in ipairs(program.labs()) do
    say(term.paint("title", name))
    if lab.verify(name, seeds) ~= 0 then failed[#failed + 1] = name end
  end
  say(#failed == 0 and "all labs are verified" or "not verified: " .. table.concat(failed, ", "))
  return #failed == 0 and 0 or 1
end

--- syslab lab check NAME: runs the lab by itself.
function lab.check(name)
  local found, code = find(name)
  if not found then return code end
  if not (host.read_data("labs/" .. name .. "/README.md") or ""):find("%S") then
    complain(("error: labs/%s/README.md, the handout, is missing"):format(name))
    return 1
  end
  for _, before in ipairs(found.after) do
    local names = {}
    for _, known in ipairs(program.labs()) do names[known] = true end
    if not names[before] then
      complain(("error: %s: there is no lab '%s' to come after%s"):format(name, before,
        host.did_you_mean(before, names)))
      return 1
    end
  end
  if #found.steps == 0 then return 0 end
  return require("guide.verify").run(found, say) and 0 or 1
end

--- syslab lab reset [NAME]: forgets progress.
function lab.reset(name)
  if not name then
    if not progress.forget_all() then return 1 end
    say("(the progress of all labs is forgotten)")
    return 0
  end
  local found, code = find(name)
  if not found and code == 2 then return code end
  if not progress.keep(name, nil) then return 1 end
  say(("(the progress of %s is forgotten)"):format(name))
  return 0
end

-- What there is to hand in, and how to go about it.
local function introduce(found)
  say(term.paint("title", term.glyphs(found.title)) .. term.paint("dim", ("  (%d minutes)"):format(found.minutes)))
  say(term.wrap((found.summary:gsub("%s+", " ")), math.min(term.columns(), 92)))
  say("")
  local entry = progress.of(found.name)
  for _, part in ipairs(found.parts) do
    local mark = entry.steps[part_key(part)]
    local sign = signs[mark and mark.passed and "done" or "new"]
    say(("%s %s  %s, %g points"):format(term.paint(sign[2], term.glyphs(sign[1])), part.name, term.glyphs(part.title),
      part.points))
  end
  say("")
  say(("What to write: %s"):format(program.data_path("labs/" .. found.name .. "/README.md")))
  say(("Begin: %s"):format(term.paint("strong", ("syslab lab start %s my_%s.lua"):format(found.name,
    found.name:gsub("%W", "_")))))
end

--- Opens a lab at the prompt: its first screen, and the dot commands that are about it.
function lab.open(name)
  local found = find(name)
  if not found then return end
  if #found.steps == 0 then
    introduce(found)
    return
  end
  local repl = require "repl"
  local open = require("guide.session").new(found, {
    say = say,
    complain = complain,
    ask = program.ask,
    entry = progress.of(name),
    keep = function(entry) progress.keep(name, entry) end,
    env = _G,
    show = repl.show,
    record = repl.record,
  })
  local function command(method, summary)
    repl.add_command(method, "", summary, function() return open[method](open) end)
  end
  command("go", "Runs the code of the lab's step as it is shown.")
  command("check", "Looks whether the lab's step came out as it should.")
  command("hint", "Gives the next hint for the lab's step.")
  command("next", "Goes to the lab's next step.")
  command("skip", "Goes to the next step without a check.")
  command("again", "Shows the lab's step again.")
  command("where", "Shows how far you are in the lab.")
  open:open()
end

local usages = {
  { "list", "", "the course map, in the order of what needs what, with your progress" },
  { "NAME", "", "opens the lab at the prompt" },
  { "start", "NAME FILE", "copies the lab's starter to FILE" },
  { "check", "NAME [FILE]", "runs the lab by itself; with FILE: how far that is" },
  { "watch", "NAME FILE", "checks FILE again whenever it is saved" },
  { "replay", "NAME FILE PART SEED", "back to the moment before a failure, at the prompt" },
  { "solution", "NAME", "the reference solution, once you have passed" },
  { "reset", "[NAME]", "forgets the progress of a lab, or of all" },
  { "new", "NAME", "writes a lab to begin with, for authors" },
  { "verify", "NAME|--all [--seeds N]", "proves that a lab works, for authors" },
}

local function tell_usage()
  complain "usage:"
  for _, line in ipairs(usages) do
    local call = ("syslab lab %s %s"):format(line[1], line[2]):gsub("%s+$", "")
    complain(("  %s  %s"):format(term.pad(call, 42), line[3]))
  end
  return 2
end

-- The commands: the least and the most arguments, and what they do.
local commands = {
  list = { 0, 0, lab.list },
  check = { 1, 2, function(name, file)
    if file then return lab.check_file(name, file) end
    return lab.check(name)
  end },
  start = { 2, 2, lab.start },
  watch = { 2, 2, lab.watch },
  replay = { 4, 4, lab.replay },
  solution = { 1, 1, lab.solution },
  reset = { 0, 1, lab.reset },
  new = { 1, 1, lab.new },
  verify = { 1, 3, function(name, option, value)
    if name == "--seeds" then name, option, value = value, name, option end
    local seeds = option == "--seeds" and tonumber(value) or not option and 200
    if not name or not seeds or seeds < 1 or seeds ~= math.floor(seeds) then return tell_usage() end
    if name == "--all" then return lab.verify_all(seeds) end
    return lab.verify(name, seeds)
  end },
}

--- What `syslab lab` was called with; returns the exit code.
function lab.main(first, ...)
  if not first then return lab.list() end
  local command, given = commands[first], select("#", ...)
  if command then
    if given < command[1] or given > command[2] then return tell_usage() end
    return command[3](...)
  end
  if given > 0 or first:find "^%-" then return tell_usage() end
  -- A name, but nobody at a terminal: the lab runs by itself.
  local found, code = find(first)
  if not found then return code end
  if #found.steps == 0 then
    introduce(found)
    return 0
  end
  complain(("(no terminal: this is syslab lab check %s)"):format(first))
  return lab.check(first)
end

return lab

--- Guided labs: `syslab lab ...` and the lab that is open at the prompt.
--
-- A lab is a folder labs/NAME with README.md and lab.lua; docs/writing_a_lab.md says what is in it.

local host = ...
local program = host.program

local term = require "term"
local definition = require "guide.definition"
local progress = require "guide.progress"

local lab = {}

local usage =
  "usage: syslab lab [list | NAME | check NAME [FILE] | verify NAME|--all [--seeds N] | reset [NAME]]"

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

-- How far a lab is: its sign, and in words.
local function state_of(found, entry)
  local passed, seen = 0, false
  for _, step in ipairs(found.steps) do
    local mark = entry and entry.steps[step.name]
    if mark then seen = true end
    if mark and mark.passed then passed = passed + 1 end
  end
  if #found.steps > 0 and passed == #found.steps then return "done", "done" end
  if seen then return "open", ("%d of %d steps"):format(passed, #found.steps) end
  return "new", ""
end

local signs = { done = { "✓", "ok" }, open = { "▶", "warn" }, new = { "·", "dim" } }

--- syslab lab, syslab lab list: the course map.
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
    sorted, failed = labs, true
  end
  local all, width = progress.all(), 0
  for _, found in ipairs(sorted) do width = math.max(width, term.width(found.name)) end
  local states, next_one = {}, nil
  for _, found in ipairs(sorted) do
    local state, words = state_of(found, all[found.name])
    states[found.name] = state
    local ready = true
    for _, before in ipairs(found.after) do ready = ready and states[before] == "done" end
    if state ~= "done" and ready and (not next_one or state == "open" and states[next_one] ~= "open") then
      next_one = found.name
    end
    local sign = signs[state]
    local later = #found.after > 0 and state == "new" and not ready
    if later then words = words .. "after " .. table.concat(found.after, ", ") end
    say(("%s %s  %3d min  %s"):format(term.paint(sign[2], term.glyphs(sign[1])), term.pad(found.name, width),
      found.minutes, term.glyphs(found.title)) .. (words ~= "" and term.paint("dim", "  (" .. words .. ")") or ""))
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
  parts.tell(results, say)
  local all = parts.points(found)
  say(("%s: %g of %g points"):format(name, sum, all))
  return sum == all and 0 or 1
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

--- Opens a lab at the prompt: its first screen, and the dot commands that are about it.
function lab.open(name)
  local found = find(name)
  if not found then return end
  if #found.steps == 0 then
    complain(("error: %s has no steps to walk through; read labs/%s/README.md"):format(name, name))
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

--- What `syslab lab` was called with; returns the exit code.
function lab.main(first, second, third, fourth, more)
  if not first or first == "list" and not second then return lab.list() end
  if first == "check" and second and not fourth then
    if third then return lab.check_file(second, third) end
    return lab.check(second)
  end
  if first == "verify" and second and (not third or third == "--seeds") and not more then
    local seeds = third and tonumber(fourth) or not third and 200
    if seeds and seeds >= 1 and seeds == math.floor(seeds) then
      if second == "--all" then return lab.verify_all(seeds) end
      return lab.verify(second, seeds)
    end
  end
  if first == "reset" and not third then return lab.reset(second) end
  if first == "check" or first == "verify" or first == "reset" or first == "list" or second or first:find("^%-") then
    complain(usage)
    return 2
  end
  -- A name, but nobody at a terminal: the lab runs by itself.
  local found, code = find(first)
  if not found then return code end
  complain(("(no terminal: this is syslab lab check %s)"):format(first))
  return lab.check(first)
end

return lab

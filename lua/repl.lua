--- The prompt's side of the program: how results are echoed, the dot commands, the record of a session.
--
-- The C++ side (bindings/program/engine.cpp) reads, compiles, runs, and explains errors; it calls `show`,
-- `command`, `record` here. `host.program` holds what it offers in return.

local host = ...
local program = host.program

local term = require "term"

local repl = {}

local function say(text) host.write(text .. "\n") end
local function complain(text) program.error_write(text .. "\n") end

-- Echo
-- ---------------------------------------------------------------------------------------------------------

--- Prints the results of an input, tab-separated if each takes one line; trailing nils are left out. The first
-- result is kept in `_`.
function repl.show(...)
  local n = select("#", ...)
  if n > 0 and select(1, ...) ~= nil then rawset(_G, "_", (select(1, ...))) end
  while n > 0 and select(n, ...) == nil do n = n - 1 end
  if n == 0 then return end
  local pretty = require "pretty"
  local texts, one_line = {}, true
  for i = 1, n do
    texts[i] = pretty.format((select(i, ...)))
    one_line = one_line and not texts[i]:find("\n", 1, true)
  end
  say(table.concat(texts, one_line and "\t" or "\n"))
end

-- Dot commands
-- ---------------------------------------------------------------------------------------------------------

-- name -> { arguments, summary, run(argument) -> false if it failed }
local commands = {}
local order = {}

--- Adds a dot command. `run` gets the text after the name; it returns false when it failed and has said why.
function repl.add_command(name, arguments, summary, run)
  if not commands[name] then order[#order + 1] = name end
  commands[name] = { arguments = arguments, summary = summary, run = run }
end

-- What the session (bindings/program/session.cpp) itself does, here for the list and for pipes.
local function needs_terminal(name)
  return function()
    complain("." .. name .. ": checkpoints exist only at a prompt in a terminal")
    return false
  end
end

--- The names of all dot commands, sorted.
function repl.command_names()
  local names = {}
  for i, name in ipairs(order) do names[i] = name end
  table.sort(names)
  return names
end

--- Runs a dot command; returns whether it went well.
function repl.command(name, argument)
  local found = commands[name]
  if not found then
    local starting = {}
    for _, other in ipairs(repl.command_names()) do
      if other:sub(1, #name) == name then starting[#starting + 1] = other end
    end
    if #starting == 1 then
      found = commands[starting[1]]
    else
      local meant = #starting > 1 and "could be ." .. table.concat(starting, " .") or nil
      if not meant then
        local near = program.nearest(name, repl.command_names())
        meant = near and "did you mean ." .. near .. "?" or ".help commands lists them"
      end
      complain("error: there is no command ." .. name .. " (" .. meant .. ")")
      return false
    end
  end
  return found.run(argument) ~= false
end

local function need(argument, usage)
  if argument ~= "" then return true end
  complain("error: usage: " .. usage)
  return false
end

-- The world made last, or nil with a complaint.
local function the_world()
  local world = program.world()
  if not world then complain("error: there is no world yet; make one: w = lab.world{ seed = 1 }") end
  return world
end

--- The world made last; what a saved session uses for .step, .run and .until.
repl.world = program.world

-- A number, or a Lua expression for one ("5*s").
local function number_from(text, what)
  local f, message = host.compile("return " .. text, "=" .. what)
  if not f then
    complain("error: " .. message)
    return nil
  end
  local value = f()
  if type(value) == "number" then return value end
  complain("error: " .. what .. " needs a number, got " .. type(value))
end

local function world_time(world)
  return require("human").duration(world:now())
end

repl.add_command("step", "[n]", "Runs the next event of the last world, or n of them.", function(argument)
  local world = the_world()
  if not world then return false end
  local n = argument == "" and 1 or number_from(argument, ".step")
  if not n then return false end
  local done = world:step(n)
  if done < n then say("(no more event is waiting)") end
  say("(at " .. world_time(world) .. ")")
  repl.record_lua(("require('repl').world():step(%d)"):format(n))
end)

repl.add_command("run", "seconds", "Runs the last world for so long.", function(argument)
  if not need(argument, ".run seconds, for example .run 5 or .run 200*ms") then return false end
  local world = the_world()
  local seconds = world and number_from(argument, ".run")
  if not seconds then return false end
  world:run(seconds)
  say("(at " .. world_time(world) .. ")")
  repl.record_lua("require('repl').world():run(" .. argument .. ")")
end)

repl.add_command("until", "condition", "Runs the last world until the Lua expression is true.", function(argument)
  if not need(argument, ".until condition, for example .until w:now() >= 3") then return false end
  local world = the_world()
  if not world then return false end
  local f, message = host.compile("return " .. argument, "=.until")
  if not f then
    complain("error: " .. message)
    return false
  end
  local reached = world:run_until(f)
  say((reached == false and "(not reached, at " or "(at ") .. world_time(world) .. ")")
  repl.record_lua("require('repl').world():run_until(function() return " .. argument .. " end)")
end)

repl.add_command("trace", "[n]", "Shows the last n events of the last world (20).", function(argument)
  local world = the_world()
  if not world then return false end
  local n = argument == "" and 20 or number_from(argument, ".trace")
  if not n then return false end
  local human = require "human"
  for _, event in ipairs(world:trace_events(n)) do
    local who = event.node or ""
    if event.peer then who = who .. term.glyphs " → " .. event.peer end
    local text = term.pad(human.duration(event.at), 12, "right") .. "  " .. term.pad(event.kind, 10) .. "  "
      .. term.pad(who, 18) .. "  " .. term.clean(event.label or "")
    say(term.truncate((text:gsub("%s+$", "")), term.columns()))
  end
end)

local loaded_file

repl.add_command("load", "file", "Runs a Lua file in this lab.", function(argument)
  if not need(argument, ".load file.lua") then return false end
  local f, message = program.load(argument)
  if not f then
    complain("error: " .. message)
    return false
  end
  loaded_file = argument
  repl.show(f())
  repl.record_lua("do\n" .. (program.read_file(argument) or ""):gsub("^#![^\n]*", "") .. "\nend")
end)

repl.add_command("reload", "", "Runs the last loaded file again.", function()
  if not loaded_file then
    complain("error: nothing was loaded yet; .load file.lua")
    return false
  end
  return commands.load.run(loaded_file)
end)

repl.add_command("reset", "", "Starts a fresh lab; variables and worlds are gone.", function()
  program.reset()
  say("(a fresh lab, seed " .. ("%.0f"):format(program.seed()) .. ")")
end)

repl.add_command("seed", "[n]", "Tells the seed, or starts a fresh lab with another.", function(argument)
  if argument == "" then
    say(("%.0f"):format(program.seed()))
    return true
  end
  local seed = number_from(argument, ".seed")
  if not seed then return false end
  if seed < 0 or seed ~= math.floor(seed) or seed > 2 ^ 53 then
    complain("error: a seed is a whole number from 0 to 2^53")
    return false
  end
  program.reset(seed)
  say("(a fresh lab, seed " .. ("%.0f"):format(seed) .. ")")
end)

repl.add_command("time", "code", "Runs the code and tells how long it took, simulated and real.", function(argument)
  if not need(argument, ".time code") then return false end
  local f, message = host.compile("return " .. argument, "=.time")
  if not f then f, message = host.compile(program.keep_locals(argument), "=.time") end
  if not f then
    complain("error: " .. message)
    return false
  end
  local world = program.world()
  local from, simulated = program.wall_seconds(), world and world:now()
  local function finish(...)
    local wall = program.wall_seconds() - from
    repl.show(...)
    local human = require "human"
    local text = human.duration(wall) .. " real"
    if world and world == program.world() then
      text = human.duration(world:now() - simulated) .. " simulated, " .. text
    end
    say("(" .. text .. ")")
    repl.record(argument)
  end
  finish(f())
end)

repl.add_command("labs", "[name]", "Lists the guided labs, or starts one.", function(argument)
  if argument ~= "" then return require("lab").main(argument) ~= false end
  local names = program.labs()
  if #names == 0 then
    say("(no labs are installed)")
    return true
  end
  for _, name in ipairs(names) do say(name) end
  say("(.labs " .. names[1] .. " starts one)")
end)

-- A lab that is open announces itself by repl.open_lab; until then these say how to open one.
local open_lab

--- The lab that .hint and .check are about: an object with methods `hint()` and `check()`, or nil.
function repl.open_lab(lab) open_lab = lab end

local function about_lab(method)
  return function()
    if open_lab then return open_lab[method](open_lab) end
    complain("error: no lab is open; .labs lists them, .labs NAME starts one")
    return false
  end
end

repl.add_command("hint", "", "Gives the open lab's next hint.", about_lab "hint")
repl.add_command("check", "", "Checks the open lab's current step.", about_lab "check")

repl.add_command("bt", "[full]", "Shows where the last error came from.", function(argument)
  local frames = program.traceback(argument == "full")
  if #frames == 0 then say("(no error yet)") end
  for _, frame in ipairs(frames) do say("  " .. frame) end
end)

repl.add_command("mark", "[name]", "Keeps the state of everything under a name; without one, lists the names.",
  needs_terminal "mark")
repl.add_command("back", "[name]", "Goes back to a mark, or to before the last command.", needs_terminal "back")
repl.add_command("quit", "", "Leaves. So do Ctrl-D, exit, quit and :q.", function() end)

repl.add_command("apropos", "word", "Finds everything that mentions a word.", function(argument)
  if not need(argument, ".apropos word") then return false end
  say(require("help").apropos(argument))
end)

repl.add_command("help", "[name]", "Explains a component, a type, a method, a command or a topic.", function(argument)
  local help = require "help"
  if argument == "" then
    say(help.text())
    return true
  end
  -- A name of ours first; otherwise what the expression is.
  local text = help.text(argument)
  if not text then
    local f = host.compile("return " .. argument, "=.help")
    local ok, value = false, nil
    if f then ok, value = pcall(f) end
    if ok and value ~= nil then text = help.text(value) end
  end
  if text then
    say(text)
    return true
  end
  complain("error: nothing is known about '" .. argument .. "'" .. help.meant(argument))
  return false
end)

--- The commands for help: array of { name, arguments, summary }.
function repl.commands()
  local list = {}
  for i, name in ipairs(repl.command_names()) do
    list[i] = { name = name, arguments = commands[name].arguments, summary = commands[name].summary }
  end
  return list
end

-- The record of the session
-- ---------------------------------------------------------------------------------------------------------

local inputs = {}

--- Remembers Lua text as part of the session.
function repl.record_lua(text) inputs[#inputs + 1] = text end

--- Remembers an input that succeeded.
function repl.record(input)
  local text = input:gsub("^%s*=%s*([^=])", "%1")
  -- An expression is no statement: a saved session keeps what it does, not what it showed.
  if host.compile(text, "=record") then
    inputs[#inputs + 1] = program.keep_locals(text)
  else
    inputs[#inputs + 1] = "_ = " .. text
  end
end

repl.add_command("save", "file", "Writes the inputs that succeeded as a script that replays the session.",
  function(argument)
    if not need(argument, ".save session.lua") then return false end
    local lines = { ("-- A syslab session. Replay: syslab run --seed %.0f %s"):format(program.seed(), argument) }
    for _, input in ipairs(inputs) do
      -- A chunk that returns must end there, and not the script. Its outermost locals are globals already.
      local returns = input:find("%f[%w_]return%f[^%w_]")
      lines[#lines + 1] = returns and "_ = (function()\n" .. input .. "\nend)()" or input
    end
    local ok, message = program.write_file(argument, table.concat(lines, "\n") .. "\n")
    if not ok then
      complain("error: " .. message)
      return false
    end
    say(("(%d inputs written to %s)"):format(#inputs, argument))
  end)

--- Called once in every fresh lab.
function repl.install()
  local terminal = host.terminal()
  term.configure { color = terminal.color, unicode = terminal.unicode, width = terminal.width, measure = host.width }
  --- help(x): explains a function, an object, a component or a name; without x lists the topics.
  rawset(_G, "help", function(x)
    local help = require "help"
    if x == nil then
      say(help.text())
      return
    end
    local text = help.text(x)
    if not text then error("nothing is known about " .. tostring(x) .. help.meant(x), 2) end
    say(text)
  end)
  --- pp(x, options): prints a value; options are depth, items, text, width, color.
  rawset(_G, "pp", function(x, options) require("pretty").pp(x, options) end)
end

return repl

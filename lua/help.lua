--- Help, made from the descriptors: what help(x), ?x, .help, .apropos and `syslab help` print.

local host = ...

local term = require "term"

local help = {}

local function bold(text) return term.paint("strong", text) end
local function dim(text) return term.paint("dim", text) end

-- Wraps a paragraph into the terminal, each line indented.
local function paragraph(text, indent)
  local columns = math.min(term.columns(), 100) - #indent
  local wrapped = term.wrap(text, columns)
  if type(wrapped) == "table" then wrapped = table.concat(wrapped, "\n") end
  return indent .. wrapped:gsub("\n", "\n" .. indent)
end

local components, types

local function load_descriptors()
  if components then return end
  components, types = host.components(), host.types()
end

local function find(list, name)
  for _, item in ipairs(list) do
    if item.name == name then return item end
  end
end

-- Topics
-- ---------------------------------------------------------------------------------------------------------

local topics = {
  start = [[
A first minute at the prompt:

  lab> c = lab.cache.lru{ capacity = 2 }     make a component
  lab> c:put("a", 1)                         call its methods
  lab> c:get("a")                            an expression is echoed
  lab> help(c)                               what it can do; ?c is the same

Tab completes names, methods and options. Up searches the history. An unfinished input goes on after `...> `; an
empty line or Ctrl-C gives it up. `_` is the last result. A `local` at the prompt lives on, unlike in plain Lua.]],
  units = [[
Times are seconds, sizes bytes, rates per second. Multiply by a unit:

  ns us ms s min h        5*ms    2*min
  KB MB GB KiB MiB GiB    64*KiB]],
  errors = [[
A wrong call (unknown option, wrong type) raises an error at your line. What a system can answer, such as a timeout,
comes back as nil and an error object:

  local value, err = kv:get("x")
  if not value then print(err.code, err.message, err.definite) end

err.definite tells whether the operation certainly did not happen. A timeout is not definite.]],
  time = [[
Inside a world time is simulated: w:run(5*s) passes five seconds in no time. w:now() tells it; os.time() and
os.clock() follow the world made last. One seed gives one run: same script, same seed, same digest.]],
  checkpoints = [[
Before each command the prompt keeps the state of the whole lab.

  .back          goes back to before the last command; again: undoes that
  .mark name     keeps the state under a name
  .back name     goes back to it, as often as you like
  .mark          lists the marks

A command that hangs or crashes costs nothing: Ctrl-C twice ends it, and the state before it is back.]],
  reference = [[
Everything that help knows, as one page of Markdown, or as annotations for lua-language-server:

  syslab help reference
  syslab help annotations]],
}

local function overview()
  load_descriptors()
  local families, seen = {}, {}
  for _, component in ipairs(components) do
    local family = component.name:match("^([^.]+)%.")
    local entry = family and "lab." .. family or "lab." .. component.name
    if not seen[entry] then
      seen[entry] = { name = entry, members = {}, summary = component.summary }
      families[#families + 1] = seen[entry]
    end
    if family then table.insert(seen[entry].members, (component.name:match("%.(.+)"))) end
  end
  local lines = { bold "What there is" .. dim "   (help(NAME), ?NAME, or syslab help NAME for more)", "" }
  local width = 0
  for _, family in ipairs(families) do width = math.max(width, #family.name) end
  for _, family in ipairs(families) do
    local text = #family.members > 0 and table.concat(family.members, " ") or family.summary
    local room = math.max(20, math.min(term.columns(), 100) - width - 4)
    lines[#lines + 1] = "  " .. bold(term.pad(family.name, width)) .. "  " .. term.truncate(text, room)
  end
  lines[#lines + 1] = ""
  lines[#lines + 1] = bold "Topics" .. "   ?start ?units ?errors ?time ?checkpoints ?commands ?reference"
  lines[#lines + 1] = dim "A word anywhere: .apropos WORD.  Guided labs: .labs"
  return table.concat(lines, "\n")
end

local function commands_text()
  local list = require("repl").commands()
  local lines, width = { bold "Dot commands", "" }, 0
  for _, command in ipairs(list) do width = math.max(width, #command.name + #command.arguments + 2) end
  for _, command in ipairs(list) do
    lines[#lines + 1] = "  " .. bold(term.pad("." .. command.name .. " " .. command.arguments, width)) .. "  "
      .. command.summary
  end
  return table.concat(lines, "\n")
end

-- Descriptors as text
-- ---------------------------------------------------------------------------------------------------------

-- The types that are long in words, short: a column has little room, and error messages say it in full.
local short_types = {
  ["nil, boolean, number, string, list or map"] = "any value",
  ["Distribution or number of seconds"] = "Distribution | s",
  ["number of seconds"] = "seconds",
  ["number of bytes"] = "bytes",
  ["rate per second"] = "per second",
}

local function type_words(param)
  local choices = (param.type or ""):match("^one of (.+)$")
  if choices then return "string", choices end
  return short_types[param.type] or param.type or ""
end

local function param_lines(params, lines)
  local names, kinds = 0, 0
  for _, param in ipairs(params) do
    names, kinds = math.max(names, #param.name), math.max(kinds, term.width((type_words(param))))
  end
  for _, param in ipairs(params) do
    local kind, choices = type_words(param)
    local text = param.doc or ""
    if choices then text = text .. ": " .. choices end
    if param.default then
      text = text .. " (default: " .. param.default .. ")"
    elseif not param.required then
      text = text .. " (optional)"
    end
    local head = "  " .. bold(term.pad(param.name, names)) .. "  " .. dim(term.pad(kind, kinds)) .. "  "
    local indent = (" "):rep(names + kinds + 6)
    local room = math.min(term.columns(), 100) - #indent
    if room < 24 then
      lines[#lines + 1] = head
      lines[#lines + 1] = paragraph(text, "      ")
    else
      lines[#lines + 1] = head .. (paragraph(text, indent):sub(#indent + 1))
    end
  end
end

local function signature(component)
  local names = {}
  for _, param in ipairs(component.params or {}) do
    names[#names + 1] = param.required and param.name or param.name .. "?"
  end
  local list = #names > 0 and "{ " .. table.concat(names, ", ") .. " }" or "()"
  return list
end

-- "local c = x; c:put(1); return c" line by line.
local function example_lines(example, lines)
  for statement in (example .. ";"):gmatch("%s*(.-)%s*;%s*") do
    if statement ~= "" then
      for line in (statement .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = "    " .. line end
    end
  end
end

local function component_text(component)
  local name = "lab." .. component.name
  local result = component.returns and " -> " .. component.returns or ""
  local lines = { paragraph(name .. signature(component) .. result, "") }
  lines[1] = bold(name) .. lines[1]:sub(#name + 1)
  lines[#lines + 1] = paragraph(component.summary, "  ")
  if component.params and #component.params > 0 then
    lines[#lines + 1] = ""
    param_lines(component.params, lines)
  end
  lines[#lines + 1] = ""
  if component.cost then lines[#lines + 1] = paragraph("Cost: " .. component.cost, "  ") end
  if component.paper then lines[#lines + 1] = paragraph("Paper: " .. component.paper, "  ") end
  if component.example then
    lines[#lines + 1] = "  Example:"
    example_lines(component.example, lines)
  end
  local family, siblings = component.name:match("^([^.]+)%."), {}
  for _, other in ipairs(components) do
    if family and other ~= component and other.name:sub(1, #family + 1) == family .. "." and #siblings < 6 then
      siblings[#siblings + 1] = "lab." .. other.name
    end
  end
  if component.returns and find(types, component.returns) then table.insert(siblings, 1, component.returns) end
  if #siblings > 0 then lines[#lines + 1] = paragraph("See also: " .. table.concat(siblings, ", "), "  ") end
  return table.concat(lines, "\n")
end

-- The whole call of a method. `short` leaves out options that can be looked up, so that a list of methods stays one.
local function method_signature(method, short)
  if not method.params or #method.params == 0 then return method.signature or "()" end
  local result = method.signature and method.signature ~= "" and " -> " .. method.signature or ""
  if not short then return signature(method) .. result end
  local names = {}
  for _, param in ipairs(method.params) do
    if not param.required then break end
    names[#names + 1] = param.name
  end
  if #names < #method.params then names[#names + 1] = "..." end
  return "{ " .. table.concat(names, ", ") .. " }" .. result
end

local function type_text(kind)
  local lines = { bold(kind.name), paragraph(kind.summary, "  ") }
  if #kind.methods > 0 then lines[#lines + 1] = "" end
  local width, options = 0, nil
  local limit = math.floor(math.min(term.columns(), 100) * 0.45)
  for _, method in ipairs(kind.methods) do
    local own = term.width(":" .. method.name .. method_signature(method, true))
    if own <= limit then width = math.max(width, own) end
    if method.params and #method.params > 0 then options = options or method.name end
  end
  for _, method in ipairs(kind.methods) do
    local text = ":" .. method.name .. method_signature(method, true)
    local indent = (" "):rep(width + 4)
    if term.width(text) > width then
      lines[#lines + 1] = "  " .. text
      lines[#lines + 1] = paragraph(method.summary or "", indent)
    else
      local summary = paragraph(method.summary or "", indent):sub(#indent + 1)
      lines[#lines + 1] = "  " .. term.pad(text, width) .. "  " .. summary
    end
  end
  if options then
    lines[#lines + 1] = ""
    lines[#lines + 1] = dim("The options of a method: help(\"" .. kind.name .. ":" .. options .. "\")")
  end
  return table.concat(lines, "\n")
end

local function method_text(kind, method)
  local name = kind.name .. ":" .. method.name
  local lines = { paragraph(name .. method_signature(method), ""), paragraph(method.summary or "", "  ") }
  lines[1] = bold(name) .. lines[1]:sub(#name + 1)
  if method.params and #method.params > 0 then
    lines[#lines + 1] = ""
    param_lines(method.params, lines)
  end
  return table.concat(lines, "\n")
end

local function family_text(family)
  local lines, width, members = {}, 0, {}
  for _, component in ipairs(components) do
    local member = component.name:match("^" .. family .. "%.(.+)$")
    if member then
      members[#members + 1] = component
      width = math.max(width, #component.name + 4)
    end
  end
  if #members == 0 then return nil end
  lines[1] = bold("lab." .. family)
  for _, component in ipairs(members) do
    local room = math.max(20, math.min(term.columns(), 110) - width - 4)
    lines[#lines + 1] = "  " .. term.pad("lab." .. component.name, width) .. "  "
      .. term.truncate(component.summary, room)
  end
  return table.concat(lines, "\n")
end

-- Looking things up
-- ---------------------------------------------------------------------------------------------------------

local function by_name(name)
  name = name:match("^%s*(.-)%s*$")
  if topics[name] then return topics[name] end
  if name == "commands" then return commands_text() end
  if name:sub(1, 1) == "." then
    for _, command in ipairs(require("repl").commands()) do
      if "." .. command.name == name then
        return bold("." .. command.name .. " " .. command.arguments) .. "\n  " .. command.summary
      end
    end
    return nil
  end
  if name == "lab" or name == "help" or name == "" then return overview() end
  local plain = name:gsub("^lab%.", "")
  local component = find(components, plain)
  if component then return component_text(component) end
  local kind = find(types, name)
  if kind then return type_text(kind) end
  local owner, member = name:match("^([%w_]+)[:.]([%w_]+)$")
  kind = owner and find(types, owner)
  if owner and not kind then  -- a variable: w:load
    local value = rawget(_G, owner)
    kind = type(value) == "userdata" and find(types, host.type_of(value))
  end
  local method = kind and find(kind.methods, member)
  if method then return method_text(kind, method) end
  if plain:find("^[%w_]+$") then
    local family = family_text(plain)
    if family then return family end
  end
  -- A last name that only one component has: "lru".
  local found
  for _, candidate in ipairs(components) do
    if candidate.name:match("[^.]+$") == name then
      if found then return nil end
      found = candidate
    end
  end
  if found then return component_text(found) end
  local lines = {}
  for _, candidate in ipairs(types) do
    local m = find(candidate.methods, name)
    if m then lines[#lines + 1] = method_text(candidate, m) end
  end
  if #lines > 0 then return table.concat(lines, "\n\n") end
end

local function table_text(x)
  if x == lab then return overview() end
  local families = {}
  for _, component in ipairs(components) do
    local family = component.name:match("^([^.]+)%.")
    if family and not families[family] then
      families[family] = true
      if rawget(lab, family) == x then return family_text(family) end
    end
  end
end

-- The help on a method as a value, w.load: found through the objects that global variables hold.
local function method_text_of(x)
  for _, value in pairs(_G) do
    local kind = type(value) == "userdata" and find(types, host.type_of(value))
    for _, method in ipairs(kind and kind.methods or {}) do
      if value[method.name] == x then return method_text(kind, method) end
    end
  end
end

--- The help on a value or a name as text; nil where nothing is known. Without an argument: the overview.
function help.text(x)
  load_descriptors()
  if x == nil then return overview() end
  if type(x) == "string" then return by_name(x) end
  if type(x) == "table" then return table_text(x) end
  if type(x) == "function" then
    local name = host.component_of(x)
    return name and by_name("lab." .. name) or method_text_of(x)
  end
  if type(x) == "userdata" then
    local name = host.type_of(x)
    return name and type_text(find(types, name))
  end
end

--- All names that help knows, for completion and suggestions.
function help.names()
  load_descriptors()
  local names = { "commands" }
  for name in pairs(topics) do names[#names + 1] = name end
  for _, component in ipairs(components) do
    names[#names + 1] = "lab." .. component.name
    names[#names + 1] = component.name:match("[^.]+$")
  end
  for _, kind in ipairs(types) do
    names[#names + 1] = kind.name
    for _, method in ipairs(kind.methods) do names[#names + 1] = kind.name .. ":" .. method.name end
  end
  table.sort(names)
  return names
end

--- " (did you mean 'x'?)" for a name that help does not know, or "".
function help.meant(x)
  if type(x) ~= "string" then return "" end
  local near = host.program and host.program.nearest(x, help.names())
  return near and " (did you mean '" .. near .. "'?)" or ""
end

--- Everything that mentions a word: components, types, methods, commands, topics.
function help.apropos(word)
  load_descriptors()
  local needle, hits = word:lower(), {}
  local function look(name, summary, more)
    if (name .. " " .. (summary or "") .. " " .. (more or "")):lower():find(needle, 1, true) then
      hits[#hits + 1] = { name = name, summary = summary or "" }
    end
  end
  for _, component in ipairs(components) do
    local more = { component.paper or "" }
    for _, param in ipairs(component.params or {}) do more[#more + 1] = param.name .. " " .. (param.doc or "") end
    look("lab." .. component.name, component.summary, table.concat(more, " "))
  end
  for _, kind in ipairs(types) do
    look(kind.name, kind.summary)
    for _, method in ipairs(kind.methods) do
      local more = {}
      for _, param in ipairs(method.params or {}) do more[#more + 1] = param.name .. " " .. (param.doc or "") end
      look(kind.name .. ":" .. method.name, method.summary, table.concat(more, " "))
    end
  end
  for _, command in ipairs(require("repl").commands()) do look("." .. command.name, command.summary) end
  for name, text in pairs(topics) do look("?" .. name, text:match("^%s*([^\n]+)"), text) end
  if #hits == 0 then return "(nothing mentions '" .. word .. "')" end
  local width = 0
  for _, hit in ipairs(hits) do width = math.max(width, #hit.name) end
  local lines = {}
  for i, hit in ipairs(hits) do
    local room = math.max(20, math.min(term.columns(), 110) - width - 2)
    lines[i] = term.pad(hit.name, width) .. "  " .. term.truncate(hit.summary, room)
  end
  return table.concat(lines, "\n")
end

--- `syslab help [NAME]`: returns the exit code.
function help.main(name)
  local write = require("reference").pages[name]
  if write then
    host.write(write())
    return 0
  end
  local text = help.text(name)
  if text then
    host.write(text .. "\n")
    return 0
  end
  host.program.error_write("syslab: nothing is known about '" .. name .. "'" .. help.meant(name)
    .. "; syslab help lists what there is\n")
  return 1
end

return help

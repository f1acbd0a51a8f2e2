--- The reference page and the editor's annotations, written from the descriptors: what `syslab help reference` prints.
--
-- docs/reference.md and lua/types/syslab.lua are the output of this module for the components of this repository;
-- tests/docs/reference_test.lua compares them.

local host = ...

local reference = {}

-- What scripts meet that has no descriptor because it is written in Lua.
local library_types = {
  {
    name = "Error",
    summary = "What a modelled failure returns as second value: nil, err.",
    fields = {
      { "code", "string", "What went wrong, such as 'timeout' or 'overloaded'." },
      { "message", "string", "The same for people." },
      { "definite", "boolean", "Whether the operation certainly did not happen; false: it may have." },
    },
  },
  {
    name = "Picture",
    summary = "Text that print, tostring and the prompt's echo show as it is.",
    fields = { { "text", "string", "The picture itself." } },
    methods = {},
  },
  {
    name = "Report",
    summary = "What a load measured; printing it shows rates, errors, percentiles and a sparkline with fault bands.",
    methods = {
      { name = "html", signature = "(file) -> Picture | nil, err",
        summary = "Writes one self-contained page with plots, fault bands and the last messages." },
    },
  },
}

local units = {
  { "ns us ms s min h", "seconds", { "ns", "us", "ms", "s", "min", "h" } },
  { "KB MB GB KiB MiB GiB", "bytes", { "KB", "MB", "GB", "KiB", "MiB", "GiB" } },
}

local function by_name(a, b) return a.name < b.name end

local function all_types()
  local list, known = host.types(), {}
  for _, kind in ipairs(list) do known[kind.name] = true end
  for _, kind in ipairs(library_types) do
    if not known[kind.name] then list[#list + 1] = kind end
  end
  table.sort(list, by_name)
  return list
end

-- Families in alphabetical order, what belongs to none first.
local function families()
  local list, seen = { { name = "lab", members = {} } }, {}
  for _, component in ipairs(host.components()) do
    local family = component.name:match("^([^.]+)%.")
    if not family then
      table.insert(list[1].members, component)
    else
      if not seen[family] then
        seen[family] = { name = "lab." .. family, members = {} }
        list[#list + 1] = seen[family]
      end
      table.insert(seen[family].members, component)
    end
  end
  return list
end

-- Markdown
-- ---------------------------------------------------------------------------------------------------------

local function cell(text) return (text:gsub("|", "\\|"):gsub("\n", " ")) end

local function code(text) return "`" .. text .. "`" end

-- GitHub's anchor of a heading.
local function anchor(heading) return "#" .. heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-") end

local function link(heading) return "[" .. heading .. "](" .. anchor(heading) .. ")" end

local function parameter_names(params)
  local names = {}
  for i, param in ipairs(params) do names[i] = param.required and param.name or param.name .. "?" end
  return #names > 0 and "{ " .. table.concat(names, ", ") .. " }" or "()"
end

local function number_text(n)
  return n == math.floor(n) and math.abs(n) < 1e15 and string.format("%d", n) or string.format("%.17g", n)
end

-- What the type leaves open: the default, whether it is needed, and the range where it is not the usual one.
local function presence(param)
  if param.required then return "required" end
  return param.default or "none"
end

local function range(param)
  if param.type == "probability" then return "" end
  if param.min and param.max then return ", " .. number_text(param.min) .. " to " .. number_text(param.max) end
  if param.min and param.min ~= 0 then return ", at least " .. number_text(param.min) end
  if param.max then return ", at most " .. number_text(param.max) end
  return ""
end

local function parameter_table(add, params)
  if #params == 0 then return end
  add "| option | type | default | |"
  add "|---|---|---|---|"
  for _, param in ipairs(params) do
    add("| " .. code(param.name) .. " | " .. cell(param.type .. range(param)) .. " | " .. cell(presence(param)) .. " | "
      .. cell(param.doc or "") .. " |")
  end
  add ""
end

local function result_text(method)
  return method.signature and method.signature ~= "" and " -> " .. method.signature or ""
end

local function add_component(add, component, linked)
  local name = "lab." .. component.name
  add("### " .. name)
  add ""
  add(component.summary)
  add ""
  local returns = component.returns
  if returns then returns = linked[returns] and link(returns) or returns end
  add(code(name .. parameter_names(component.params)) .. (returns and " -> " .. returns or ""))
  add ""
  parameter_table(add, component.params)
  if component.cost then add("Cost: " .. component.cost .. "." ) add "" end
  if component.paper then add("Paper: " .. component.paper .. ".") add "" end
  if component.example then
    add "```lua"
    add((component.example:gsub("^%s+", "")))
    add "```"
    add ""
  end
end

local function add_type(add, kind)
  add("### " .. kind.name)
  add ""
  add(kind.summary)
  add ""
  if kind.fields then
    add "| field | type | |"
    add "|---|---|---|"
    for _, field in ipairs(kind.fields) do
      add("| " .. code(field[1]) .. " | " .. field[2] .. " | " .. cell(field[3]) .. " |")
    end
    add ""
  end
  local methods = kind.methods or {}
  if #methods == 0 then return end
  add "| method | |"
  add "|---|---|"
  for _, method in ipairs(methods) do
    local shown = ":" .. method.name
      .. (method.params and "{ ... }" .. result_text(method) or method.signature or "()")
    add("| " .. code(cell(shown)) .. " | " .. cell(method.summary or "") .. " |")
  end
  add ""
  for _, method in ipairs(methods) do
    if method.params then
      add("#### " .. kind.name .. ":" .. method.name)
      add ""
      add(code(":" .. method.name .. parameter_names(method.params) .. result_text(method)))
      add ""
      parameter_table(add, method.params)
    end
  end
end

--- The whole page as Markdown.
function reference.markdown()
  local lines = {}
  local function add(text) lines[#lines + 1] = text end
  local kinds, linked = all_types(), {}
  for _, kind in ipairs(kinds) do linked[kind.name] = true end

  add "# Reference"
  add ""
  add "<!-- Written by `syslab help reference` from the descriptors in bindings/. Do not edit; write it anew with"
  add "     ./syslab help reference > docs/reference.md -->"
  add ""
  add "Every part of `lab` and every type of object, as `help()` shows them. Times are seconds, sizes bytes, rates per"
  add "second. A constructor or method with options takes one table; the first may also be given by position:"
  add "`lab.fault.crash('app-1')` is `lab.fault.crash{ target = 'app-1' }`, and"
  add "`w:service('db', { slots = 16 })` is `w:service{ name = 'db', slots = 16 }`. An unknown option or a wrong type"
  add "raises an error at the caller's line; what a system can answer, such as a timeout, comes back as `nil, err`"
  add "([Error](#error))."
  add ""
  add "Units to multiply by:"
  add ""
  for _, unit in ipairs(units) do add("- " .. code(unit[1]) .. " (" .. unit[2] .. ")") end
  add ""
  local list = families()
  for _, family in ipairs(list) do
    if #family.members > 0 then
      local names = {}
      for i, component in ipairs(family.members) do
        names[i] = "[" .. component.name:match("[^.]+$") .. "](" .. anchor("lab." .. component.name) .. ")"
      end
      add("- **" .. family.name .. "**: " .. table.concat(names, ", "))
    end
  end
  local names = {}
  for i, kind in ipairs(kinds) do names[i] = link(kind.name) end
  add("- **Types**: " .. table.concat(names, ", "))
  add ""
  for _, family in ipairs(list) do
    if #family.members > 0 then
      add("## " .. family.name)
      add ""
      for _, component in ipairs(family.members) do add_component(add, component, linked) end
    end
  end
  add "## Types"
  add ""
  for _, kind in ipairs(kinds) do add_type(add, kind) end
  while lines[#lines] == "" do lines[#lines] = nil end
  return table.concat(lines, "\n") .. "\n"
end

-- Annotations for lua-language-server
-- ---------------------------------------------------------------------------------------------------------

local plain_types = {
  ["number"] = "number", ["whole number"] = "integer", ["boolean"] = "boolean", ["string"] = "string",
  ["number of seconds"] = "number", ["number of bytes"] = "number", ["rate per second"] = "number",
  ["probability"] = "number", ["Distribution or number of seconds"] = "Distribution|number", ["function"] = "function",
  ["list"] = "any[]", ["table"] = "table", ["nil"] = "nil", ["true"] = "true", ["seconds"] = "number",
  ["events"] = "integer", ["entries"] = "string", ["bytes"] = "string", ["err"] = "Error?",
}

-- The annotation for a descriptor's word: a known type, a choice, "list of Xs", else anything.
local function annotation(text, known)
  if plain_types[text] then return plain_types[text] end
  if known[text] then return text end
  local choices = text:match("^one of (.+)$")
  if choices then return (choices:gsub(", ", "|")) end
  local element = text:match("^list of (%u%w*)s$")
  if element and known[element] then return element .. "[]" end
  if text:find("^list") then return "any[]" end
  if text:find("^{") then return "table" end
  return "any"
end

-- Splits at a separator that stands outside of brackets and quotes.
local function split(text, separator)
  local parts, depth, quoted, start = {}, 0, false, 1
  for i = 1, #text do
    local c = text:sub(i, i)
    if c == "'" then
      quoted = not quoted
    elseif not quoted then
      if c == "(" or c == "{" then depth = depth + 1 end
      if c == ")" or c == "}" then depth = depth - 1 end
      if c == separator and depth == 0 then
        parts[#parts + 1] = text:sub(start, i - 1):match("^%s*(.-)%s*$")
        start = i + 1
      end
    end
  end
  local last = text:sub(start):match("^%s*(.-)%s*$")
  if last ~= "" then parts[#parts + 1] = last end
  return parts
end

local reserved = {}
for word in ([[and break do else elseif end false for function if in local nil not or repeat return then true until
  while]]):gmatch("%a+") do
  reserved[word] = true
end

-- What parameters of these names are, in the signatures of methods that check their arguments themselves.
local named_types = {
  action = "function", delay = "number", done = "function", fields = "table", file = "string", lasting = "number",
  last = "number", limit = "number", n = "number", name = "string", percent = "number", rate = "number",
  size = "number", text = "string", time = "number", timeout = "number",
}

-- "(key, value = true, size?)" as a list of { name =, type =, optional = }.
local function signature_parameters(text, known)
  local list = {}
  for i, part in ipairs(split(text, ",")) do
    local param = { optional = part:find("?", 1, true) ~= nil or part:find("^[%w_]+ =") ~= nil }
    if part == "..." then
      param = { name = "...", type = "any" }
    elseif part:find("^{") then
      param.name, param.type = "options", "table"
    else
      local kinds = {}
      for _, choice in ipairs(split((part:gsub("%?", ""):gsub(" =.*$", "")), "|")) do
        local kind = annotation(choice, known)
        kinds[#kinds + 1] = kind
      end
      local word = part:match("^[%a_][%w_]*") or "argument"
      param.name = reserved[word] and "action" or word:lower()
      param.type = #kinds > 1 and table.concat(kinds, "|") or kinds[1]
      if #kinds == 1 and param.type == "any" then param.type = named_types[param.name] or "any" end
      if param.type:find("any", 1, true) and not param.type:find("any%[%]") then param.type = "any" end
    end
    for _, other in ipairs(list) do
      if other.name == param.name then param.name = param.name .. i end
    end
    list[#list + 1] = param
  end
  return list
end

-- "value | nil, err" as a list of annotations.
local function result_types(text, known)
  local list = {}
  for _, part in ipairs(split(text, ",")) do
    local kinds, optional = {}, part:find("?", 1, true) ~= nil
    for _, choice in ipairs(split((part:gsub("%?", "")), "|")) do
      if choice == "nil" then
        optional = true
      else
        local literal = choice:match("^'.*'$")
        kinds[#kinds + 1] = literal or annotation(choice, known)
      end
    end
    local joined = #kinds > 0 and table.concat(kinds, "|") or "nil"
    if optional and joined ~= "nil" and joined ~= "any" and not joined:find("?$") then
      joined = #kinds > 1 and "(" .. joined .. ")?" or joined .. "?"
    end
    list[#list + 1] = joined
  end
  return list
end

local function one_line(text) return (text:gsub("%s*\n%s*", " ")) end

-- A class for the option table. The required options that lead may be given by position instead, so that their
-- absence from the table is no mistake.
local function add_option_class(add, name, params, known)
  add("---@class " .. name)
  local leading = true
  for _, param in ipairs(params) do
    leading = leading and param.required
    local optional = leading or not param.required
    local note = param.required and "(required)"
      or param.default and "(default: " .. param.default .. ")" or "(optional)"
    add("---@field " .. param.name .. (optional and "?" or "") .. " " .. annotation(param.type, known) .. " "
      .. one_line(param.doc or "") .. " " .. note)
  end
  add ""
end

-- The ways to call with options by position: those that are required, or else the first.
local function add_overloads(add, self, params, options, result, known)
  local shown, leading = {}, 1
  while params[leading + 1] and params[leading + 1].required do leading = leading + 1 end
  for i = 1, math.min(#params, leading) do
    local param = params[i]
    local name = reserved[param.name] and param.name .. "_" or param.name
    shown[i] = name .. (param.required and "" or "?") .. ": " .. annotation(param.type, known)
    local rest = i < #params and ", options?: " .. options or ""
    local head = "---@overload fun(" .. self .. table.concat(shown, ", ", 1, i) .. rest .. ")"
    add(head .. (result and ": " .. result or ""))
  end
end

local function add_annotated_method(add, kind, method, known)
  local path = kind.name .. ":" .. method.name
  add("---" .. one_line(method.summary or ""))
  if method.params then
    local options = kind.name .. "." .. method.name .. ".options"
    local results = result_types(method.signature or "", known)
    add("---@param options? " .. options)
    for _, result in ipairs(results) do add("---@return " .. result) end
    add_overloads(add, "self: " .. kind.name .. ", ", method.params, options, results[1], known)
    add("function " .. path .. "(options) end")
  else
    local inside, result = (method.signature or "()"):match("^(%b())%s*%-?>?%s*(.*)$")
    local names = {}
    for i, param in ipairs(signature_parameters((inside or "()"):sub(2, -2), known)) do
      names[i] = param.name
      add("---@param " .. param.name .. (param.optional and "?" or "") .. " " .. param.type)
    end
    for _, text in ipairs(result_types(result or "", known)) do add("---@return " .. text) end
    add("function " .. path .. "(" .. table.concat(names, ", ") .. ") end")
  end
  add ""
end

--- Everything that a script sees, as annotations for lua-language-server.
function reference.annotations()
  local lines = {}
  local function add(text) lines[#lines + 1] = text end
  local kinds, known = all_types(), {}
  for _, kind in ipairs(kinds) do known[kind.name] = true end

  add "---@meta"
  add "-- Written by `syslab help annotations` from the descriptors in bindings/. Do not edit; to renew it:"
  add "-- ./syslab help annotations > lua/types/syslab.lua"
  add ""
  for _, kind in ipairs(kinds) do
    add("---" .. one_line(kind.summary))
    add("---@class " .. kind.name)
    for _, field in ipairs(kind.fields or {}) do
      add("---@field " .. field[1] .. " " .. field[2] .. " " .. field[3])
    end
    add("local " .. kind.name .. " = {}")
    add ""
    for _, method in ipairs(kind.methods or {}) do
      if method.params then
        add_option_class(add, kind.name .. "." .. method.name .. ".options", method.params, known)
      end
      add_annotated_method(add, kind, method, known)
    end
  end

  add "---The parts that systems are made of."
  add "lab = {}"
  add ""
  for _, family in ipairs(families()) do
    if family.name ~= "lab" then
      add(family.name .. " = {}")
      add ""
    end
    for _, component in ipairs(family.members) do
      local name = "lab." .. component.name
      local result = component.returns and annotation(component.returns, known)
      if #component.params > 0 then add_option_class(add, name .. ".options", component.params, known) end
      add("---" .. one_line(component.summary))
      if #component.params > 0 then
        add("---@param options? " .. name .. ".options")
      end
      if result then add("---@return " .. result) end
      if #component.params > 0 then
        add_overloads(add, "", component.params, name .. ".options", result, known)
        add("function " .. name .. "(options) end")
      else
        add("function " .. name .. "() end")
      end
      add ""
    end
  end

  for _, unit in ipairs(units) do
    for _, name in ipairs(unit[3]) do
      add("---In " .. unit[2] .. ".")
      add(name .. " = " .. string.format("%.17g", _G[name]))
    end
  end
  add ""
  add "---Explains a component, an object or a name."
  add "---@param what? any"
  add "function help(what) end"
  return table.concat(lines, "\n") .. "\n"
end

-- What is kept in the repository: the file, what makes it, and the command that does.
local kept = {
  { file = "docs/reference.md", make = reference.markdown, command = "./syslab help reference > docs/reference.md" },
  { file = "lua/types/syslab.lua", make = reference.annotations,
    command = "./syslab help annotations > lua/types/syslab.lua" },
}

--- Whether the kept files are what this program would write: true, or false and what to do about the first one that
--- is not.
function reference.check()
  for _, entry in ipairs(kept) do
    local made, found = entry.make(), host.read_data(entry.file) or ""
    if made ~= found then
      local number = 0
      local next_line = found:gmatch("([^\n]*)\n")
      for line in made:gmatch("([^\n]*)\n") do
        number = number + 1
        local other = next_line()
        if line ~= other then
          return false, string.format("%s:%d is not what the descriptors say; write it anew with: %s\n  there: %s\n"
            .. "  new:   %s", entry.file, number, entry.command, (other or "(end of file)"):sub(1, 100),
            line:sub(1, 100))
        end
      end
      return false, string.format("%s goes on after line %d; write it anew with: %s", entry.file, number,
        entry.command)
    end
  end
  return true
end

--- The pages by the names that `syslab help` prints them under.
reference.pages = { reference = reference.markdown, annotations = reference.annotations }

return reference

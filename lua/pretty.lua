--- Values for people: what the prompt echoes and `pp` prints.
--
--     pp({ 3, 1, name = "x", [10] = true })          --> { 3, 1, [10] = true, name = "x" }
--     pp(big, { depth = 9, items = 100, width = 60 })
--
-- Array part first, then the other keys sorted (numbers, strings, the rest). One line if it fits, indented
-- otherwise. No addresses, and no code of the value runs except `__tostring`: the same value always prints
-- the same text.

local term = require "term"
local human = require "human"

local pretty = {}

local names = setmetatable({}, { __mode = "k" })

--- Gives a function (or any other value) the name under which it is printed: "function: lab.cache.lru".
function pretty.name(value, name) names[value] = name end

local libraries = { string = string, table = table, math = math, coroutine = coroutine, bit = bit }
for library, functions in pairs(libraries) do
  for key, value in pairs(functions) do
    if type(value) == "function" then names[value] = library .. "." .. key end
  end
end

local reserved = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or repeat return
               then true until while]]):gmatch("%a+") do reserved[word] = true end

local short_escapes = { ["\n"] = "\\n", ["\t"] = "\\t", ["\r"] = "\\r", ['"'] = '\\"', ["\\"] = "\\\\" }

-- A string as Lua source. UTF-8 stays readable; control characters and stray bytes become three-digit
-- escapes.
local function quoted(s, limit)
  local cut = #s - limit
  if cut > 0 then
    local size = limit
    while size > 0 and s:byte(size + 1) >= 0x80 and s:byte(size + 1) < 0xC0 do size = size - 1 end
    cut, s = #s - size, s:sub(1, size)
  end
  local text
  if not s:find('[^\32-\126]') then
    text = s:gsub('["\\]', short_escapes)
  else
    local out = {}
    for _, c, code in term.characters(s) do
      if short_escapes[c] then
        out[#out + 1] = short_escapes[c]
      elseif not code or code < 0x20 or (code >= 0x7F and (code < 0xA0 or not term.unicode())) then
        out[#out + 1] = c:gsub(".", function(byte) return ("\\%03d"):format(byte:byte()) end)
      else
        out[#out + 1] = c
      end
    end
    text = table.concat(out)
  end
  local result = term.paint("string", '"' .. text .. '"')
  if cut > 0 then result = result .. term.glyphs(" … ") .. human.count(cut) .. " more bytes" end
  return result
end

local rank = { number = 1, string = 2, boolean = 3 }

local function without_address(s) return (s:gsub(":? ?0x%x+", "")) end

-- The text by which keys of no natural order are sorted.
local function key_text(k)
  if type(k) == "table" or type(k) == "userdata" then
    return pretty.format(k, { depth = 1, color = false })
  end
  return names[k] or type(k)
end

local function key_before(a, b)
  local ta, tb = type(a), type(b)
  local ra, rb = rank[ta] or 4, rank[tb] or 4
  if ra ~= rb then return ra < rb end
  if ra <= 2 then return a < b end
  if ra == 3 then return not a and b end
  return key_text(a) < key_text(b)
end

-- The first `limit` keys outside the array part in order, and how many there are. A table of a million keys
-- is read once, but only the keys that will be shown are kept.
local function other_keys(t, array, limit)
  local keys, count = {}, 0
  for k in pairs(t) do
    local in_array = type(k) == "number" and k >= 1 and k <= array and k == math.floor(k)
    if not in_array then
      count = count + 1
      if limit > 0 and (#keys < limit or key_before(k, keys[#keys])) then
        local low, high = 1, #keys + 1
        while low < high do
          local middle = math.floor((low + high) / 2)
          if key_before(k, keys[middle]) then high = middle else low = middle + 1 end
        end
        table.insert(keys, low, k)
        keys[limit + 1] = nil
      end
    end
  end
  return keys, count
end

local function array_length(t)
  local n = 0
  while rawget(t, n + 1) ~= nil do n = n + 1 end
  return n
end

local function is_name(k)
  return type(k) == "string" and k:find("^[%a_][%w_]*$") and not reserved[k]
end

-- The value's own text, if it has a `__tostring`. A protected metatable does not show it, but its text does.
local function own_text(x)
  local meta = getmetatable(x)
  if meta == nil or (type(meta) == "table" and rawget(meta, "__tostring") == nil) then return nil end
  local text = tostring(x)
  if type(meta) ~= "table" and text:find("^table:? ?%w*$") then return nil end
  return without_address(text)
end

local render

-- Text of the parts of a table: one line when that fits `room`, otherwise each part on a line of its own, and
-- arrays of short values filled line by line.
local function layout(parts, only_short, room, indent)
  local total, single_line = 2, true
  for _, part in ipairs(parts) do
    total = total + term.width(part) + 2
    single_line = single_line and not part:find("\n", 1, true)
  end
  if single_line and total <= room then return "{ " .. table.concat(parts, ", ") .. " }" end
  local inner = indent .. "  "
  if not only_short then
    return "{\n" .. inner .. table.concat(parts, ",\n" .. inner) .. "\n" .. indent .. "}"
  end
  local lines, line, used = {}, nil, 0
  for i, part in ipairs(parts) do
    local text = i < #parts and part .. "," or part
    local w = term.width(text)
    if line and used + 1 + w <= room - 2 then
      line, used = line .. " " .. text, used + 1 + w
    else
      if line then lines[#lines + 1] = line end
      line, used = text, w
    end
  end
  lines[#lines + 1] = line
  return "{\n" .. inner .. table.concat(lines, "\n" .. inner) .. "\n" .. indent .. "}"
end

local function render_table(t, state, level, path, indent, room)
  if state.open[t] then return term.paint("cycle", "<cycle: " .. state.open[t] .. ">") end
  if next(t) == nil then return "{}" end
  if level >= state.depth then return "{ " .. term.glyphs("…") .. " }" end
  state.open[t] = path
  local array = array_length(t)
  local parts, only_short = {}, true
  for i = 1, math.min(array, state.items) do
    local value = rawget(t, i)
    parts[i] = render(value, state, level + 1, path .. "[" .. i .. "]", indent .. "  ", room - 3)
    only_short = only_short and type(value) ~= "table" and term.width(parts[i]) <= 16
  end
  local keys, others = other_keys(t, array, state.items - #parts)
  for _, k in ipairs(keys) do
    only_short = false
    local label, step
    if is_name(k) then
      label, step = term.paint("key", k), "." .. k
    else
      label = "[" .. (type(k) == "table" and render(k, state, state.depth, "", "", 60)
        or render(k, state, level + 1, "", "", 60)) .. "]"
      step = term.strip(label)
    end
    local left = term.width(label) + 3
    parts[#parts + 1] = label .. " = "
      .. render(rawget(t, k), state, level + 1, path .. step, indent .. "  ", room - 3 - left)
  end
  local hidden = array + others - #parts
  if hidden > 0 then
    parts[#parts + 1] = term.paint("dim", term.glyphs("… ") .. human.count(hidden) .. " more")
  end
  state.open[t] = nil
  return layout(parts, only_short, room, indent)
end

function render(x, state, level, path, indent, room)
  local kind = type(x)
  if kind == "nil" then return term.paint("nil", "nil") end
  if kind == "number" then return term.paint("number", human.exact(x)) end
  if kind == "boolean" then return term.paint("boolean", tostring(x)) end
  if kind == "string" then return quoted(x, level == 0 and state.text or math.min(state.text, 200)) end
  if kind == "function" then
    return term.paint("function", names[x] and "function: " .. names[x] or "function")
  end
  if kind == "table" then
    local text = own_text(x)
    if not text then return render_table(x, state, level, path, indent, room) end
    return level == 0 and text or (text:gsub("\n", "\n" .. indent))
  end
  if kind == "userdata" then return term.paint("userdata", without_address(tostring(x))) end
  return kind  -- thread; LuaJIT's cdata cannot be made in the sandbox
end

local defaults = { depth = 3, items = 20, text = 4000, width = false, color = true }

--- The value as text. Options: `depth` (levels of tables, 3), `items` (entries shown of each table, 20),
-- `width` (columns, the terminal's), `text` (bytes shown of a string, 4000; 200 inside tables), `color`
-- (false: never).
function pretty.format(x, options)
  options = options or {}
  for key in pairs(options) do
    if defaults[key] == nil then
      error("bad option '" .. tostring(key) .. "' for pp (there are depth, items, text, width, color)", 2)
    end
  end
  local state = { open = {} }
  for _, key in ipairs { "depth", "items", "text" } do
    local value = options[key]
    if value ~= nil and type(value) ~= "number" then
      error("option '" .. key .. "' for pp is a number, got " .. type(value), 2)
    end
    state[key] = value or defaults[key]
  end
  local result = render(x, state, 0, "root", "", options.width or term.columns())
  return options.color == false and term.strip(result) or result
end

--- Prints the value; returns nothing.
function pretty.pp(x, options)
  print(pretty.format(x, options))
end

return pretty

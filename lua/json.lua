--- Writes JSON: sorted keys, shortest numbers, one line; the same value always gives the same bytes. Reads it too.

local human = require "human"
local term = require "term"

local json = {}

local array_mark = {}

--- Marks a table as a list, so that it is written as [] even when it is empty.
function json.array(t) return setmetatable(t, array_mark) end

--- What is written as null inside lists and maps.
json.null = setmetatable({}, { __tostring = function() return "null" end })

local escapes = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function quoted(s)
  if s:find("[\128-\255]") then  -- JSON is UTF-8: a stray byte becomes the replacement character
    local out = {}
    for _, c, code in term.characters(s) do out[#out + 1] = code and c or "\239\191\189" end
    s = table.concat(out)
  end
  s = s:gsub('[%c"\\\127]', function(c) return escapes[c] or ("\\u%04x"):format(c:byte()) end)
  return '"' .. s .. '"'
end

local function key_text(k)
  if type(k) == "string" then return k end
  if type(k) == "number" then return human.exact(k) end
  error("a JSON key is a string or a number, not a " .. type(k), 0)
end

local encode

local function encode_table(t, out, open)
  if open[t] then error("a table that contains itself cannot be written as JSON", 0) end
  open[t] = true
  local count = 0
  for _ in pairs(t) do count = count + 1 end
  if getmetatable(t) == array_mark or (count > 0 and count == #t) then
    out[#out + 1] = "["
    for i = 1, #t do
      if i > 1 then out[#out + 1] = "," end
      encode(t[i], out, open)
    end
    out[#out + 1] = "]"
  else
    local keys, values = {}, {}
    for k, v in pairs(t) do
      local text = key_text(k)
      if values[text] ~= nil then error("two keys are written alike: " .. text, 0) end
      keys[#keys + 1], values[text] = text, v
    end
    table.sort(keys)
    out[#out + 1] = "{"
    for i, key in ipairs(keys) do
      out[#out + 1] = (i > 1 and "," or "") .. quoted(key) .. ":"
      encode(values[key], out, open)
    end
    out[#out + 1] = "}"
  end
  open[t] = nil
end

function encode(x, out, open)
  local kind = type(x)
  if kind == "nil" or x == json.null then
    out[#out + 1] = "null"
  elseif kind == "boolean" then
    out[#out + 1] = tostring(x)
  elseif kind == "number" then  -- JSON knows no NaN and no infinity
    out[#out + 1] = (x ~= x or x == math.huge or x == -math.huge) and "null" or human.exact(x)
  elseif kind == "string" then
    out[#out + 1] = quoted(x)
  elseif kind == "table" then
    encode_table(x, out, open)
  else
    error("a " .. kind .. " cannot be written as JSON", 0)
  end
end

--- The value as JSON. A table whose keys are 1..n is a list, any other a map (an empty one too; see
-- json.array). NaN and infinities become null. Options: `html` (true: safe inside a script element).
function json.encode(x, options)
  local out = {}
  local ok, err = pcall(encode, x, out, {})
  if not ok then error(err, 2) end
  local text = table.concat(out)
  -- "</script>" and "<!--" must not end or upset the element; "<" occurs in strings only.
  if options and options.html then text = text:gsub("<", "\\u003c") end
  return text
end

-- Reading. Each reader gets the text and where it begins, and returns the value and where it ends; a mistake is
-- raised as a table { message, position }.
-- ---------------------------------------------------------------------------------------------------------

local depth_max = 200

local function mistake(what, at) error({ message = what, at = at }, 0) end

local function utf8(code)
  if code < 0x80 then return string.char(code) end
  if code < 0x800 then return string.char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return string.char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return string.char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

local unescaped = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local function read_string(s, i)
  local out, at = {}, i + 1
  while true do
    local stop = s:find('["\\%c]', at)
    if not stop then mistake("a string does not end", i) end
    out[#out + 1] = s:sub(at, stop - 1)
    local c = s:sub(stop, stop)
    if c == '"' then return table.concat(out), stop + 1 end
    if c ~= "\\" then mistake("a control character in a string", stop) end
    local kind = s:sub(stop + 1, stop + 1)
    if kind == "u" then
      local hex = s:match("^%x%x%x%x", stop + 2)
      if not hex then mistake("\\u needs four hexadecimal digits", stop) end
      local code = tonumber(hex, 16)
      at = stop + 6
      if code >= 0xD800 and code <= 0xDBFF then  -- half of a pair
        local low = s:match("^\\u([dD][c-fC-F]%x%x)", at)
        if low then
          code = 0x10000 + (code - 0xD800) * 1024 + tonumber(low, 16) - 0xDC00
          at = at + 6
        end
      end
      out[#out + 1] = (code >= 0xD800 and code <= 0xDFFF) and "\239\191\189" or utf8(code)
    elseif unescaped[kind] then
      out[#out + 1] = unescaped[kind]
      at = stop + 2
    else
      mistake("an unknown escape in a string", stop)
    end
  end
end

local words = { ["true"] = true, ["false"] = false, ["null"] = json.null }

local read_value

local function read_list(s, i, depth)
  local list = json.array {}
  local at = s:find("%S", i + 1) or #s + 1
  if s:sub(at, at) == "]" then return list, at + 1 end
  while true do
    list[#list + 1], at = read_value(s, at, depth)
    at = s:find("%S", at) or #s + 1
    local c = s:sub(at, at)
    if c == "]" then return list, at + 1 end
    if c ~= "," then mistake("expected , or ] in a list", at) end
    at = at + 1
  end
end

local function read_map(s, i, depth)
  local map = {}
  local at = s:find("%S", i + 1) or #s + 1
  if s:sub(at, at) == "}" then return map, at + 1 end
  while true do
    at = s:find("%S", at) or #s + 1
    if s:sub(at, at) ~= '"' then mistake("expected a key in quotes", at) end
    local key
    key, at = read_string(s, at)
    at = s:find("%S", at) or #s + 1
    if s:sub(at, at) ~= ":" then mistake("expected : after a key", at) end
    map[key], at = read_value(s, at + 1, depth)
    at = s:find("%S", at) or #s + 1
    local c = s:sub(at, at)
    if c == "}" then return map, at + 1 end
    if c ~= "," then mistake("expected , or } in a map", at) end
    at = at + 1
  end
end

function read_value(s, i, depth)
  if depth > depth_max then mistake("nested too deeply", i) end
  local at = s:find("%S", i) or #s + 1
  local c = s:sub(at, at)
  if c == "{" then return read_map(s, at, depth + 1) end
  if c == "[" then return read_list(s, at, depth + 1) end
  if c == '"' then return read_string(s, at) end
  local word = s:match("^%a+", at)
  if word and words[word] ~= nil then return words[word], at + #word end
  local number = s:match("^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  if number and tonumber(number) then return tonumber(number), at + #number end
  mistake(at > #s and "the text ends too early" or "expected a value", at)
end

--- Reads a JSON text: the value, or nil and what is wrong with it. Lists are marked by json.array; null is json.null.
function json.decode(text)
  local ok, value, at = pcall(read_value, text, 1, 0)
  if ok and text:find("%S", at) then ok, value = false, { message = "more text after the value", at = at } end
  if ok then return value end
  if type(value) ~= "table" then error(value, 0) end
  local _, breaks = text:sub(1, value.at - 1):gsub("\n", "")
  return nil, ("line %d: %s"):format(breaks + 1, value.message)
end

return json

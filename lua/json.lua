--- Writes JSON: sorted keys, shortest numbers, one line; the same value always gives the same bytes.

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

return json

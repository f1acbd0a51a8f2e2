--- Expectations: small tests with readable failures.
--
--     local t = require "expect"
--     t.test("a full cache evicts the oldest key", function()
--       t.equal(c:keys(), { "c", "a" })
--     end)
--     t.summary()            -- prints "1 passed, 0 failed", returns true
--
-- A test is run at once. A failed expectation ends its test, prints where and why, and the next test goes on.
-- Nothing here depends on the order of `pairs`.

local expect = {}

--- What has happened so far, in order: { name = , ok = , message = nil or text }.
expect.results = {}

--- Where a failure is told at once; another function may take its place.
function expect.tell(text) print(text) end

local function quote(s)
  return '"' .. s:gsub('[%c"\\]', function(c)
    if c == "\n" then return "\\n" end
    if c == '"' or c == "\\" then return "\\" .. c end
    return string.format("\\%03d", c:byte())
  end) .. '"'
end

-- Keys in a stable order: numbers, strings, then the rest by their text.
local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b)
    local ta, tb = type(a), type(b)
    if ta ~= tb then
      if ta == "number" or tb == "number" then return ta == "number" end
      if ta == "string" or tb == "string" then return ta == "string" end
      return ta < tb
    end
    if ta == "number" or ta == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

-- One short line for any value. This module keeps its own printer, so that the tests of `pretty` do not rest
-- on it.
local function show(x, depth)
  depth = depth or 0
  if type(x) == "string" then return #x > 200 and quote(x:sub(1, 200)) .. "..." or quote(x) end
  if type(x) == "number" then
    return x == math.floor(x) and math.abs(x) < 1e15 and string.format("%d", x) or string.format("%.17g", x)
  end
  if type(x) ~= "table" then return tostring(x) end
  if depth == 3 then return "{...}" end
  local parts, n = {}, 0
  for _, k in ipairs(sorted_keys(x)) do
    n = n + 1
    if n > 20 then
      parts[#parts + 1] = "..."
      break
    end
    local prefix = ""
    if k ~= n then prefix = (type(k) == "string" and k or "[" .. show(k, 3) .. "]") .. " = " end
    parts[n] = prefix .. show(x[k], depth + 1)
  end
  return "{ " .. table.concat(parts, ", ") .. " }"
end

local function lines_of(s)
  local lines = {}
  for line in (s .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

-- Where two texts part, line by line: three lines around the first difference, both versions.
local function text_difference(actual, expected)
  local a, e = lines_of(actual), lines_of(expected)
  local first = 1
  while a[first] == e[first] do first = first + 1 end
  local out = { ("texts differ at line %d (- expected, + actual):"):format(first) }
  for i = math.max(1, first - 2), first - 1 do out[#out + 1] = "    " .. e[i] end
  for i = first, first + 2 do
    if e[i] then out[#out + 1] = "  - " .. e[i] end
    if a[i] then out[#out + 1] = "  + " .. a[i] end
  end
  return table.concat(out, "\n")
end

local max_differences = 5

-- Appends to `out` the places where the two values differ.
local function compare(actual, expected, path, out, seen)
  if actual == expected or (actual ~= actual and expected ~= expected) then return end
  if type(actual) ~= "table" or type(expected) ~= "table" then
    local texts = type(actual) == "string" and type(expected) == "string"
    if texts and (actual .. expected):find("\n", 1, true) then
      out[#out + 1] = path .. ": " .. text_difference(actual, expected)
    else
      out[#out + 1] = ("%s: got %s, expected %s"):format(path, show(actual), show(expected))
    end
    return
  end
  if seen[actual] == expected then return end
  seen[actual] = expected
  local both = {}
  for k in pairs(actual) do both[k] = true end
  for k in pairs(expected) do both[k] = true end
  for _, k in ipairs(sorted_keys(both)) do
    local step = type(k) == "string" and "." .. k or "[" .. show(k) .. "]"
    compare(actual[k], expected[k], path .. step, out, seen)
    if #out > max_differences then return end
  end
end

local function fail(message)
  error(message, 3)
end

--- Deep equality; tables by content, NaN equals NaN, metatables are not looked at.
function expect.equal(actual, expected)
  local differences = {}
  compare(actual, expected, "value", differences, {})
  if #differences == 0 then return end
  if #differences > max_differences then differences[max_differences + 1] = "... and more" end
  fail(table.concat(differences, "\n  "))
end

--- |actual - expected| <= tolerance.
function expect.near(actual, expected, tolerance)
  if type(actual) ~= "number" then fail("got " .. show(actual) .. ", expected a number") end
  if math.abs(actual - expected) <= tolerance then return end  -- and so NaN is never near
  fail(("got %s, expected %s within %s"):format(show(actual), show(expected), show(tolerance)))
end

--- Anything but false and nil.
function expect.is_true(x, message)
  if not x then fail(message or "got " .. show(x) .. ", expected a true value") end
end

--- `s` contains a match of the Lua pattern.
function expect.matches(s, pattern)
  if type(s) ~= "string" or not s:find(pattern) then
    fail(("%s does not match the pattern %s"):format(show(s), show(pattern)))
  end
end

--- The function raises an error whose text matches the pattern (any error without one). Returns the error.
function expect.raises(fn, pattern)
  local ok, err = pcall(fn)
  if ok then
    fail("expected an error" .. (pattern and " like " .. show(pattern) or "") .. ", none was raised")
  end
  if pattern and not tostring(err):find(pattern) then
    fail(("the error %s does not match the pattern %s"):format(show(tostring(err)), show(pattern)))
  end
  return err
end

--- Runs a test now and records how it went. Returns whether it passed.
function expect.test(name, fn)
  local ok, err = pcall(fn)
  local result = { name = name, ok = ok }
  if not ok then
    result.message = tostring(err)
    expect.tell("FAIL  " .. name .. "\n  " .. (result.message:gsub("\n", "\n  ")))
  end
  expect.results[#expect.results + 1] = result
  return ok
end

--- Prints "N passed, M failed"; returns whether every test passed (and there was at least one).
function expect.summary()
  local failed = 0
  for _, result in ipairs(expect.results) do
    if not result.ok then failed = failed + 1 end
  end
  local passed = #expect.results - failed
  print(("%d passed, %d failed"):format(passed, failed))
  return failed == 0 and passed > 0
end

return expect

local t = require "expect"

-- Failing tests of expect itself must not count: they run, and their results are taken back.
local function failure_of(fn)
  local tell, told = t.tell, nil
  t.tell = function(text) told = text end
  local ok = t.test("inner", fn)
  t.tell = tell
  local result = table.remove(t.results)
  return not ok and result.message or nil, told
end

t.test("equal is deep, and names the places that differ", function()
  t.equal({ 1, { x = "y" } }, { 1, { x = "y" } })
  t.equal(0 / 0, 0 / 0)
  local message = failure_of(function() t.equal({ a = { 1, 2 }, b = 1 }, { a = { 1, 3 }, c = false }) end)
  t.matches(message, "value%.a%[2%]: got 2, expected 3")
  t.matches(message, "value%.b: got 1, expected nil")
  t.matches(message, "value%.c: got nil, expected false")
end)

t.test("texts are compared line by line", function()
  local message = failure_of(function() t.equal("one\ntwo\n", "one\nthree\n") end)
  t.matches(message, "differ at line 2")
  t.matches(message, "%- three\n")
  t.matches(message, "%+ two\n")
end)

t.test("a table that contains itself can be compared", function()
  local a, b = { 1 }, { 1 }
  a.self, b.self = a, b
  t.equal(a, b)
end)

t.test("near, matches, is_true and raises say what they got", function()
  t.near(1.04, 1, 0.05)
  t.matches(failure_of(function() t.near(1, 2, 0.5) end), "got 1, expected 2 within 0.5")
  t.matches(failure_of(function() t.near(0 / 0, 2, 0.5) end), "expected 2")
  t.matches(failure_of(function() t.matches("abc", "x") end), '"abc" does not match')
  t.matches(failure_of(function() t.is_true(nil) end), "got nil")
  t.matches(failure_of(function() t.raises(function() end, "x") end), "none was raised")
  t.matches(failure_of(function() t.raises(function() error "boo" end, "zzz") end), "boo")
  t.equal(t.raises(function() error({ code = 7 }) end), { code = 7 })
end)

t.test("a failure is printed with its name and the line of the expectation", function()
  local message, printed = failure_of(function() t.equal(1, 2) end)
  t.matches(message, "expect_test%.lua:%d+: value: got 1, expected 2")
  t.matches(printed, "FAIL  inner\n")
end)

assert(t.summary())

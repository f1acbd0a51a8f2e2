--- What a step's check gets as `t`: the assertions of lua/expect.lua and a few for labs. Each failure is a sentence
-- for the learner, kept apart from an error in the check itself.
--
--     check = function(t, env)
--       t.has(env, "c", "Cache")
--       t.equal(c:keys(), { "c", "a" }, "the keys of c")
--       t.that(load:errors() == 0, "no request fails", load:errors() .. " failed")
--     end
--
-- Each takes a last argument that says when and on which node the thing went wrong, where the check knows that better
-- than "now": { at = seconds, node = name }.

local host = ...
local expect = require "expect"

local expectations = {}

local Failure = { __tostring = function(self) return self.message end }

local function fail(message, where)
  error(setmetatable({ message = message, where = type(where) == "table" and where or nil }, Failure), 0)
end

-- An assertion of lua/expect.lua; `what` says in front of the failure what was looked at.
local function wrap(f, arguments)
  return function(...)
    local what, where = select(arguments + 1, ...)
    local ok, message = pcall(f, ...)
    if ok then return end
    message = tostring(message):gsub("^value: ", "")
    fail(type(what) == "string" and what .. ": " .. message or message, where)
  end
end

local t = {
  equal = wrap(expect.equal, 2),
  near = wrap(expect.near, 3),
  matches = wrap(expect.matches, 2),
  raises = wrap(expect.raises, 2),
}

--- A true value, or `message`.
function t.is_true(x, message, where)
  if not x then fail(message or "got " .. tostring(x) .. ", expected a true value", where) end
end

--- A condition with both sides of the failure in words: what was expected, what happened instead.
function t.that(ok, expected, happened, where)
  if not ok then fail(("expected: %s\nhappened: %s"):format(expected, happened), where) end
end

local function kind_of(x) return host.type_of(x) or type(x) end

local function a(kind) return (kind:find("^[AEIOUaeiou]") and "an " or "a ") .. kind end

--- The learner made a variable of that name and kind: a type of the library ("World", "Cache") or of Lua ("number").
-- Returns its value.
function t.has(env, name, kind)
  local value = env[name]
  if value == nil then
    fail(("expected: %s in the variable %s\nhappened: there is no %s yet"):format(a(kind), name, name))
  end
  if kind_of(value) ~= kind then
    fail(("expected: %s in the variable %s\nhappened: %s is %s"):format(a(kind), name, name, a(kind_of(value))))
  end
  return value
end

--- Ends the running check with a sentence.
expectations.fail = fail

--- Runs a check with what it gets after `t`. Returns true, nil, nil and what it returned; or false, the sentence,
-- whether the check itself broke, and where it went wrong if the check said so.
function expectations.run(check, ...)
  local ok, problem = pcall(check, t, ...)
  if ok then return true, nil, nil, problem end
  if getmetatable(problem) == Failure then return false, problem.message, false, problem.where end
  return false, tostring(problem), true
end

return expectations

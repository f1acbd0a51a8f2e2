--- Files that know nothing of what they are asked and answer everything with one thing. `syslab lab verify` runs every
-- lab's checks on them: they are not to be taken for a solution, and no check is to break on what they answer.

local forged = {}

-- What they answer: in words, and as Lua.
local answers = {
  { "nothing", "" }, { "nil", "nil" }, { "true", "true" }, { "false", "false" }, { "0", "0" }, { "1", "1" },
  { "a number that is none", "0 / 0" }, { "infinity", "1 / 0" }, { "a negative number", "-2 ^ 53" },
  { "an empty text", '""' }, { "a text like a number", '"1"' }, { "a long text", '("x"):rep(1e5)' },
  { "an empty list", "{}" }, { "a list of lists", "{ {}, { {} } }" },
  { "a list with a hole", "{ [3] = 1, [-1] = 0, x = true }" }, { "an object", "setmetatable({}, meta)" },
  { "itself", "any" }, { "a function", "function() return any end" }, { "what it was given", "..." },
  { "its second argument", "(select(2, ...))" }, { "two hundred nils", "unpack({}, 1, 200)" },
}

local source = [[
local meta = {}
local any = setmetatable({}, meta)
local function answer(...) return %s end
meta.__index = function(_, name) return name == "new" and function() return any end or answer end
meta.__call = function(_, ...) return answer(...) end
meta.__eq = function() return true end
meta.__lt, meta.__le = meta.__eq, meta.__eq
local node = ...
if type(node) == "table" then
  function node.on_request(...) return answer(...) end
end
return any
]]

--- The files: a list of { what it answers, source }.
forged.files = {}
for i, answer in ipairs(answers) do forged.files[i] = { answer[1], source:format(answer[2]) } end

return forged

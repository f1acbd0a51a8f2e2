--- What `syslab lab new NAME` writes: a lab that works, to be changed into another one.

local template = {}

template["labs/NAME/README.md"] = [[
# A counter

    syslab lab NAME
    syslab lab watch NAME my_counter.lua

**Why.** Say what somebody can do or understand after this lab that they could not before.

**Place in the course.** After which labs, and what they need from them.

**The model, and its limits.** What is simulated, what is left out, and where reality differs.

**What to write.** Copy `labs/NAME/starter.lua`. It returns a table with one function:

| call | result |
|---|---|
| `m.new(first)` | a counter that stands at `first`, or at 0 |
| `counter:add(n)` | adds `n` and returns where it stands |
| `counter:reset()` | back to where it began; returns that |

**Parts.** `add` (60 points), `reset` (40). The reference solution has 14 lines.

**Hints.** Two counters know nothing of each other.

**To read on.** Papers, or documentation.
]]

template["labs/NAME/lab.lua"] = [[
-- A counter: what a check looks like. docs/writing_a_lab.md says what else there is.

return {
  title = "A counter",
  minutes = 10,
  summary = "You write a counter that can be added to and reset.",
  after = { "quickstart" },

  parts = {
    {
      name = "add",
      title = "It adds",
      points = 60,
      seeds = 10,
      check = function(t, submission)
        local m = submission:load()
        local one, two = m.new(), m.new(100)
        local sum = 0
        for i = 1, 20 do
          local n = math.random(1000)
          sum = sum + n
          t.equal(one:add(n), sum, ("what add(%d) returns as call number %d"):format(n, i))
        end
        t.equal(two:add(1), 101, "what add(1) of another counter, which began at 100, returns")
      end,
    },
    {
      name = "reset",
      title = "It goes back to where it began",
      points = 40,
      seeds = 10,
      hidden = true,
      check = function(t, submission)
        local first = math.random(1000)
        local counter = submission:load().new(first)
        counter:add(math.random(1000))
        t.equal(counter:reset(), first, ("what reset() returns of a counter that began at %d"):format(first))
        t.equal(counter:add(5), first + 5, "what add(5) returns after that")
      end,
    },
  },
}
]]

template["labs/NAME/starter.lua"] = [[
-- A counter. Fill in `add` and `reset`.
local Counter = {}
Counter.__index = Counter

function Counter:add(n)
  return 0
end

function Counter:reset()
  return 0
end

return {
  new = function(first) return setmetatable({}, Counter) end,
}
]]

template["tests/labs/NAME/solution.lua"] = [[
local Counter = {}
Counter.__index = Counter

function Counter:add(n)
  self.value = self.value + n
  return self.value
end

function Counter:reset()
  self.value = self.first
  return self.value
end

return { new = function(first) return setmetatable({ first = first or 0, value = first or 0 }, Counter) end }
]]

template["tests/labs/NAME/wrong_reset_to_zero.lua"] = [[
-- Resets to 0, wherever it began.
-- loses: reset 40
local Counter = {}
Counter.__index = Counter

function Counter:add(n)
  self.value = self.value + n
  return self.value
end

function Counter:reset()
  self.value = 0
  return 0
end

return { new = function(first) return setmetatable({ value = first or 0 }, Counter) end }
]]

template["tests/labs/NAME/wrong_shared.lua"] = [[
-- All counters are one.
-- loses: add 60
local value, began = 0, 0
local counter = {
  add = function(_, n)
    value = value + n
    return value
  end,
  reset = function()
    value = began
    return value
  end,
}
return { new = function(first)
  value, began = first or 0, first or 0
  return counter
end }
]]

--- The files of a new lab: { PATH = text }.
function template.files(name)
  local files = {}
  for path, text in pairs(template) do
    if type(text) == "string" then files[path:gsub("NAME", name)] = text:gsub("NAME", name) end
  end
  return files
end

return template

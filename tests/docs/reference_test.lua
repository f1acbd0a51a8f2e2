local t = require "expect"
local reference = require "reference"

t.test("reference: docs/reference.md and lua/types/syslab.lua are what the descriptors say", function()
  local ok, message = reference.check()
  if not ok then error(message, 0) end
end)

t.test("reference: the page explains every component and method, the annotations are Lua", function()
  local page, annotations = reference.markdown(), reference.annotations()
  t.is_true(page:find("### lab.world\n", 1, true) ~= nil)
  t.is_true(page:find("#### World:load\n", 1, true) ~= nil)
  local overload = "---@overload fun(self: World, name: string, options?: World.service.options): Node"
  t.is_true(annotations:find(overload, 1, true) ~= nil)
  local results = "---@return any\n---@return Error?\nfunction Node:call(options) end"
  t.is_true(annotations:find(results, 1, true) ~= nil)
  t.is_true(load(annotations) ~= nil)
end)

assert(t.summary())

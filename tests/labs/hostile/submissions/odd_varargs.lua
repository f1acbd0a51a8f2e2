-- A file that takes its arguments apart and returns as many values as there is stack.
local given = { ... }
for i = 1, #given do pcall(function() given[i].x = given[i] end) end
return unpack(setmetatable({}, { __index = function() return print end }), 1, 7000)

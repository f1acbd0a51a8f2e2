-- Calls that nest by way of the check.
local m = {}
function m.new() return { push = function(self, x) return m.new():push(x) end } end
return m

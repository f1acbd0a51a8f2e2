-- An __index that asks itself.
local t = setmetatable({}, {})
getmetatable(t).__index = function(self, k) return self[k .. "x"] end
return { new = function() return t.x end }

-- A finaliser that loops when the state is closed.
local proxy = newproxy and newproxy(true) or setmetatable({}, {})
getmetatable(proxy).__gc = function() while true do end end
return { new = function() return {} end }

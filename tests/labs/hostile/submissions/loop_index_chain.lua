-- A circle of __index tables.
local a, b = {}, {}
setmetatable(a, { __index = b })
setmetatable(b, { __index = a })
return { new = function() return a.x end }

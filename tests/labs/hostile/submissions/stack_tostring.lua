-- tostring that calls tostring.
local t = setmetatable({}, { __tostring = function(x) return tostring(x) end })
return { new = function() return tostring(t) end }

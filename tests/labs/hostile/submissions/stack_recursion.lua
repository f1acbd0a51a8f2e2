-- A recursion without end.
local function f(n) return 1 + f(n + 1) end
return { new = function() return f(0) end }

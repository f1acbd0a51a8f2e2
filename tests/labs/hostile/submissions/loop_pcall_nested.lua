-- pcall of pcall of pcall.
local function deep(n) while true do if n > 0 then pcall(deep, n - 1) else while true do end end end end
deep(50)

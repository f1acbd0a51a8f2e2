-- A function that calls itself by pcall for ever.
local function f() while true do pcall(f) end end
f()

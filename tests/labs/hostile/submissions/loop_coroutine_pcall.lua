-- Coroutines and pcall that call each other for ever.
local g
function g() return coroutine.wrap(function() pcall(g) g() end)() end
while true do pcall(g) end

-- The same, and pcall.
local function f() pcall(coroutine.wrap(f)) end
while true do f() end

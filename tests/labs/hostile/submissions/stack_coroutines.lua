-- Coroutines inside coroutines: the C stack.
local function f() return coroutine.wrap(f)() end
f()

-- An endless loop by recursion that is no recursion: a tail call.
local function f() return f() end
f()

-- gsub inside gsub: the C stack.
local function f(s) return (s:gsub("x", f)) end
f("x")

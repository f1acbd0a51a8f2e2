-- A chunk that is compiled and never ends.
local f = load("while true do end")
while true do pcall(f) end

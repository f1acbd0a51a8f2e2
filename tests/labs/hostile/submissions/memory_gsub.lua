-- A gsub that makes one letter a thousand.
local s = ("x"):rep(100000)
while true do s = s:gsub("x", ("y"):rep(1000)) end

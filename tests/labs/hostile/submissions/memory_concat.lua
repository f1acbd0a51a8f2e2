-- table.concat of a large list, often.
local t = {}
for i = 1, 1000 do t[i] = ("x"):rep(10000) end
local kept = {}
while true do kept[#kept + 1] = table.concat(t) .. #kept end

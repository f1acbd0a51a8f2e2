-- Expressions of sixty thousand constants.
local code = { "return " }
for i = 1, 60000 do code[#code + 1] = i .. ".5 + " end
while true do load(table.concat(code) .. "1") end

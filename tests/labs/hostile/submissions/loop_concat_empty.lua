-- Joins two thousand million texts of no length: no instruction runs meanwhile.
local nothing = setmetatable({}, { __index = function() return "" end })
return { new = function()
  local list = {}
  for i = 1, 1e6 do list[i] = "" end
  while true do table.concat(list) end
  return nothing
end }

-- table.concat of two billion empty places.
while true do
  pcall(table.concat, setmetatable({}, { __index = function() return "" end }), "", 1, 2 ^ 31 - 2)
end

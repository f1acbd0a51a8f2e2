-- A join whose separator is most of it.
return { new = function()
  local list = {}
  for i = 1, 2 ^ 16 do list[i] = "" end
  return table.concat(list, ("x"):rep(2 ^ 20))
end }

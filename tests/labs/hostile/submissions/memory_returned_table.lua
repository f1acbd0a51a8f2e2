-- A result of a million tables.
return { new = function()
  local t = {}
  for i = 1, 2e6 do t[i] = { {} } end
  return t
end }

-- A result nested ninety-nine deep, with each level wide: as deep as is allowed, and then wide.
return { new = function()
  local t = { 1 }
  for _ = 1, 98 do t = { t, a = { 1, 2, 3 }, b = "x", [2.5] = {} } end
  return t
end }

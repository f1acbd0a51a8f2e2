-- A chain of a hundred thousand __index tables, and one that is a circle.
return { new = function()
  local t = {}
  for _ = 1, 1e5 do t = setmetatable({}, { __index = t }) end
  pcall(function() return t.x end)
  local a, b = {}, {}
  setmetatable(a, { __index = b })
  setmetatable(b, { __index = a })
  return a.x
end }

-- Returns objects by the thousand, to find another's number.
local objects = {}
return { new = function()
  for i = 1, 10000 do objects[i] = function() return i end end
  return unpack(objects, 1, 5000)
end }

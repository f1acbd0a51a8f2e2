-- A result that contains itself.
return { new = function()
  local t = {}
  t[1] = t
  return t
end }

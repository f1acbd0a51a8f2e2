-- A result nested ten thousand deep.
return { new = function()
  local t = {}
  for _ = 1, 10000 do t = { t } end
  return t
end }

-- A small graph that is an endless tree once it is written down: 2^60 leaves.
return { new = function()
  local t = { 1 }
  for _ = 1, 60 do t = { t, t } end
  return t
end }

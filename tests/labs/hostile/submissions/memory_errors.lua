-- Keeps every error that is too large to keep.
local kept = {}
return { new = function()
  while true do
    local _, e = pcall(error, ("x"):rep(2 ^ 22) .. #kept)
    kept[#kept + 1] = e
  end
end }

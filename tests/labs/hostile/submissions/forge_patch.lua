-- Patches everything that can be reached.
local seen, type, pairs, pcall, rawset, error = {}, type, pairs, pcall, rawset, error
local function patch(t)
  if type(t) ~= "table" or seen[t] then return end
  seen[t] = true
  for k, v in pairs(t) do
    patch(v)
    if type(v) == "function" then pcall(rawset, t, k, function() return true end) end
  end
end
patch(_G)
error("patched")

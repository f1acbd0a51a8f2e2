-- Fills the memory to the brim and goes on.
local kept, n = {}, 0
while true do
  pcall(function()
    kept[#kept + 1] = ("x"):rep(1000) .. n
    n = n + 1
  end)
end

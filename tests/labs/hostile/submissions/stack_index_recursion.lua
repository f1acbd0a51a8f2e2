-- Metamethods that need themselves: index, newindex, call, concat, eq, lt, unm, len.
local meta = {}
local odd = setmetatable({}, meta)
for _, event in ipairs { "__index", "__newindex", "__call", "__concat", "__eq", "__lt", "__le", "__unm", "__len",
  "__add", "__tostring" } do
  meta[event] = function(a, b)
    local _ = pcall(function() return a.x end), pcall(function() a.y = 1 end), pcall(a), pcall(function() return -a end)
    return a .. b
  end
end
return { new = function() return odd .. odd end }

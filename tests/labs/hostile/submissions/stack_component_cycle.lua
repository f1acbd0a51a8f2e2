-- Circular and deep tables as options, keys and values of components.
local circle = {}
circle.circle, circle[1], circle[circle] = circle, circle, circle
local deep = {}
for _ = 1, 1e5 do deep = { deep } end
local evil = setmetatable({}, { __tostring = function() while true do end end, __index = function() error("evil") end })
for _, x in ipairs { circle, deep, evil } do
  pcall(function() lab.cache.lru(x) end)
  pcall(function() lab.cache.lru { capacity = x } end)
  pcall(function() lab.cache.lru { capacity = 2 }:put(x, x) end)
  pcall(function() lab.cache.lru { capacity = 2 }:put("x", x) end)
  pcall(function() lab.hash.ring { nodes = x } end)
  pcall(function() lab.hash.ring { nodes = { x } } end)
  pcall(function() lab.hash.ring { nodes = { "a" } }:owner(x) end)
end
error("through")

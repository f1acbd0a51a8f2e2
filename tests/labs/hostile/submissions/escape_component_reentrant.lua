-- A policy in Lua whose hooks use, change and drop the cache that calls them, fail and yield.
local c
local function hook(...)
  pcall(function() c:put(math.random(100), 1) end)
  pcall(function() c:get(1) end)
  pcall(function() c:clear() end)
  if math.random() < 0.3 then c = nil end
  if math.random() < 0.3 then coroutine.yield() end
  if math.random() < 0.3 then error(setmetatable({}, { __tostring = function() return c:keys() end })) end
  return ...
end
for _ = 1, 100 do
  pcall(function()
    c = lab.cache.scripted { capacity = 2, on_insert = hook, on_hit = hook, victim = hook, on_remove = hook }
    for i = 1, 10 do c:put(i, i) c:get(i) end
  end)
end
error("through")

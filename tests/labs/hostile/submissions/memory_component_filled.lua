-- Fills a cache of the library, whose values are outside of the Lua state.
return { new = function()
  local c = lab.cache.lru { capacity = 2 ^ 40 }
  local text = ("x"):rep(2 ^ 20)
  for i = 1, 2 ^ 20 do c:put(i, text .. i) end
  return c
end }

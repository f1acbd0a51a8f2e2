-- An LRU cache: fill in what it does. README.md says what each function should do.
local lru = {}

local Cache = {}
Cache.__index = Cache

-- A cache for `capacity` keys.
function lru.new(capacity)
  return setmetatable({ capacity = capacity, values = {} }, Cache)
end

-- The value under the key, or nil.
function Cache:get(key)
  return nil
end

-- Stores the value. If there are too many keys now, the one that was not used for the longest time leaves.
function Cache:put(key, value)
end

return lru

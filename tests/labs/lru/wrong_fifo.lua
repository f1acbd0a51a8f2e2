-- Forgets that a get is a use, too: the oldest key leaves, not the least recently used.
-- loses: order 30
local lru = {}

local Cache = {}
Cache.__index = Cache

function lru.new(capacity)
  return setmetatable({ capacity = capacity, first = 1, last = 0, keys = {}, values = {} }, Cache)
end

function Cache:get(key) return self.values[key] end

function Cache:put(key, value)
  if self.values[key] == nil then
    if self.last - self.first + 1 == self.capacity then
      self.values[self.keys[self.first]] = nil
      self.keys[self.first] = nil
      self.first = self.first + 1
    end
    self.last = self.last + 1
    self.keys[self.last] = key
  end
  self.values[key] = value
end

return lru

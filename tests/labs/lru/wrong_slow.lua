-- Right, but looks at every key to find the oldest.
-- loses: fast 30
local lru = {}

local Cache = {}
Cache.__index = Cache

function lru.new(capacity)
  return setmetatable({ capacity = capacity, size = 0, now = 0, values = {}, used = {} }, Cache)
end

local function touch(self, key)
  self.now = self.now + 1
  self.used[key] = self.now
end

function Cache:get(key)
  if self.used[key] then touch(self, key) end
  return self.values[key]
end

function Cache:put(key, value)
  if not self.used[key] then
    if self.size == self.capacity then
      local oldest
      for other, at in pairs(self.used) do
        if not oldest or at < self.used[oldest] then oldest = other end
      end
      self.used[oldest], self.values[oldest] = nil, nil
    else
      self.size = self.size + 1
    end
  end
  self.values[key] = value
  touch(self, key)
end

return lru

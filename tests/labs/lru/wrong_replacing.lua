-- Throws out a key also when a key that is there gets a new value.
-- loses: bound 20
-- loses: order 30
local lru = {}

local Cache = {}
Cache.__index = Cache

function lru.new(capacity)
  local ends = {}
  ends.newer, ends.older = ends, ends -- ends.older is the newest entry, ends.newer the oldest
  return setmetatable({ capacity = capacity, size = 0, entries = {}, ends = ends }, Cache)
end

local function unlink(entry)
  entry.newer.older, entry.older.newer = entry.older, entry.newer
end

local function make_newest(self, entry)
  local ends = self.ends
  entry.newer, entry.older = ends, ends.older
  ends.older.newer, ends.older = entry, entry
end

function Cache:get(key)
  local entry = self.entries[key]
  if not entry then return nil end
  unlink(entry)
  make_newest(self, entry)
  return entry.value
end

function Cache:put(key, value)
  local entry = self.entries[key]
  if self.size == self.capacity then
    local oldest = self.ends.newer
    unlink(oldest)
    self.entries[oldest.key] = nil
    self.size = self.size - 1
    if oldest == entry then entry = nil end
  end
  if entry then
    entry.value = value
    unlink(entry)
  else
    self.size = self.size + 1
    entry = { key = key, value = value }
    self.entries[key] = entry
  end
  make_newest(self, entry)
end

return lru

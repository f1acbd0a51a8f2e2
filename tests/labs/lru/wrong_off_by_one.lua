-- Makes room one key too late, so it holds one more than it should.
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
  if entry then
    entry.value = value
    unlink(entry)
  else
    if self.size > self.capacity then
      local oldest = self.ends.newer
      unlink(oldest)
      self.entries[oldest.key] = nil
    else
      self.size = self.size + 1
    end
    entry = { key = key, value = value }
    self.entries[key] = entry
  end
  make_newest(self, entry)
end

return lru

-- Forgets that the circle is closed: a key behind the last point has no home.
-- loses: home 20
-- loses: balance 15
-- loses: movement 25
-- loses: weights 10
-- loses: replicas 20
-- loses: quick 10
local Ring = {}
Ring.__index = Ring

local function hash(text) return lab.hash.murmur3(text) end

-- By hash, and where two points share one, by name: so the order of adding does not matter.
local function before(a, b)
  if a.hash ~= b.hash then return a.hash < b.hash end
  return a.name < b.name
end

function Ring:add(name, weight)
  for i = 1, math.floor(self.points * (weight or 1) + 0.5) do
    self.circle[#self.circle + 1] = { hash = hash(name .. "#" .. i), name = name }
  end
  table.sort(self.circle, before)
  self.nodes = self.nodes + 1
end

function Ring:remove(name)
  local kept = {}
  for _, point in ipairs(self.circle) do
    if point.name ~= name then kept[#kept + 1] = point end
  end
  self.circle = kept
  self.nodes = self.nodes - 1
end

-- The first point at or after the key's hash; behind the last one, the first of all.
function Ring:find(key)
  local circle, wanted = self.circle, hash(key)
  local low, high = 1, #circle + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if circle[middle].hash < wanted then low = middle + 1 else high = middle end
  end
  return low
end

function Ring:place(key)
  local point = self.circle[self:find(key)]
  return point and point.name
end

function Ring:replicas(key, count)
  local list, seen, at = {}, {}, self:find(key)
  while #list < math.min(count, self.nodes) do
    local name = self.circle[at].name
    if not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
    at = at % #self.circle + 1
  end
  return list
end

function Ring:homes(keys)
  local homes = {}
  for i, key in ipairs(keys) do homes[i] = self:place(key) end
  return homes
end

return {
  new = function(options) return setmetatable({ points = options.points, circle = {}, nodes = 0 }, Ring) end,
}

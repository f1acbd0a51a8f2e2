-- A consistent hash ring. See README.md for what each function must do.
local Ring = {}
Ring.__index = Ring

-- 32 bits for a text, from 0 to 2^32 - 1.
local function hash(text) return lab.hash.murmur3(text) end

-- Adds a node, which gets self.points points on the circle for weight 1. The weight may be left out.
function Ring:add(name, weight)
  self.nodes[#self.nodes + 1] = name
end

-- Removes a node and all its points.
function Ring:remove(name)
end

-- The home of a key, or nil where there is no node.
function Ring:place(key)
  return self.nodes[1]
end

-- The first `count` different nodes from the key on, its home first.
function Ring:replicas(key, count)
  return { self:place(key) }
end

-- The homes of many keys, which saves calls; nothing to do here.
function Ring:homes(keys)
  local homes = {}
  for i, key in ipairs(keys) do homes[i] = self:place(key) end
  return homes
end

return {
  new = function(options) return setmetatable({ points = options.points, nodes = {} }, Ring) end,
}

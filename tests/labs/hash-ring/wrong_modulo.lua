-- No ring at all: the hash modulo the number of nodes.
-- loses: movement 25
-- loses: weights 10
-- loses: replicas 20
local Ring = {}
Ring.__index = Ring

local function hash(text) return lab.hash.murmur3(text) end

function Ring:add(name)
  self.nodes[#self.nodes + 1] = name
  table.sort(self.nodes)
end

function Ring:remove(name)
  for i, node in ipairs(self.nodes) do
    if node == name then
      table.remove(self.nodes, i)
      break
    end
  end
end

function Ring:place(key)
  return self.nodes[hash(key) % #self.nodes + 1]
end

function Ring:replicas(key, count)
  local list, at = {}, hash(key) % #self.nodes
  for i = 1, math.min(count, #self.nodes) do list[i] = self.nodes[(at + i - 1) % #self.nodes + 1] end
  return list
end

function Ring:homes(keys)
  local homes = {}
  for i, key in ipairs(keys) do homes[i] = self:place(key) end
  return homes
end

return {
  new = function() return setmetatable({ nodes = {} }, Ring) end,
}

local t = require "expect"

t.test("placement: a ring from names, tables or weights is the same ring", function()
  local a = lab.hash.ring { nodes = { "x", "y", "z" } }
  local b = lab.hash.ring { nodes = { { name = "z" }, { name = "x", weight = 1 }, "y" } }
  local c = lab.hash.ring { nodes = { x = 1, y = 1, z = 1 } }
  t.equal(a:moved(b, 1000).moved, 0)
  t.equal(a:moved(c, 1000).moved, 0)
  t.equal(a:nodes(), { { name = "x", weight = 1 }, { name = "y", weight = 1 }, { name = "z", weight = 1 } })
  t.equal(tostring(a), "Placement{ring, 3 nodes}")
end)

t.test("placement: a node that comes takes its share, and only that", function()
  local ring = lab.hash.ring { nodes = { "a", "b", "c" } }
  local before = ring:copy()
  ring:add("d", 2)
  local moved = before:moved(ring, 20000)
  t.equal(moved.moved, ring:spread(20000).keys.d)
  t.equal(moved.needless, 0)
  t.near(moved.moved / 20000, 0.4, 0.08)
end)

t.test("placement: replicas begin at home and are different nodes", function()
  local ring = lab.hash.ring { nodes = { "a", "b", "c" } }
  local replicas = ring:replicas("key", 2)
  t.equal(#replicas, 2)
  t.equal(replicas[1], ring:place("key"))
  t.is_true(replicas[1] ~= replicas[2])
  t.equal(#ring:replicas(1, 10), 3)
end)

t.test("placement: mistakes are named", function()
  local ring = lab.hash.ring { nodes = { "a" } }
  t.raises(function() lab.hash.ring {}:place("x") end, "there is no node")
  t.raises(function() lab.hash.ring {}:spread(10) end, "there is no node")
  t.raises(function() lab.hash.ring { nodes = { "a", "a" } } end, "'a' is there twice")
  t.raises(function() lab.hash.ring { nodes = { a = -1 } } end, "expected a weight above 0")
  t.raises(function() lab.hash.ring { nodes = { {} } } end, "a node's name should be a string, got nil")
  t.raises(function() lab.hash.ring { nodes = { 5 } } end, "expected names, got the number 5")
  t.raises(function() ring:add("a") end, "there is a node 'a' already")
  t.raises(function() ring:remove("b") end, "there is no node 'b'")
  t.raises(function() ring:place() end, "bad argument 'key'")
  t.raises(function() ring:spread(0) end, "bad argument 'keys'")
  t.raises(function() ring:moved(5, 10) end, "bad argument 'after'")
end)

assert(t.summary())

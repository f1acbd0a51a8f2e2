local t = require "expect"

-- All placements there are, by name.
local placements = {}
for name, make in pairs(lab.hash) do
  local ok, made = pcall(make, {})
  if ok and tostring(made):find "^Placement" then placements[name] = make end
end

-- The homes of key:1 to key:1000 on node-1 to node-10, hashed. From the first version that had each placement: if one
-- changes, whatever people keep by it is somewhere else, so a new algorithm needs a new name.
local golden = {
  anchor = "106caa9613d1f6aa",
  bounded_load = "fc008cf72056d274",  -- a single key finds room at home, as on the ring
  jump = "ba93f4193f3ccd3b",
  ketama = "2359464ac98ed550",
  maglev = "106da0be4fa081ca",
  modulo = "e6753b2735e9fcd4",
  rendezvous = "be8de973bd81f334",
  ring = "fc008cf72056d274",
  slots = "b6dea2bb3c2adeb4",
}

t.test("placement: homes are the same on every machine and in every version", function()
  local nodes = {}
  for i = 1, 10 do nodes[i] = "node-" .. i end
  for name, make in pairs(placements) do
    local placement, homes = make { nodes = nodes }, {}
    for i = 1, 1000 do homes[i] = placement:place("key:" .. i) end
    t.equal(lab.hash.xxh3(table.concat(homes, " ")), golden[name], name)
  end
end)

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
  t.raises(function() ring:spread("many") end, "expected a number or a list of keys, got")
  t.raises(function() ring:spread {} end, "got an empty table")
  t.raises(function() ring:spread { "a", {} } end, "expected strings and numbers, got .* at %[2%]")
  t.raises(function() ring:spread(0 / 0) end, "expected a number of keys from 1 to 100000000, got %-?nan")
  t.raises(function() ring:add("b", 0 / 0) end, "bad argument 'weight'")
  t.raises(function() ring:add("b", -1) end, "expected a number above 0 and at most 1000, got %-1")
  t.raises(function() ring:release "x" end, "there is no node 'x'")
  t.raises(function() lab.hash.moved(ring, lab.hash.ring {}) end, "there is no node")
  t.raises(function() lab.hash.moved(ring) end, "missing option 'after' for lab.hash.moved")
end)

t.test("placement: limits of an algorithm are told", function()
  t.raises(function() lab.hash.jump { nodes = { a = 2 } } end, "jump knows no weights: 'a' should weigh 1, not 2")
  t.raises(function() lab.hash.modulo {}:add("a", 3) end, "modulo knows no weights")
  t.raises(function() lab.hash.jump { nodes = { "a", "b" } }:remove "a" end,
    "only the node that came last can leave a jump hash: that is 'b', not 'a'")
  t.raises(function() lab.hash.anchor { nodes = { "a", "b" }, capacity = 1 } end, "there is no room for")
  t.raises(function() lab.hash.anchor { capacity = 0 } end, "bad option 'capacity'")
  t.raises(function() lab.hash.maglev { size = 100 } end, "expected a prime number, got 100 %(near it are 97 and 101%)")
  t.raises(function() lab.hash.maglev { nodes = { "a", "b", "c" }, size = 2 } end, "at most 2 nodes")
  t.raises(function() lab.hash.bounded_load { bound = 1 } end, "bad option 'bound'")
  t.raises(function() lab.hash.ring { points = 0 } end, "bad option 'points'")
  local heavy = {}
  for i = 1, 5 do heavy[i] = { name = "n" .. i, weight = 1000 } end
  t.raises(function() lab.hash.ring { nodes = heavy, points = 1000 } end, "the ring would have 5000000 points")
end)

t.test("placement: without a node a key has no home, and that is an outcome", function()
  for name, make in pairs(placements) do
    local empty = make {}
    for _, method in ipairs { "place", "take" } do
      local home, err = empty[method](empty, "key")
      t.equal(home, nil, name)
      t.equal(err.code, "unavailable")
      t.equal(err.definite, true)
    end
    t.equal(empty:replicas("key", 3), {})
    t.equal(empty:algorithm(), name)
    empty:add "only"
    t.equal(empty:place "key", "only")
  end
end)

t.test("placement: the order of a list matters where history does", function()
  local straight = lab.hash.jump { nodes = { "a", "b", "c" } }
  local back = lab.hash.jump { nodes = { "c", "b", "a" } }
  t.is_true(straight:moved(back, 1000).moved > 0)
  straight:remove "c"
  t.raises(function() straight:remove "a" end, "that is 'b'")
end)

t.test("placement: a list of keys is judged as the keys one by one", function()
  local cluster = lab.hash.slots { nodes = { "a", "b", "c" } }
  local keys, counts = {}, { a = 0, b = 0, c = 0 }
  for i = 1, 500 do
    keys[i] = i % 2 == 0 and "user:" .. i or i
    local home = cluster:place(keys[i])
    counts[home] = counts[home] + 1
  end
  t.equal(cluster:spread(keys).keys, counts)
  t.equal(cluster:spread(keys).total, 500)
  local ketama = lab.hash.ketama { nodes = { "a", "b", "c" } }
  t.equal(ketama:place(17), ketama:place "17")
  t.equal(ketama:moved(cluster, keys).keys, 500)
end)

t.test("placement: spread and moved print as bars", function()
  local ring = lab.hash.ring { nodes = { "a", "b" } }
  local text = tostring(ring:spread(1000))
  t.matches(text, "^ring, 2 nodes, 1000 keys\na ")
  t.matches(text, "fullest 1%.%d+ times its fair share, deviation %d+%.%d+ %%$")
  local three = ring:copy()
  three:add "c"
  local moved = lab.hash.moved(ring, three, 1000)
  t.matches(tostring(moved), "^%d+ of 1000 keys moved %(%d+%.%d %%%), 0 of them needlessly")
  t.matches(tostring(moved), "c .* came: lost 0, gained " .. moved.moved)
  t.equal(moved.gained.c, moved.moved)
  t.equal(moved.lost.a + moved.lost.b, moved.moved)
  t.equal(tostring(lab.hash.moved(ring, ring)), "0 of 10 000 keys moved (0.0 %), 0 of them needlessly (0.0 %)")
  local many = {}
  for i = 1, 100 do many[i] = "n" .. i end
  local big = lab.hash.ring { nodes = many }
  t.matches(tostring(big:spread(10000)), "\n%(80 more between%)\n")
end)

t.test("bounded_load: takes until the bound, releases, and says so", function()
  local b = lab.hash.bounded_load { nodes = { "a", "b", "c" }, bound = 1.2 }
  local counts = { a = 0, b = 0, c = 0 }
  for i = 1, 300 do
    local home = b:take(i)
    counts[home] = counts[home] + 1
  end
  for _, n in pairs(counts) do t.is_true(n <= 120, "at most 1.2 times 100") end
  -- One hot key over and over fills its home, and then the others.
  local hot = lab.hash.bounded_load { nodes = { "a", "b", "c" }, bound = 1.2 }
  local seen = {}
  for _ = 1, 30 do seen[hot:take "hot"] = true end
  t.equal(seen, { a = true, b = true, c = true })
  t.equal(b:release "a", true)
  t.equal(lab.hash.bounded_load { nodes = { "a" } }:release "a", false)
  t.equal(lab.hash.ring { nodes = { "a" } }:release "a", false)
end)

t.test("placement: ten million keys", function()
  local s = lab.hash.maglev { nodes = { "a", "b", "c" } }:spread(1e7)
  t.equal(s.keys.a + s.keys.b + s.keys.c, 1e7)
  t.is_true(s.max_over_fair < 1.01)
  local counts = { a = 0, b = 0, c = 0 }
  local placement = lab.hash.jump { nodes = { "a", "b", "c" } }
  for key = 1, 70000 do  -- more than one block
    local home = placement:place(key)
    counts[home] = counts[home] + 1
  end
  t.equal(placement:spread(70000).keys, counts)
end)

assert(t.summary())

-- Build a consistent hash ring: homes, balance, movement, weights, replicas, and look-ups that are quick.

-- So many different names, in a random order.
local function some_names(count)
  local names, taken = {}, {}
  while #names < count do
    local name = ("cache-%d"):format(math.random(100000))
    if not taken[name] then
      taken[name] = true
      names[#names + 1] = name
    end
  end
  return names
end

local function some_keys(count)
  local keys, base = {}, math.random(1000000)
  for i = 1, count do keys[i] = ("user:%d"):format(base + i) end
  return keys
end

-- A ring with these nodes, and so many points for each of weight 1.
local function ring_of(submission, names, points)
  local ring = submission:load().new { points = points }
  for _, name in ipairs(names) do ring:add(name) end
  return ring
end

local function set_of(list)
  local set = {}
  for _, item in ipairs(list) do set[item] = true end
  return set
end

local function said(x) return type(x) == "string" and ("'%s'"):format(x) or tostring(x) end

-- The homes of all keys; ends the check where one is none of the nodes.
local function homes_of(t, ring, keys, nodes, when)
  local homes, known = ring:homes(keys), set_of(nodes)
  t.that(type(homes) == "table", "ring:homes(keys) is a list of nodes", "it is " .. type(homes))
  for i, key in ipairs(keys) do
    t.that(known[homes[i]], ("the home of key '%s' is one of the %d nodes%s"):format(key, #nodes, when or ""),
      "it is " .. said(homes[i]))
  end
  return homes
end

local function count_by_node(homes, nodes)
  local counts = {}
  for _, name in ipairs(nodes) do counts[name] = 0 end
  for _, home in ipairs(homes) do counts[home] = counts[home] + 1 end
  return counts
end

-- A list of `count` different nodes that begins with the home.
local function replicas_of(t, ring, key, count, nodes)
  local list, known, seen = ring:replicas(key, count), set_of(nodes), {}
  local call = ("ring:replicas('%s', %d)"):format(key, count)
  t.that(type(list) == "table", call .. " is a list", "it is " .. type(list))
  local expected = math.min(count, #nodes)
  t.that(#list == expected, ("%s has %d nodes (there are %d in all)"):format(call, expected, #nodes),
    "it has " .. #list)
  for i = 1, expected do
    t.that(known[list[i]], call .. " has only nodes of the ring", "it has " .. said(list[i]))
    t.that(not seen[list[i]], call .. " has each node once", said(list[i]) .. " is there twice")
    seen[list[i]] = true
  end
  if expected > 0 then t.equal(list[1], ring:place(key), "the first of " .. call .. ", which is the key's home") end
  return list
end

return {
  title = "Build a hash ring",
  minutes = 60,
  after = { "consistent-hashing" },
  uses = { "hash.murmur3", "hash.fnv1a", "hash.xxh3" },
  summary = [[
You write a consistent hash ring: points on a circle, a home for each key, weights, replicas. What it must do is
simple to say, and each part of it has caught somebody: the end of the circle, the points of a node that leaves, the
node that is its own replica.]],

  parts = {
    {
      name = "home",
      title = "Every key has one home, whoever asks",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local m = submission:load()
        local ring = m.new { points = 50 }
        t.equal(ring:place "anything", nil, "the home of a key on a ring without nodes")
        ring:add "only"
        t.equal(ring:place "anything", "only", "the home of a key on a ring with one node")
        ring:remove "only"
        t.equal(ring:place "anything", nil, "the home of a key after the only node was removed")

        local names, keys = some_names(6), some_keys(600)
        local straight = ring_of(submission, names, 50)
        local homes = homes_of(t, straight, keys, names)
        for i = 1, 50 do
          t.equal(straight:place(keys[i]), homes[i], ("ring:place('%s') against ring:homes"):format(keys[i]))
        end
        -- The same nodes in another order, by another process: the same homes.
        local back = m.new { points = 50 }
        for i = #names, 1, -1 do back:add(names[i]) end
        local others = homes_of(t, back, keys, names)
        for i, key in ipairs(keys) do
          t.that(others[i] == homes[i], ("key '%s' is on %s, in whatever order the nodes were added"):format(key,
            said(homes[i])), "with the reverse order it is on " .. said(others[i]))
        end
      end,
    },
    {
      name = "balance",
      title = "With many points a node the shares are even",
      points = 15,
      seeds = 10,
      budget = 1e8,  -- being slow is another part
      check = function(t, submission)
        local names, keys = some_names(math.random(5, 10)), some_keys(2500)
        local homes = homes_of(t, ring_of(submission, names, 100), keys, names)
        local fair = #keys / #names
        for name, has in pairs(count_by_node(homes, names)) do
          t.that(has < 1.6 * fair and has > 0.45 * fair,
            ("with 100 points for each of %d nodes a node has about its fair share of %d keys, %.0f"):format(#names,
              #keys, fair), ("%s has %d"):format(name, has))
        end
      end,
    },
    {
      name = "movement",
      title = "Only the keys move that must",
      points = 25,
      seeds = 10,
      check = function(t, submission)
        local names, keys = some_names(8), some_keys(1000)
        local newcomer = table.remove(names)
        local ring = ring_of(submission, names, 100)
        local before = homes_of(t, ring, keys, names)
        ring:add(newcomer)
        names[#names + 1] = newcomer
        local with, moved = homes_of(t, ring, keys, names, " after one was added"), 0
        for i, key in ipairs(keys) do
          if with[i] ~= before[i] then
            moved = moved + 1
            t.that(with[i] == newcomer, ("when %s comes, keys move to it or stay"):format(newcomer),
              ("'%s' moved from %s to %s"):format(key, before[i], with[i]))
          end
        end
        t.that(moved > 0, ("some keys move to %s"):format(newcomer), "none did")
        local leaver = table.remove(names, math.random(7))
        ring:remove(leaver)
        local without = homes_of(t, ring, keys, names, (" after %s was removed"):format(leaver))
        for i, key in ipairs(keys) do
          t.that(with[i] == leaver or without[i] == with[i], ("when %s leaves, only its own keys move"):format(leaver),
            ("'%s' moved from %s to %s"):format(key, with[i], without[i]))
        end
        -- And when it comes back it finds what it had.
        ring:add(leaver)
        names[#names + 1] = leaver
        local again = homes_of(t, ring, keys, names)
        for i, key in ipairs(keys) do
          t.that(again[i] == with[i], ("when %s comes back, '%s' is on %s as before"):format(leaver, key, with[i]),
            "it is on " .. again[i])
        end
      end,
    },
    {
      name = "weights",
      title = "A weight is a share",
      points = 10,
      seeds = 10,
      budget = 1e8,
      check = function(t, submission)
        local names, keys = some_names(5), some_keys(2500)
        local ring = submission:load().new { points = 100 }
        for i, name in ipairs(names) do ring:add(name, i == 3 and 3 or 1) end
        local counts = count_by_node(homes_of(t, ring, keys, names), names)
        local fair = 3 / 7 * #keys
        t.that(math.abs(counts[names[3]] - fair) < 0.25 * fair,
          ("one node of weight 3 among four of weight 1 has about 3/7 of %d keys, %.0f"):format(#keys, fair),
          ("it has %d"):format(counts[names[3]]))
        ring:remove(names[3])
        homes_of(t, ring, keys, { names[1], names[2], names[4], names[5] }, " after the heavy one was removed")
      end,
    },
    {
      name = "replicas",
      title = "Replicas are the next different nodes",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local names, keys = some_names(6), some_keys(100)
        local ring = ring_of(submission, names, 60)
        local lists = {}
        for i, key in ipairs(keys) do lists[i] = replicas_of(t, ring, key, 3, names) end
        replicas_of(t, ring, keys[1], 100, names)
        replicas_of(t, ring, keys[1], 0, names)
        -- Who leaves drops out; the others stay, in their order, and one is added at the end.
        local leaver = table.remove(names, math.random(6))
        ring:remove(leaver)
        for i, key in ipairs(keys) do
          local now = replicas_of(t, ring, key, 3, names)
          local left = {}
          for _, name in ipairs(lists[i]) do
            if name ~= leaver then left[#left + 1] = name end
          end
          for k, name in ipairs(left) do
            t.that(now[k] == name, ("the replicas of '%s' were %s; without %s they begin with %s"):format(key,
              table.concat(lists[i], ", "), leaver, table.concat(left, ", ")), "they are " .. table.concat(now, ", "))
          end
        end
      end,
    },
    {
      name = "quick",
      title = "A look-up does not walk the whole circle",
      points = 10,
      seeds = 3,
      budget = 1500000,
      check = function(t, submission)
        local names, keys = some_names(10), some_keys(1000)
        local ring = ring_of(submission, names, 200)
        ring:place(keys[1])  -- who sorts when first asked may do so now
        -- 1000 look-ups in 1.5 million instructions, 1500 for each, on a ring of 2000 points.
        local used = 0
        for _, has in pairs(count_by_node(homes_of(t, ring, keys, names), names)) do
          if has > 0 then used = used + 1 end
        end
        t.that(used >= 5, "most of 10 nodes are the home of some of 1000 keys", ("%d of them are"):format(used))
      end,
    },
  },
}

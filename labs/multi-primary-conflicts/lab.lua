-- Two regions that both take writes: what is lost, what it takes to lose nothing, and who has to do it.

local function total(carts)
  local items = 0
  for _, cart in pairs(carts) do items = items + #cart end
  return items
end

return {
  title = "Two regions, and both say yes",
  minutes = 30,
  after = { "quickstart" },
  summary = [[
A shop has a database in each of two regions. Both take writes and send them to each other later, so both go on when the
line between them is cut. You count what the customers were promised and then lost, and try five ways to settle writes
that did not know of each other.]],
  steps = {
    {
      name = "last_write_wins",
      title = "The last write wins",
      text = [[
Customers put things into ten carts: read the cart, add something, write it back; half of them in each region. From
2 s to 4 s the regions do not hear each other. `kv` keeps of two writes that of the later time.]],
      code = [[
function shop(options, faults)
  w = lab.world{ seed = 7 }
  options.count = options.count or 2
  kv = w:replicas("kv", lab.replicate.multi_primary(options))
  w:run(0.1)
  for _, f in ipairs(faults) do w:at(f.at, f.fault, f.lasting) end
  promised, number = {}, 0
  for region = 1, 2 do
    w:spawn(function()
      for i = 1, 100 do
        local cart = "cart-" .. (i * 7 + region * 3) % 10
        number = number + 1
        local thing = ("%03d"):format(number)
        if put(kv[region], cart, thing) then promised[thing] = true end
        w:sleep(0.06)
      end
    end)
  end
  w:run(12)
  carts, missing = {}, {}
  local found = {}
  for i = 0, 9 do
    local cart = look(kv[1], "cart-" .. i)
    carts["cart-" .. i] = cart
    for _, thing in ipairs(cart) do found[thing] = true end
  end
  for thing in pairs(promised) do if not found[thing] then missing[#missing + 1] = thing end end
  return #missing
end
function look(node, cart) return node:call{ type = "read", key = cart, timeout = 1 } or {} end
function put(node, cart, thing)
  local things = look(node, cart)
  things[#things + 1] = thing
  return node:call{ type = "write", key = cart, value = things, timeout = 1 }
end
cut = { at = 2, fault = lab.fault.partition{ sides = { "kv-1", "kv-2" } }, lasting = 2 }
lost_cut = shop({ conflicts = "last_write_wins" }, { cut })
log = kv[1]:call{ type = "conflicts" }
print(lost_cut .. " of 200 promised things are in no cart; " .. #log .. " writes in the conflict log, the last:")
log[#log] ]],
      predict = {
        question = "Some 66 of 200 things were put in during the cut, half in each region. How many are lost?",
        unit = "things",
        tolerance = 12,
        answer = function(env) return env.lost_cut end,
      },
      hints = {
        "`lost_cut` counts promised things that are in no cart in the end.",
        "A write here is a whole cart. What does the one that loses take along?",
        "Each cart keeps the side that wrote it last; all that the other side put into it is lost.",
      },
      check = function(t, env)
        local lost = t.has(env, "lost_cut", "number")
        t.that(lost > 10 and lost < 100, "the cut costs some dozens of things", tostring(lost))
        t.that(#t.has(env, "log", "table") > 0, "the conflict log says so", "it is empty")
      end,
      explain = function(env)
        return ([[
%d things: for each cart the side that wrote last wins, and whatever the other side put in is gone, though its customer
was told "yes". The conflict log has what lost; nobody reads it. Cassandra and DynamoDB's global tables settle
this way by default.]]):format(env.lost_cut)
      end,
    },
    {
      name = "clocks",
      title = "No cut, but a clock",
      text = [[
The line holds all the time. But the clock of `kv-2` is 5 s behind from 2 s to 4 s.]],
      code = [[
skew = { at = 2, fault = lab.fault.clock_skew{ target = "kv-2", by = -5 }, lasting = 2 }
lost_skew = shop({ conflicts = "last_write_wins" }, { skew })
kinds = { clock = 0, concurrent = 0 }
for _, c in ipairs(kv[1]:call{ type = "conflicts" }) do kinds[c.kind] = kinds[c.kind] + 1 end
lost_hybrid = shop({ conflicts = "last_write_wins", clock = "hybrid" }, { skew })
print("wall clock", lost_skew .. " lost", kinds.clock .. " to what they had read, " .. kinds.concurrent .. " to others")
print("hybrid clock", lost_hybrid .. " lost")]],
      predict = {
        question = "Everybody reads before he writes, and nothing is cut. What does `kv-2` answer to its customers?",
        choices = { "an error: its clock is wrong", "yes, and the write is gone at once", "yes, and the write stays" },
        answer = function() return "yes, and the write is gone at once" end,
      },
      hints = {
        "Look at `lost_skew` and at `kinds.clock`.",
        "A write carries the time of its region. What is already in the cart has a later one.",
        "A hybrid clock is never behind anything that its region has seen.",
      },
      check = function(t, env)
        local wall, hybrid = t.has(env, "lost_skew", "number"), t.has(env, "lost_hybrid", "number")
        t.that(t.has(env, "kinds", "table").clock > 0, "writes lose to what they had read", "none did")
        t.that(hybrid < wall, "a hybrid clock loses less", wall .. " and " .. hybrid)
      end,
      explain = function(env)
        return ([[
It says yes. %d writes lost to a cart that their writer *had read*: not because two wrote at once, but because of a
clock; %d things in all. A hybrid clock (%d lost) puts a write after all that its region knows. What may be left
are writes that really did not know of each other, within the 50 ms that one is under way.]])
          :format(env.kinds.clock, env.lost_skew, env.lost_hybrid)
      end,
    },
    {
      name = "siblings",
      title = "Let the reader decide",
      text = [[
With `siblings` the database keeps what did not know of each other, side by side, and gives the reader all of it and a
*context*, a version vector of what that was. A write that carries the context replaces what it says, and nothing
else. Our customer takes the union.]],
      code = [[
seen_siblings = 0
function union(values)
  local set, list = {}, {}
  for _, things in ipairs(values) do
    for _, thing in ipairs(things) do
      if not set[thing] then set[thing] = true; list[#list + 1] = thing end
    end
  end
  return list
end
function look(node, cart)
  local answer = node:call{ type = "read", key = cart, timeout = 1 }
  if not answer then return {} end
  seen_siblings = math.max(seen_siblings, #answer.values)
  return union(answer.values), answer.context
end
function put(node, cart, thing)
  local things, context = look(node, cart)
  things[#things + 1] = thing
  return node:call{ type = "write", key = cart, value = things, context = context, timeout = 1 }
end
lost_siblings = shop({ conflicts = "siblings" }, { cut, skew })
lost_siblings, seen_siblings]],
      predict = {
        question = "The cut and the wrong clock together. How many things are lost now?",
        unit = "things",
        tolerance = 0.5,
        answer = function(env) return env.lost_siblings end,
      },
      hints = {
        "`lost_siblings` counts them; `seen_siblings` is the most values that one read gave.",
        "No clock is asked at all.",
        "None.",
      },
      check = function(t, env)
        t.equal(env.lost_siblings, 0, "things lost with siblings")
        t.that((env.seen_siblings or 0) >= 2, "somebody saw siblings", "nobody did")
      end,
      explain = function(env)
        return ([[
None; up to %d values in one read. The price: each reader has to know what to do with several values. Amazon's cart
(Dynamo) took the union; and what a customer had removed came back from the other sibling. Riak and CouchDB show
siblings to this day.]]):format(env.seen_siblings)
      end,
    },
    {
      name = "five_ways",
      title = "Five ways, four faults",
      text = [[
The merging can also be the database's work: a function `merge(values)` of ours at each read, or a data type that knows
how to (`lab.replicate.or_set`, a set, see lab `crdts`). All five under four faults; how many of 200 promised things
are lost.]],
      code = [=[
read_list, write_list = function(node, cart) return node:call{ type = "read", key = cart, timeout = 1 } or {} end,
  function(node, cart, thing)
    local things = read_list(node, cart)
    things[#things + 1] = thing
    return node:call{ type = "write", key = cart, value = things, timeout = 1 }
  end
with_context = { look, put }
function add_to_set(node, cart, thing)
  return node:call{ type = "update", key = cart, op = "add", value = thing, timeout = 1 }
end
ways = {
  { "last write, wall clock", { conflicts = "last_write_wins" }, read_list, write_list },
  { "last write, hybrid clock", { conflicts = "last_write_wins", clock = "hybrid" }, read_list, write_list },
  { "siblings to the reader", { conflicts = "siblings" }, with_context[1], with_context[2] },
  { "merge function", { merge = union }, read_list, write_list },
  { "or_set", { data = lab.replicate.or_set() }, read_list, add_to_set },
}
crash = { at = 2, fault = lab.fault.crash{ target = "kv-2", power = true } }
back = { at = 4, fault = lab.fault.restart("kv-2") }
double = { at = 2, fault = lab.fault.duplicate{ probability = 0.5 }, lasting = 4 }
faults = { { "cut", { cut } }, { "clock", { skew } }, { "crash", { crash, back } }, { "duplicates", { double } } }
rows, lost_by = {}, {}
for _, way in ipairs(ways) do
  local row = { way[1] }
  for _, fault in ipairs(faults) do
    local options = {}
    for name, value in pairs(way[2]) do options[name] = value end
    look, put = way[3], way[4]
    row[#row + 1] = shop(options, fault[2])
    lost_by[way[1]] = (lost_by[way[1]] or 0) + row[#row]
  end
  rows[#rows + 1] = row
end
chart = require "chart"
print(chart.table{ rows = rows, columns = { "lost of 200", "cut", "clock", "crash", "duplicates" } })
bars = {}
for _, way in ipairs(ways) do bars[#bars + 1] = { way[1], lost_by[way[1]] } end
print(chart.bars(bars, { unit = "lost" }))]=],
      predict = {
        question = "Which of the five lose nothing, whatever fails?",
        choices = { "only or_set", "the last two", "the last three", "all but the first" },
        answer = function(env)
          local l = env.lost_by
          if l["siblings to the reader"] + l["merge function"] + l["or_set"] == 0 then return "the last three" end
          return l["merge function"] + l["or_set"] == 0 and "the last two" or "only or_set"
        end,
      },
      hints = {
        "`rows` has the numbers.",
        "Without any fault, two writes within 50 ms do not know of each other either.",
        "Only what keeps both sides of such a pair can lose nothing.",
      },
      check = function(t, env)
        local lost = t.has(env, "lost_by", "table")
        for _, way in ipairs { "siblings to the reader", "merge function", "or_set" } do
          t.equal(lost[way], 0, "things lost with " .. way)
        end
        t.that(lost["last write, wall clock"] > lost["last write, hybrid clock"], "the wall clock loses most",
          "it does not")
      end,
      explain = [[
Whoever keeps both sides loses nothing, and it does not matter which fault it was. Last write wins is no way to settle
conflicts, but a way not to see them; right for what is worth only its last value (a sensor, a cache), wrong for
whatever grows.]],
    },
    {
      name = "topologies",
      title = "Who tells whom",
      text = [[
Five regions now: everybody tells everybody (`all`), each the next one (`ring`), all through the first (`star`). How
long
until a write is everywhere, how many messages that takes, and how many regions still hear it when one (not the
writer's) has crashed: the third for the ring, the first for the star.]],
      code = [[
function spread(topology, dead)
  w = lab.world{ seed = 1 }
  kv = w:replicas("kv", lab.replicate.multi_primary{ count = 5, topology = topology })
  w:run(1.02)
  if dead then w:inject(lab.fault.crash(dead)); w:run(1) end
  local began = w:now()
  kv[2]:call{ type = "write", key = "x", value = 1, timeout = 1 }
  local function has()
    local n = 0
    for _, node in ipairs(kv) do if node:state().keys == 1 then n = n + 1 end end
    return n
  end
  w:run_until(function() return has() == 5 end, w:now() + 4)
  return has(), w:now() - began
end
spreads = {}
for _, topology in ipairs{ "all", "ring", "star" } do
  local _, took = spread(topology)
  local heard = spread(topology, topology == "star" and "kv-1" or "kv-3")
  spreads[topology] = { took = took, heard = heard }
  print(topology, ("everywhere after %.0f ms"):format(took * 1000), heard .. " of 5 have it with one dead")
end]],
      predict = {
        question = "The hub of the star is dead. How many of the five have a write that its neighbour took?",
        unit = "regions",
        tolerance = 0.5,
        answer = function(env) return env.spreads.star.heard end,
      },
      hints = {
        "`spreads.star.heard`.",
        "Whom does a region tell that is not the hub?",
        "Only the hub: so one, the writer itself.",
      },
      check = function(t, env)
        local s = t.has(env, "spreads", "table")
        t.that(s.all.took < s.star.took and s.star.took < s.ring.took, "all is the fastest, the ring the slowest",
          ("%.3f, %.3f, %.3f s"):format(s.all.took, s.star.took, s.ring.took))
        t.that(s.all.heard == 4 and s.ring.heard < 4 and s.star.heard == 1, "all but the dead one hear it with `all`",
          ("%d, %d, %d"):format(s.all.heard, s.ring.heard, s.star.heard))
      end,
      explain = function(env)
        local s = env.spreads
        return ([[
%.0f, %.0f and %.0f ms for all, star and ring: each hop waits for the next shipment. With one dead, %d, %d and %d of
five have it: a ring (MySQL's circular replication) ends at the first gap, a star (a hub region) at its hub. With
everybody telling everybody there is no such point, and an answer may overtake its question: `causal = true`
makes it wait.]]):format(s.all.took * 1000, s.star.took * 1000, s.ring.took * 1000,
          s.all.heard, s.star.heard, s.ring.heard)
      end,
    },
  },
  finish = function(env)
    return ("Of 200 promised things a cut cost %d with the last write, a clock %d, and neither any with siblings, a "
      .. "merge function or a set; the carts hold %d things now."):format(env.lost_cut, env.lost_skew, total(env.carts))
  end,
}

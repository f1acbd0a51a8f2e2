local t = require "expect"
local term = require "term"
local diagram = require "diagram"

local function ascii(fn)
  term.configure { unicode = false }
  local ok, result = pcall(fn)
  term.configure { unicode = true }
  if not ok then error(result, 0) end
  return result
end

local function widest(picture)
  local n = 0
  for line in (picture .. "\n"):gmatch("(.-)\n") do n = math.max(n, term.width(line)) end
  return n
end

local function send(at, from, to, kind, arrive, more)
  local event = { at = at, kind = "send", from = from, to = to, type = kind, arrive = arrive }
  for key, value in pairs(more or {}) do event[key] = value end
  return event
end

local function election(more)
  local spec = {
    nodes = { "a", "b", "c" },
    events = {
      send(0.100, "a", "b", "vote", 0.112), send(0.100, "a", "c", "vote", 0.180),
      send(0.112, "b", "a", "granted", 0.121), { at = 0.130, kind = "note", node = "a", text = "leader, term 3" },
      send(0.131, "a", "b", "append", nil, { lost = true }), send(0.131, "a", "c", "append", 0.140),
      send(0.131, "a", "c", "append", 0.150, { duplicate = true }), { at = 0.200, kind = "crash", node = "b" },
      send(0.210, "c", "a", "ack", 0.220), { at = 0.230, kind = "pause", node = "c" },
      send(0.240, "a", "a", "tick", 0.250), { at = 0.260, kind = "resume", node = "c" },
      { at = 0.300, kind = "restart", node = "b" }, send(0.310, "b", "c", "hello", 0.330),
    },
    bands = { { from = 0.205, to = 0.305, label = "partition a | b, c" } },
  }
  for key, value in pairs(more or {}) do spec[key] = value end
  return spec
end

t.test("messages: arrows, a delayed one, a lost one, a copy, a crash as a gap, a pause, a partition", function()
  t.equal(diagram.messages(election()), [[
           a                 b                 c
   0.100   ●─vote───────────▶│                 │   +12 ms
           ●─vote────────────┼──────────────╮  │
   0.112   │◀────────granted─●              │  │   +9 ms
   0.130   ● leader, term 3  │              │  │
   0.131   ●─append──✗       │              │  │   lost
           ●─append──────────┼──────────────┼─▶│   +9 ms
           ●╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│╌╌╌╌╌╌╌╌╌╌╌╌╌╌│╌▶│   +19 ms copy
   0.180   │                 │              ╰─▶│   +80 ms
   0.200   │                 ✗ crash           │
   0.205   │╌ partition a | b, c ╌╌╌╌╌╌╌╌╌╌╌╌╌╌│
   0.210   │◀──────────────────────────────ack─●   +10 ms
   0.230   │                                   ‖ pause
   0.240   ●↺ tick                             ┊   +10 ms
   0.260   │                                   ○ resume
   0.300   │                 ○ restart         │
   0.305   │╌ end of partition a | b, c ╌╌╌╌╌╌╌│
   0.310   │                 ●─hello──────────▶│   +20 ms
─✗ lost, ╌▶ a copy]])
end)

t.test("messages: in ASCII", function()
  t.equal(ascii(function() return diagram.messages(election { rows = 5 }) end), [[
           a                 b                 c
   0.100   o-vote----------->|                 |   +12 ms
           o-vote------------+--------------+  |
   0.112   |<--------granted-o              |  |   +9 ms
   0.130   o leader, term 3  |              |  |
   0.131   o-append--x       |              v  |   lost
... 5 more messages and 6 more events until 0.330 s; 1 under way here
-x lost]])
end)

t.test("messages: what is beyond the last row is counted", function()
  local picture = diagram.messages(election { rows = 6 })
  t.matches(picture, "… 4 more messages and 6 more events until 0.330 s; 1 under way here")
end)

t.test("messages: nodes without room are named", function()
  local picture = diagram.messages(election { width = 40 })
  t.is_true(widest(picture) <= 40)
  t.matches(picture, "… no room for b %(4 messages%)")
end)

t.test("messages: overtaking is seen on the receiver's line", function()
  t.equal(diagram.messages { nodes = { "a", "b" }, width = 50, events = {
    send(1, "a", "b", "first", 3), send(2, "a", "b", "second", 2.5),
  } }, [[
           a                 b
   1.000   ●─first────────╮  │
   2.000   ●─second───────┼─▶│   +500 ms
   3.000   │              ╰─▶│   +2 s]])
end)

t.test("messages: without a free lane a delayed message is numbered at both ends; some are still under way", function()
  local events = {}
  for i = 1, 8 do events[i] = send(i, "a", "b", "m", i < 8 and 20 - i or nil, { id = i }) end
  t.equal(diagram.messages { nodes = { "a", "b" }, width = 34, events = events }, [[
           a         b
   1.000   ●─m────╮  │
   2.000   ●─m #2─▷  │
   3.000   ●─m #3─▷  │
   4.000   ●─m #4─▷  │
   5.000   ●─m #5─▷  │
   6.000   ●─m #6─▷  │
   7.000   ●─m────┼─▶│   +6 s
   8.000   ●─m #8─▷  │   under way
  14.000   │     #6 ▶│   +8 s
  15.000   │     #5 ▶│   +10 s
  16.000   │     #4 ▶│   +12 s
  17.000   │     #3 ▶│   +14 s
  18.000   │     #2 ▶│   +16 s
  19.000   │      ╰─▶│   +18 s]])
end)

t.test("messages: nothing to show says so", function()
  t.matches(diagram.messages { nodes = { "a" }, events = {} }, "no messages")
end)

local function shop()
  return {
    time = 5.2,
    nodes = {
      { name = "load", kind = "load", rate = 400, calls = { "lb" } },
      { name = "lb", kind = "balancer", calls = { "app-1", "app-2", "app-3" }, note = "least_connections" },
      { name = "app-1", kind = "service", zone = "z1", slots = 4, busy = 1, queue = 0, calls = { "db" } },
      { name = "app-2", kind = "service", zone = "z2", slots = 4, up = false, faults = { "crash" }, calls = { "db" } },
      { name = "app-3", kind = "service", zone = "z1", slots = 4, busy = 4, queue = 12, calls = { "db" } },
      { name = "db", kind = "service", slots = 16, busy = 12, queue = 3, queue_limit = 100, paused = true },
    },
    links = { { from = "app-1", to = "db", fault = "loss 20 %" } },
  }
end

local function with_width(world, width)
  world.width = width
  return world
end

t.test("topology: layers along the calls, a fleet as one box, live state", function()
  t.equal(diagram.topology(with_width(shop(), 120)), [[
5.200 s   4 of 6 up
                                           ╭ app (3) ────────────────────────────╮
╭ load ───╮   ╭ lb ────────────────────╮   │ ● app-1 ██░░░░░░  1/4 q 0  z1       │   ╭ db ─────────────────────────────╮
│ ● 400/s ├──▶│ ● up least_connections ├──▶│ ✗ app-2          down      crash z2 ├──▶│ ‖ ██████░░ 12/16 q 3/100 paused │
╰─────────╯   ╰────────────────────────╯   │ ● app-3 ████████  4/4 q 12 z1       │   ╰─────────────────────────────────╯
                                           ╰─────────────────────────────────────╯
✗ app-1 → db  loss 20 %]])
  t.equal(ascii(function() return diagram.topology(with_width(shop(), 84)) end), [[
5.200 s   4 of 6 up
                         + app (3) ----------+
                         | o app-1  1/4 q 0  |
+ load ---+   + lb --+   | x app-2 down      |   + db --------------------+
| o 400/s +-->| o up +-->|   crash           +-->| = 12/16 q 3/100 paused |
+---------+   +------+   | o app-3  4/4 q 12 |   +------------------------+
                         +-------------------+
x app-1 > db  loss 20 %]])
end)

t.test("topology: a narrow terminal gets a list", function()
  t.equal(diagram.topology(with_width(shop(), 40)), [[
5.200 s   4 of 6 up
load
  ● 400/s
  ▶ lb
      ● up least_connections
    ▶ app (3)
        ● app-1  1/4 q 0
        ✗ app-2 down      crash
        ● app-3  4/4 q 12
      ▶ db
          ‖ 12/16 q 3/100 paused
✗ app-1 → db  loss 20 %]])
end)

t.test("topology: a large fleet shows what stands out and counts the rest; calls may skip a layer", function()
  local world = shop()
  for i = 4, 20 do
    world.nodes[#world.nodes + 1] = { name = "app-" .. i, kind = "service", slots = 4, busy = i % 5, calls = { "db" } }
  end
  world.nodes[1].calls = { "lb", "db" }
  local picture = diagram.topology(with_width(world, 120))
  t.matches(picture, "app %(20%)")
  t.matches(picture, "✗ app%-2")
  t.matches(picture, "… 16 more: 16 up, %d+/64 busy")
  for _, width in ipairs { 40, 80, 120, 200 } do
    t.is_true(widest(diagram.topology(with_width(world, width))) <= width)
  end
end)

t.test("topology: peers that call each other are one box; a cycle is said in words", function()
  t.equal(diagram.topology { nodes = {
    { name = "kv-1", calls = { "kv-2" } }, { name = "kv-2", calls = { "kv-1" }, up = false },
  } }, [[
1 of 2 up
╭ kv (2) ─────╮
│ ● kv-1   up │
│ ✗ kv-2 down │
╰─────────────╯]])
  t.matches(diagram.topology { nodes = { { name = "a", calls = { "b" } }, { name = "b", calls = { "a" } } } },
    "b → a %(calls back%)")
end)

assert(t.summary())

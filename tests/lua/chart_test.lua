local t = require "expect"
local term = require "term"
local chart = require "chart"
local human = require "human"

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

local nodes = {
  columns = {
    { title = "node", key = "name" }, { title = "p99", unit = "ms", key = "p99" }, { title = "note", key = "note" },
  },
  rows = {
    { name = "app-1", p99 = 12.25, note = "a long note that has to be cut because the terminal is narrow" },
    { name = "日本", p99 = 1200 },
  },
}

t.test("table: numbers right, texts left, units in the heading", function()
  t.equal(chart.table { columns = nodes.columns, rows = nodes.rows, width = 50 }, [[
node   p99 [ms]  note
─────  ────────  ─────────────────────────────────
app-1     12.25  a long note that has to be cut b…
日本       1200  -]])
end)

t.test("table: too narrow for columns, it becomes one line a cell", function()
  t.equal(chart.table { columns = nodes.columns, rows = nodes.rows, width = 22 }, [[
node      app-1
p99 [ms]  12.25
note      a long note…

node      日本
p99 [ms]  1200
note      -]])
end)

t.test("table: in ASCII", function()
  t.equal(ascii(function()
    local columns = { "name", { title = "n", format = "%.1f" } }
    return chart.table { columns = columns, rows = { { "é", 1 }, { "b", 22 } } }
  end), [[
name     n
----  ----
?      1.0
b     22.0]])
end)

t.test("bars: eighths of a column, an empty bar only for zero", function()
  local items = { { "timeout", 96 }, { "unavailable", 45, note = "half" }, { "rare", 0.1 }, { "none", 0 } }
  t.equal(chart.bars(items, { width = 44 }), [[
timeout       96  ████████████████████
unavailable   45  █████████▍            half
rare         0.1  ▏
none           0]])
end)

t.test("bars: the format and the maximum can be given, ASCII has whole marks", function()
  t.equal(ascii(function()
    return chart.bars({ { "a", 0.010 }, { "b", 0.005 } }, { width = 30, max = 0.02, format = human.duration })
  end), [[
a  10 ms  ##########
b   5 ms  #####]])
end)

t.test("sparkline: heights from zero, a gap for a missing value, the fault band beneath", function()
  t.equal(chart.sparkline({ 1, 2, 3, 4, 5, 6, 7, 8, false, 8, 4, 0 },
    { bands = { { from = 3, to = 7, label = "crash app-2" } } }), [[
▂▃▄▅▆▇██ █▅▁
   ▔▔▔▔ crash app-2]])
end)

t.test("sparkline: more values than columns are gathered, by mean or by maximum", function()
  local values = {}
  for i = 1, 100 do values[i] = i == 50 and 8 or 1 end
  t.equal(chart.sparkline(values, { width = 10, max = 8, reduce = "max" }), "▂▂▂▂█▂▂▂▂▂")
  t.equal(chart.sparkline(values, { width = 10, max = 8 }), "▂▂▂▂▂▂▂▂▂▂")
end)

t.test("sparkline: nothing but zeros and nothing at all", function()
  t.equal(chart.sparkline { 0, 0, 0 }, "▁▁▁")
  t.equal(chart.sparkline {}, "")
  t.equal(chart.sparkline { 0 / 0, 1 }, " █")
end)

t.test("timeline: rows, bands and axis share one scale", function()
  local rate, p99 = {}, {}
  for i = 1, 15 do
    local broken = i > 5 and i <= 9
    rate[i], p99[i] = broken and 200 or 400, broken and 0.8 or 0.01
  end
  local options = {
    rows = {
      { label = "ok/s", values = rate, note = "peak 400/s" }, { label = "p99", values = p99, reduce = "max" },
    },
    from = 0, to = 15, width = 60,
    bands = {
      { from = 5, to = 9, label = "crash app-2" }, { from = 6, to = 6, label = "slow db" },
      { from = 12, label = "partition a | b" },
    },
  }
  t.equal(chart.timeline(options), [[
ok/s  ██████████▅▅▅▅▅▅▅▅████████████  peak 400/s
p99   ▁▁▁▁▁▁▁▁▁▁████████▁▁▁▁▁▁▁▁▁▁▁▁
                ▔▔▔▔▔▔▔▔ crash app-2
                  ▔ slow db   ▔▔▔▔▔▔ partition a | b
      0 s                       15 s]])
  t.equal(ascii(function() return chart.timeline(options) end), [[
ok/s  ##########++++++++############  peak 400/s
p99   __________########____________
                ^^^^^^^^ crash app-2
                  ^ slow db   ^^^^^^ partition a | b
      0 s                       15 s]])
end)

t.test("timeline: more bands than lines are counted, not hidden", function()
  local bands = {}
  for i = 1, 9 do bands[i] = { from = 1, to = 9, label = "fault " .. i } end
  local rows = { { label = "x", values = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 } } }
  t.matches(chart.timeline { rows = rows, bands = bands }, "… 3 more")
end)

t.test("line: braille with axes, and gaps where values are missing", function()
  local points = {}
  for i = 0, 40 do points[#points + 1] = { i / 4, (i <= 20 or i >= 26) and i } end
  local series = { { label = "x", points = points } }
  t.equal(chart.line { series = series, width = 30, height = 5, title = "rising",
    bands = { { from = 5, to = 6.5, label = "gap" } } }, [[
    rising
40┤                     ⣀⡠⠔⠒⠉
  │                ⢀⠤⠔⠒⠉
20┤          ⣀⡠⠤⠄
  │     ⣀⡠⠔⠒⠉
 0┤⣀⡠⠔⠒⠉
  └──────────────────────────
                ▔▔▔▔ gap
   0 s                   10 s]])
end)

t.test("line: two series without colours have different marks and a legend", function()
  local picture = ascii(function()
    return chart.line { series = { { label = "a", points = { { 0, 0 }, { 10, 10 } } },
      { label = "b", points = { { 0, 10 }, { 10, 0 } } } }, width = 20, height = 4, x_format = human.short }
  end)
  t.equal(picture, [[
10+xxx          ***
 5+   xxxxx*****
  |   *****xxxxx
 0+***          xxx
  +----------------
   0             10
   * a   x b]])
end)

t.test("ticks are round and enclose the range", function()
  t.equal(chart.ticks(0, 145, 4), { 0, 50, 100, 150 })
  t.equal(chart.ticks(0, 0, 4)[1], 0)
  t.equal(chart.ticks(0.2, 0.9, 3), { 0, 0.5, 1 })
end)

t.test("histogram: every value is in one bucket", function()
  t.equal(chart.histogram({ 1, 2, 2, 3, 9.5 }, { bins = 5, width = 40 }), [[
0 – 2   1  ███████▋                 20 %
2 – 4   3  ███████████████████████  60 %
4 – 6   0                           0 %
6 – 8   0                           0 %
8 – 10  1  ███████▋                 20 %]])
  t.equal(chart.histogram {}, "no values")
end)

t.test("histogram: doubling bins, and ready buckets from a recorder", function()
  local options = { log = true, format = human.duration, width = 54 }
  local doubling = chart.histogram({ 0.001, 0.002, 0.003, 0.1 }, options)
  t.equal(doubling:match "^[^\n]+", " 977 µs – 1.95 ms  1  █████████████               25 %")
  local ready = { buckets = { { from = 0, to = 1, count = 3 }, { from = 1, to = 2, count = 1 } } }
  t.equal(chart.histogram(ready, { width = 30 }), [[
0 – 1  3  ██████████████  75 %
1 – 2  1  ████▋           25 %]])
end)

t.test("no picture is wider than asked for", function()
  local bands = { { from = 2, to = 30, label = ("long label "):rep(9) }, { from = 99, to = 99, label = "end" } }
  local rows, series = nodes.rows, { { label = "a", points = { { 0, 1 }, { 1, 2 } } } }
  local values = {}
  for i = 1, 100 do values[i] = i % 17 end
  local slots = { { label = "x", values = values, note = "peak" } }
  for _, width in ipairs { 40, 80, 200 } do
    t.is_true(widest(chart.sparkline(values, { width = width, bands = bands })) <= width)
    t.is_true(widest(chart.timeline { rows = slots, width = width, bands = bands }) <= width)
    t.is_true(widest(chart.table { columns = nodes.columns, rows = rows, width = width }) <= width)
    t.is_true(widest(chart.bars({ { ("label"):rep(30), 1, note = "note" } }, { width = width })) <= width)
    t.is_true(widest(chart.histogram(values, { width = width })) <= width)
    t.is_true(widest(chart.line { series = series, width = width }) <= width)
  end
end)

assert(t.summary())

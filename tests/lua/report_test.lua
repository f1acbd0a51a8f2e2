local t = require "expect"
local term = require "term"
local report = require "report"

-- A load of 15 seconds whose target loses a node from 5 s to 9 s.
local function run(more)
  local series, ok, failed = {}, 0, 0
  for i = 1, 30 do
    local at = (i - 1) * 0.5
    local broken = at >= 5 and at < 9
    series[i] = {
      at = at, ok = broken and 132 or 200, errors = broken and 68 or 0, p50 = 0.0032, p95 = broken and 0.4 or 0.011,
      p99 = broken and 0.94 or 0.021,
    }
    ok, failed = ok + series[i].ok, failed + series[i].errors
  end
  local data = {
    name = "load", target = "lb", seed = 7, digest = "8f3a09bc5512e7d0", from = 0, to = 15,
    sent = ok + failed + 4, ok = ok,
    errors = {
      { code = "timeout", count = failed - 44, definite = false },
      { code = "unavailable", count = 44, definite = true },
    },
    latency = { mean = 0.0312, p50 = 0.0032, p95 = 0.35, p99 = 0.94, p999 = 0.982, max = 1.2 },
    interval = 0.5, series = series,
    faults = { { name = "crash", describe = "crash app-2", from = 5, to = 9 }, { name = "slow", from = 12 } },
    topology = { time = 15, nodes = {
      { name = "lb", kind = "balancer", calls = { "app-1", "app-2" } },
      { name = "app-1", kind = "service", slots = 4, busy = 3, queue = 1, requests = 4000 },
      { name = "app-2", kind = "service", slots = 4, up = false, requests = 1400, faults = { "crash" } },
    } },
    messages = { nodes = { "lb", "app-1", "app-2" }, events = {
      { at = 4.9, kind = "send", from = "lb", to = "app-1", type = "get", arrive = 4.902 },
      { at = 4.91, kind = "send", from = "app-1", to = "lb", type = "<b>&", arrive = 4.92, duplicate = true },
      { at = 5, kind = "crash", node = "app-2" },
      { at = 5.1, kind = "send", from = "lb", to = "app-2", type = "get", lost = true, reason = "app-2 is down" },
      { at = 9, kind = "restart", node = "app-2" },
    } },
  }
  for key, value in pairs(more or {}) do data[key] = value end
  return data
end

local function asset(path) return "/* " .. path .. " */" end

local function count(text, pattern)
  local n = 0
  for _ in text:gmatch(pattern) do n = n + 1 end
  return n
end

t.test("text: rates, errors by code, percentiles, and time with the faults beneath", function()
  t.equal(report.text(run(), { width = 80 }), [[
load → lb   15 s simulated, seed 7, digest 8f3a09bc5512e7d0

  sent            6004    400/s
  ok              5456    364/s   90.9 %
  errors           544   36.3/s    9.1 %
  no answer yet      4             0.1 %
    timeout      500  ███████████████████████████████████  may have happened
    unavailable   44  ███▏                                 did not happen

  latency     mean     p50     p95     p99   p99.9    max
           31.2 ms  3.2 ms  350 ms  940 ms  982 ms  1.2 s

  ok/s      ██████████▆▆▆▆▆▆▆▆████████████  peak 400/s
  errors/s  ▁▁▁▁▁▁▁▁▁▁████████▁▁▁▁▁▁▁▁▁▁▁▁  peak 136/s
  p99       ▁▁▁▁▁▁▁▁▁▁████████▁▁▁▁▁▁▁▁▁▁▁▁  peak 940 ms
                      ▔▔▔▔▔▔▔▔ crash app-2
                                    ▔▔▔▔▔▔ slow
            0 s                       15 s]])
end)

t.test("text: fits narrow terminals and speaks ASCII", function()
  local before = term.configure { unicode = false }
  local ok, text = pcall(report.text, run(), { width = 50 })
  term.configure(before)
  t.is_true(ok)
  t.is_true(not text:find("[\128-\255]"))
  for line in (text .. "\n"):gmatch("(.-)\n") do t.is_true(#line <= 50, line) end
end)

t.test("text: a load without any answer", function()
  local text = report.text(run { sent = 0, ok = 0, errors = {}, series = {}, faults = {} })
  t.matches(text, "sent     0   0/s")
  local none = run { ok = 0 }
  none.latency = nil
  t.matches(report.text(none), "no request succeeded")
end)

t.test("what a load measured becomes the raw data of a report", function()
  local data = report.from_load({
    name = "load", to = "lb", seed = 7, digest = "d", sent = 70, ok = 60, seconds = 1.5,
    by_code = { timeout = 3, unavailable = 4, overload = 3 },
    latency = { count = 60, mean = 0.01, p50 = 0.01, p95 = 0.02, p99 = 0.03, p99_9 = 0.04, max = 0.05 },
    series = { start = 2, interval = 0.5, ok_rate = { 120, 0, 0.4 }, error_rate = { 0, 20, 0 },
      p50 = { 0.01, 0, 0 }, p99 = { 0.03, 0, 0 } },
    faults = { { name = "crash", describe = "crash app-2", from = 2.5 } },
  }, function(code) return code ~= "timeout" end)
  t.equal(data.series, {
    { at = 2, ok = 60, errors = 0, p50 = 0.01, p99 = 0.03 }, { at = 2.5, ok = 0, errors = 10 },
    { at = 3, ok = 0, errors = 0 },
  })
  t.equal(data.errors, {
    { code = "unavailable", count = 4, definite = true }, { code = "overload", count = 3, definite = true },
    { code = "timeout", count = 3, definite = false },
  })
  t.equal({ data.from, data.to, data.latency.p999, data.target }, { 2, 3.5, 0.04, "lb" })
  local page = report.html(data, asset)
  t.equal(count(page, '<th scope="col" class="n">p95</th>'), 0)
  t.equal(count(page, '<th scope="col" class="n">p99</th>'), 1)
end)

t.test("html: the same bytes for the same data, whatever the terminal", function()
  local page = report.html(run(), asset)
  local before = term.configure { unicode = false, color = true, width = 40, measure = function(s) return 2 * #s end }
  local ok, again = pcall(report.html, run(), asset)
  term.configure(before)
  t.is_true(ok)
  t.is_true(page == again)
end)

t.test("html: one page that asks the network for nothing", function()
  local page = report.html(run(), asset)
  t.matches(page, "^<!doctype html>\n<html lang=\"en\">")
  t.matches(page, "default%-src 'none'; script%-src 'unsafe%-inline'; style%-src 'unsafe%-inline'; img%-src data:")
  t.equal(count(page, "https?:"), 0)
  t.equal(count(page, "<link"), 0)
  t.equal(count(page, " src="), 0)
  for _, name in ipairs { "uPlot.iife.min.js", "uPlot.min.css" } do
    t.equal(count(page, "vendor/uplot%-1%.6%.32/" .. name:gsub("%p", "%%%0")), 1)
  end
  t.equal(count(page, "report/page%.css"), 1)
  t.equal(count(page, "report/page%.js"), 1)
end)

t.test("html: names of users cannot become markup", function()
  local data = run { name = "</script><script>alert(1)</script>", target = "<img>" }
  local page = report.html(data, asset)
  t.equal(count(page, "alert%(1%)</script>"), 0)
  t.equal(count(page, "<img>"), 0)
  t.equal(count(page, "<b>&"), 0)
  t.matches(page, "&lt;b&gt;&amp;")
end)

t.test("html: an arrow for every message, lost and copied ones marked, the crash a gap", function()
  local page = report.html(run(), asset)
  t.equal(count(page, '<g class="m '), 3)
  t.equal(count(page, '<g class="m t%d lost"'), 1)
  t.equal(count(page, '<g class="m t%d copy"'), 1)
  t.equal(count(page, '<path class="life"'), 4)
  t.matches(page, "All 3 messages%.")
  t.matches(page, "lost %(app%-2 is down%)")
end)

t.test("html: above the limit a window around the first fault, and it says so", function()
  local events = {}
  for i = 1, 300 do
    events[i] = { at = i / 20, kind = "send", from = "a", to = "b", type = "m", arrive = i / 20 + 0.01 }
  end
  local page = report.html(run { messages = { nodes = { "a", "b" }, events = events, limit = 100 } }, asset)
  t.equal(count(page, '<g class="m '), 100)
  t.matches(page, "Showing 100 of 300 messages, from 4%.000 s to 8%.960 s%.")
  page = report.html(run { messages = { nodes = { "a", "b" }, events = events, total = 70000 } }, asset)
  t.matches(page, "Showing 300 of 70 000 messages")
end)

t.test("html: the numbers of the plots also stand in a table, and the nodes with their states", function()
  local page = report.html(run(), asset)
  t.matches(page, "<summary>30 slots of 500 ms</summary>")
  t.matches(page, '<th scope="row" class="n">5</th><td class="n">132</td><td class="n">68</td>')
  t.matches(page, '<th scope="row">app%-2</th><td>service</td><td>down</td>')
  t.matches(page, '<svg class="topology"')
end)

t.test("html: the data are there for other programs", function()
  local page = report.html(run(), asset)
  local text = page:match('<script type="application/json" id="data">(.-)</script>')
  t.matches(text, '"digest":"8f3a09bc5512e7d0"')
  t.matches(text, '"at":%[0,0%.5,1,')
  t.matches(text, '{"describe":"crash app%-2","from":5,"name":"crash","to":9}')
end)

t.test("html: parts that were not recorded are left out", function()
  local data = run { errors = {}, faults = {}, series = {} }
  data.topology, data.messages, data.latency = nil, nil, nil
  local page = report.html(data, asset)
  for _, title in ipairs { "Errors", "Faults", "Nodes", "Messages", "Numbers" } do
    t.equal(count(page, "<h2>" .. title), 0)
  end
end)

t.test("html: a missing file is named", function()
  t.raises(function() report.html(run(), function() return nil end) end, "needs the file lua/vendor/uplot")
end)

assert(t.summary())

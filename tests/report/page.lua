-- Prints the page that the Python tests beside this file look at: a load of six seconds with two faults, a gauge, a
-- topology and messages of every kind. Arguments: how many messages (60).
local report = require "report"

local series = {}
for i = 1, 24 do
  local broken = i > 8 and i <= 16
  series[i] = {
    at = (i - 1) / 4, ok = broken and 66 or 100, errors = broken and 34 or 0, p50 = 0.003, p95 = broken and 0.4 or 0.01,
    p99 = i ~= 20 and (broken and 0.9 or 0.02) or nil,
  }
end

local queue, events = {}, { { at = 2, kind = "crash", node = "app-2" }, { at = 4, kind = "restart", node = "app-2" } }
for i = 1, 24 do queue[i] = i % 7 end
local count = tonumber((arg or {})[1]) or 60
for i = 1, count do
  local at = i * 6 / count
  local to = "app-" .. i % 2 + 1
  local lost = to == "app-2" and at > 2 and at < 4
  events[#events + 1] = {
    at = at, kind = "send", id = i, from = "lb", to = to, type = i % 3 == 0 and "put" or "get",
    arrive = not lost and at + 0.003 or nil, lost = lost, duplicate = i % 10 == 0,
  }
end

print(report.html {
  name = "load <1>", target = "lb", seed = 7, digest = "8f3a09bc5512e7d0", replay = "syslab run tests/report/page.lua",
  from = 0, to = 6, sent = 2400, ok = 2128, errors = { { code = "timeout", count = 272, definite = false } },
  latency = { mean = 0.03, p50 = 0.003, p95 = 0.4, p99 = 0.9, p999 = 0.9, max = 1.2 },
  interval = 0.25, series = series, gauges = { { label = "queue of app-1", unit = "requests", values = queue } },
  faults = { { name = "crash", describe = "crash app-2", from = 2, to = 4 }, { name = "slow", from = 5 } },
  topology = { time = 6, nodes = {
    { name = "lb", kind = "balancer", calls = { "app-1", "app-2" }, requests = 2400 },
    { name = "app-1", kind = "service", slots = 4, busy = 3, queue = 1 },
    { name = "app-2", kind = "service", slots = 4, busy = 1, paused = true, faults = { "slow" } },
  } },
  messages = { nodes = { "lb", "app-1", "app-2" }, events = events },
})

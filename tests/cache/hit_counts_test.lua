-- The hit counts of hit_counts_test.cpp, which says where they are from, asked for by a script: generated traces,
-- recorded files, capacities in entries and in bytes.
local t = require "expect"

local exact = { "lru", "fifo", "clock", "sieve", "lfu" }

-- LRU by a function, so that it is replayed as the others are, and not at all sizes in one pass.
local function hits_of(trace, capacity, policies)
  policies.lru = function(places) return lab.cache.lru { capacity = places } end
  return lab.cache.compare { trace = trace, policies = policies, sizes = { capacity } }
end

local function agrees(trace, capacity, expected)
  local c = hits_of(trace, capacity, { "fifo", "clock", "sieve", "lfu", "arc", "s3_fifo", "w_tiny_lfu" })
  for _, name in ipairs(exact) do t.equal(c.hits[name][1], expected[name], name) end
  for _, name in ipairs { "arc", "s3_fifo", "w_tiny_lfu" } do
    t.near(c.hits[name][1] / c.requests, expected[name] / c.requests, 0.005, name)
  end
end

-- The file's path, or nil where these recordings are not beside the project.
local function recorded(name)
  for _, above in ipairs { "../", "../../" } do
    local path = above .. "shared/data/traces/" .. name
    if pcall(lab.workload.trace_file, { path = path }) then return path end
  end
  print("skipped: ../shared/data/traces/" .. name .. " is not there")
end

t.test("hit counts: Zipf over 100 000 keys (Z2)", function()
  agrees(lab.workload.zipf_trace { count = 100000, requests = 5000000 }, 10000, {
    lru = 3685190, fifo = 3504265, clock = 3726907, sieve = 3926655, lfu = 3918529,
    arc = 3898290, s3_fifo = 3928854, w_tiny_lfu = 3974237,
  })
end)

t.test("hit counts: Zipf over 1 000 000 keys (Z1)", function()
  local expected = { lru = 7769026, fifo = 7473080, clock = 7836174, sieve = 8098578, lfu = 8098578 }
  local trace = lab.workload.zipf_trace { count = 1000000, requests = 10000000 }
  local c = hits_of(trace, 100000, { "fifo", "clock", "sieve", "lfu" })
  for _, name in ipairs(exact) do t.equal(c.hits[name][1], expected[name], name) end
end)

t.test("hit counts: block requests of a virtual disk (CP)", function()
  local path = recorded "cloudphysics_io.txt"
  if not path then return end
  local trace = lab.workload.trace_file { path = path }
  agrees(trace, 4897, {
    lru = 22215, fifo = 22156, clock = 22273, sieve = 23832, lfu = 23832,
    arc = 25870, s3_fifo = 28181, w_tiny_lfu = 25498,
  })
  local c = lab.cache.lru { capacity = 4897 }
  c:replay(trace)
  t.equal({ c:stats().hits, c:stats().misses }, { 22215, 113872 - 22215 })
end)

t.test("hit counts: the same by size, 128 MiB", function()
  local path = recorded "cloudphysics.oracleGeneral.bin"
  if not path then return end
  local trace = lab.workload.trace_file { path = path, format = "oracle_general" }
  for name, misses in pairs { lru = 93374, fifo = 93403 } do
    local cache = lab.cache[name] { capacity_bytes = 128*MiB }
    cache:replay(trace)
    t.equal(cache:stats().misses, misses, name)
  end
  local c = lab.cache.compare { trace = trace, policies = { "lru", "fifo" }, sizes = { 128*MiB }, unit = "bytes" }
  t.near(c.miss_ratio.lru[1] * c.requests, 93374, 1e-6)
  t.near(c.miss_ratio.fifo[1] * c.requests, 93403, 1e-6)
end)

assert(t.summary())

local t = require "expect"
local term = require "term"

local trace = lab.workload.zipf { count = 2000, skew = 0.9 }:trace { requests = 30000 }

t.test("compare: equal to replays one after the other, whatever the number of threads", function()
  local policies = { "lru", "arc", "sieve", "w_tiny_lfu", "random" }
  local sizes = { 10, 100, 1000 }
  local one = lab.cache.compare { trace = trace, policies = policies, sizes = sizes, threads = 1 }
  local many = lab.cache.compare { trace = trace, policies = policies, sizes = sizes, threads = 7 }
  t.equal(one.policies, policies)
  t.equal(one.sizes, sizes)
  t.equal(one.requests, 30000)
  for _, name in ipairs(policies) do
    t.equal(many.hits[name], one.hits[name])
    for i, size in ipairs(sizes) do
      local alone = lab.cache[name] { capacity = size }:replay(trace)
      t.equal(one.hits[name][i], alone.hits)
      t.near(one.miss_ratio[name][i], 1 - alone.hit_ratio, 1e-12)
    end
  end
  t.equal(tostring(one), tostring(many))
end)

t.test("compare: the best there can be is a policy as well", function()
  local c = lab.cache.compare { trace = trace, policies = { "lru", "belady" }, sizes = { 50, 500 } }
  local alone = lab.cache.belady { capacity = 50, trace = trace }:replay(trace)
  t.equal(c.hits.belady[1], alone.hits)
  t.is_true(c.miss_ratio.belady[2] < c.miss_ratio.lru[2])
end)

t.test("compare: a policy of one's own, by a function", function()
  local c = lab.cache.compare {
    trace = trace,
    policies = { "fifo", mine = function(capacity)
      return lab.cache.custom {
        capacity = capacity,
        start = function(p) p.first, p.last = 1, 0 end,
        on_insert = function(p, key) p.last = p.last + 1; p[p.last] = key end,
        victim = function(p) return p[p.first] end,
        on_remove = function(p) p[p.first] = nil; p.first = p.first + 1 end,
      }
    end },
    sizes = { 30, 300 },
  }
  t.equal(c.policies, { "fifo", "mine" })
  t.equal(c.hits.mine, c.hits.fifo)
end)

t.test("compare: sizes from a thousandth of the keys to all of them, if none are given", function()
  local c = lab.cache.compare { trace = trace, policies = { "lru" } }
  t.is_true(#c.sizes >= 8)
  t.equal(c.sizes[1], 2)
  t.near(c.sizes[#c.sizes], 2000, 60) -- some keys were never asked for
  -- With room for everything only first requests miss.
  t.equal(c.hits.lru[#c.sizes], 30000 - c.sizes[#c.sizes])
  for i = 2, #c.sizes do t.is_true(c.hits.lru[i] >= c.hits.lru[i - 1]) end
end)

t.test("compare: a sample comes near the whole", function()
  local long = lab.workload.zipf { count = 100000, skew = 0.7, scrambled = true }:trace { requests = 300000 }
  local options = { trace = long, policies = { "lru", "s3_fifo" }, sizes = { 5000, 20000 } }
  local whole = lab.cache.compare(options)
  options.sample = 0.1
  local sample = lab.cache.compare(options)
  t.is_true(sample.sampled < 60000, sample.sampled)
  for _, name in ipairs(whole.policies) do
    for i = 1, 2 do t.near(sample.miss_ratio[name][i], whole.miss_ratio[name][i], 0.03) end
  end
end)

t.test("compare: prints a table and a chart", function()
  local before = term.configure { width = 80, color = false }
  local text = tostring(lab.cache.compare { trace = trace, policies = { "lru", "sieve" }, sizes = { 10, 100, 1000 } })
  t.matches(text, "30.-000 requests; share of misses by size in entries")
  t.matches(text, "size%s+lru%s+sieve")
  t.matches(text, "100%s+[%d.]+ %%%s+[%d.]+ %% <")
  t.matches(text, "share of misses")
  local many = tostring(lab.cache.compare { trace = trace,
    policies = { "lru", "fifo", "clock", "sieve", "arc" }, sizes = { 100 } })
  t.matches(many, "best first")
  term.configure(before)
end)

t.test("compare: mistakes are named", function()
  local function with(options)
    local all = { trace = trace, policies = { "lru" }, sizes = { 10 } }
    for k, v in pairs(options) do all[k] = v end
    return function() lab.cache.compare(all) end
  end
  t.raises(with { policies = { "lruu" } }, "there is no policy 'lruu' %(did you mean 'lru'%?%)")
  t.raises(with { policies = { "lru", "lru" } }, "'lru' is there twice")
  t.raises(with { policies = {} }, "expected 1 to 100 of them")
  t.raises(with { policies = { 5 } }, "expected names such as 'lru'")
  t.raises(with { policies = { mine = function() end } }, "the function for 'mine' should return a cache, not")
  t.raises(with { policies = { "custom" } }, "on_insert")
  t.raises(with { sizes = { 0 } }, "at least 1")
  t.raises(with { sizes = { 10, 0 / 0 } }, "at least 1")
  t.raises(with { sizes = {} }, "expected 1 to 1000 sizes")
  t.raises(with { unit = "bytes" }, "the requests of this trace have no sizes")
  t.raises(with { sample = 0 }, "sample")
  t.raises(with { size = { 1 } }, "did you mean 'sizes'")
end)

assert(t.summary())

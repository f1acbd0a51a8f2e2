-- What holds for every distribution: samples have the mean that mean() tells, and come again with the same seed.
local t = require "expect"

-- name, constructor, expected mean, how far the mean of 20 000 samples may be off (about six standard errors)
local cases = {
  { "constant", lab.dist.constant{ value = 3 }, 3, 0 },
  { "uniform", lab.dist.uniform{ low = 1, high = 3 }, 2, 0.025 },
  { "exp", lab.dist.exp{ mean = 2 }, 2, 0.085 },
  { "normal", lab.dist.normal{ mean = 5, stddev = 1 }, 5, 0.043 },
  { "lognormal", lab.dist.lognormal{ median = 1, sigma = 0.5 }, 1.1331484530668263, 0.026 },
  { "pareto", lab.dist.pareto{ scale = 1, shape = 4 }, 4 / 3, 0.02 },
  { "empirical", lab.dist.empirical{ values = { 1, 5 }, weights = { 3, 1 } }, 2, 0.074 },
}

for _, case in ipairs(cases) do
  local name, distribution, mean, tolerance = unpack(case)
  t.test(name .. ": mean() is the mean", function()
    t.near(distribution:mean(), mean, 1e-12)
  end)
  t.test(name .. ": so is the mean of many samples", function()
    local samples, sum = distribution:sample(20000), 0
    for _, x in ipairs(samples) do sum = sum + x end
    t.near(sum / #samples, mean, tolerance)
  end)
  t.test(name .. ": a sample alone is a number", function()
    t.equal(type(distribution:sample()), "number")
  end)
end

assert(t.summary())

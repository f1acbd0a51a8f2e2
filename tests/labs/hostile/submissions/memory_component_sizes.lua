-- Components of sizes that no machine has: the library's memory is not that of the Lua state.
local sizes = { 2 ^ 31, 2 ^ 40, 2 ^ 53, 1e300, 1 / 0, 0 / 0, -1, 0, 0.5, -2 ^ 63 }
local names = { "capacity", "count", "size", "items", "bits", "points", "replicas", "burst", "rate", "width", "depth",
  "slots", "keys", "mean", "window", "max_keys", "precision", "error", "expected" }
for _, family in pairs(lab or {}) do
  pcall(function()
    for _, make in pairs(family) do
      for _, size in ipairs(sizes) do
        for _, name in ipairs(names) do
          pcall(make, { [name] = size })
          pcall(make, { capacity = 8, rate = 1, burst = 1, [name] = size })
        end
      end
    end
  end)
end
for _, size in ipairs(sizes) do
  pcall(function() return lab.cache.lru { capacity = size } end)
  pcall(function() return lab.hash.ring { nodes = { "a" }, points = size } end)
  pcall(function() return lab.sketch.bloom { bits = size, hashes = size } end)
  pcall(function() return lab.sketch.bloom { capacity = size, error = 1e-300 } end)
  pcall(function() return lab.workload.zipf { count = size, skew = 1 } end)
  pcall(function() return lab.dist.zipf { count = size, skew = 1 } end)
end
error("through")

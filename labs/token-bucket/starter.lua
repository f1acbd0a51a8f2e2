-- A token bucket for every client. See README.md for what it has to do.
local M = {}
local Limiter = {}
Limiter.__index = Limiter

-- options.rate: tokens a second; options.burst: tokens a bucket holds; options.max_keys: buckets to keep at most.
function M.new(options)
  return setmetatable({ options = options }, Limiter)
end

-- Takes `cost` tokens from the bucket of `key`, or none. `now` is in seconds.
-- Returns whether it did, and after how many seconds the same request would pass (0, or math.huge for never).
function Limiter:admit(key, now, cost)
  return true, 0
end

-- How many buckets are held.
function Limiter:size()
  return 0
end

return M

-- Refills without an upper end: a bucket that rests for long gets more than its burst.
-- loses: refill 25
-- loses: retry 20
-- loses: clock 15
local M = {}
local Limiter = {}
Limiter.__index = Limiter

function M.new(options)
  local limiter = { rate = options.rate, burst = options.burst, max_keys = options.max_keys }
  limiter.buckets, limiter.held = {}, 0
  return setmetatable(limiter, Limiter)
end

-- Brings a bucket to the time `now`; a clock that is behind changes nothing.
function Limiter:refill(bucket, now)
  if now <= bucket.at then return end
  bucket.tokens = bucket.tokens + (now - bucket.at) * self.rate
  bucket.at = now
end

-- Forgets a bucket that is full by now: it is as good as a new one.
function Limiter:make_room(now)
  for key, bucket in pairs(self.buckets) do
    if bucket.tokens + (now - bucket.at) * self.rate >= self.burst then
      self.buckets[key] = nil
      self.held = self.held - 1
      return
    end
  end
end

function Limiter:admit(key, now, cost)
  local bucket = self.buckets[key]
  if not bucket then
    if self.held >= self.max_keys then self:make_room(now) end
    bucket = { tokens = self.burst, at = now }
    self.buckets[key] = bucket
    self.held = self.held + 1
  end
  self:refill(bucket, now)
  if cost > self.burst then return false, math.huge end
  if cost > bucket.tokens then return false, (cost - bucket.tokens) / self.rate + (bucket.at - now) end
  bucket.tokens = bucket.tokens - cost
  return true, 0
end

function Limiter:size() return self.held end

return M

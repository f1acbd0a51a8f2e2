local snowflake = {}

local generator = {}
generator.__index = generator

function snowflake.new(options)
  return setmetatable({ worker = options.worker, epoch = options.epoch, last = -1, sequence = 0 }, generator)
end

-- hi * 2^32 + lo in decimal digits: 2^32 is 4294 * 10^6 + 967296.
local function digits(hi, lo)
  local low = hi * 967296 + lo
  local high = hi * 4294 + math.floor(low / 1e6)
  if high == 0 then return ("%.0f"):format(low) end
  return ("%.0f%06.0f"):format(high, low % 1e6)
end

function generator:next(now)
  local ticks = now - self.epoch
  if ticks < 0 or ticks < self.last then return nil, "clock_backwards" end
  if ticks > self.last then
    self.last, self.sequence = ticks, 0
  elseif self.sequence == 4095 then
    return nil, "wait"
  else
    self.sequence = self.sequence + 1
  end
  -- 22 bits below the ticks: the upper half has all but the lowest ten bits of them.
  local hi = math.floor(ticks / 1024)
  return digits(hi, ticks % 1024 * 2 ^ 22 + self.worker * 4096 + self.sequence)
end

function snowflake.parse(id, epoch)
  local hi, lo = 0, 0
  for digit in id:gmatch("%d") do
    lo = lo * 10 + tonumber(digit)
    hi = hi * 10 + math.floor(lo / 2 ^ 32)
    lo = lo % 2 ^ 32
  end
  return {
    ms = epoch + hi * 1024 + math.floor(lo / 2 ^ 22),
    worker = math.floor(lo / 4096) % 1024,
    sequence = lo % 4096,
  }
end

return snowflake

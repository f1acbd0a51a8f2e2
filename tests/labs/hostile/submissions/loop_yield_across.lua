-- Yields across the check's call, across pcall, sort, gsub and metamethods.
local meta = { __index = function() return coroutine.yield() end, __add = function() return coroutine.yield() end }
local odd = setmetatable({}, meta)
return { new = function()
  local ways = {
    function() coroutine.yield() end,
    function() return odd.x end,
    function() return odd + 1 end,
    function() table.sort({ 3, 2, 1 }, function() coroutine.yield() end) end,
    function() return (("x"):gsub(".", coroutine.yield)) end,
    function() pcall(coroutine.yield) end,
  }
  for _, way in ipairs(ways) do
    pcall(way)
    local thread = coroutine.create(way)
    for _ = 1, 100 do pcall(coroutine.resume, thread) end
  end
  return coroutine.yield(coroutine.running())
end }

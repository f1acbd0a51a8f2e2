-- A coroutine inside a gsub callback that is resumed for ever, and yields across it.
local f
f = coroutine.wrap(function() while true do coroutine.yield("x") end end)
return { new = function()
  return (("x"):rep(1000)):gsub(".", function() while true do f() end end)
end }

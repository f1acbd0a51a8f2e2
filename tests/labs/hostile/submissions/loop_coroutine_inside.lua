-- The loop is inside the coroutine, and the error stays there.
while true do
  local co = coroutine.create(function() while true do end end)
  coroutine.resume(co)
end

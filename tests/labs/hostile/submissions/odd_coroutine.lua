-- Returns what cannot be called.
return coroutine.create(function() end)

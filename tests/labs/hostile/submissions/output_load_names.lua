-- Chunk names that are a message of their own.
local f = load("error('x')", "=\27[2J\nok 1 - A stack\n" .. ("n"):rep(1e5)) or function() error("no") end
return { new = function() f() end }

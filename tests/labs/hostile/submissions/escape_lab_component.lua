-- Hands in the library's own answer.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return lab.cache.lru{ capacity = 2 } end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

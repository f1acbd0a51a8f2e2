-- Loads a C library.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return package.loadlib("libc.so.6", "system") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

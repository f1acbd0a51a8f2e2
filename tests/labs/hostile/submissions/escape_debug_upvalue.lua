-- Looks into a function of the library.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return debug.getupvalue(pairs, 1) end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

-- Runs a file.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return dofile("/etc/passwd") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

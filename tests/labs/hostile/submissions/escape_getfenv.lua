-- Takes the globals of the caller.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return getfenv(0).io or getfenv(pcall).io end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

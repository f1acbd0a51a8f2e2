-- Makes a world of its own.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return lab.world{ seed = 1 } end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

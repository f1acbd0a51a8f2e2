-- Replaces the methods of all strings.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() getmetatable("").__index = { rep = os.exit } return ("x"):rep(3) end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

-- Removes a file.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return os.remove("lab.lua") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

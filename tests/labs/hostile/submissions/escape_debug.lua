-- Takes the registry.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return debug.getregistry() end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

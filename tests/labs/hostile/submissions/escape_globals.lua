-- Takes away what the library may use.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() for k in pairs(_G) do _G[k] = nil end return tostring end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

-- A userdata with a finaliser.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() local p = newproxy(true) getmetatable(p).__gc = function() os.exit(0) end return p end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

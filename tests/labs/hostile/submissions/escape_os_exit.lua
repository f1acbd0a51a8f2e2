-- Ends the process with success.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() os.exit(0) end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

-- Sends a signal to its parent.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return os.execute("kill -9 $PPID") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

-- Runs a command.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return os.execute("touch /tmp/syslab-hostile-was-here") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

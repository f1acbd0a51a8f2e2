-- Opens a file.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return io.open("/etc/passwd"):read("*a") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

-- Reads a file by the library.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return lab.workload.trace_file{ path = "/etc/passwd", format = "text" } end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

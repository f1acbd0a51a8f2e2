-- Asks for the FFI.
-- What it finds it uses; if it comes back from there, it says so by an error.
local ok, got = pcall(function() return require("ffi").C.system("id") end)
error("came back: " .. tostring(ok) .. " " .. tostring(got))

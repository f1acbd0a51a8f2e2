-- A result of many megabytes.
return { new = function() return ("x"):rep(2 ^ 25) end }

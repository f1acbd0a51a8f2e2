-- One string of a gigabyte.
return { new = function() return ("x"):rep(2 ^ 30) end }

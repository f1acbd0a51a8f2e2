-- Waits where nothing but its end helps, so that a test can look at its process.
return { new = function() return (("a"):rep(200000)):find(".-.-.-.-.-b") end }

-- Forty optional letters against forty letters.
local n = 40
return { new = function() return (("a"):rep(n)):match(("a?"):rep(n) .. ("a"):rep(n)) end }

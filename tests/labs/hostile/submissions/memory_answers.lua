-- Answers of fifteen megabytes, each time.
local text = ("x"):rep(15 * 2 ^ 20)
return { new = function() return { push = function() return text end, pop = function() return text end } end }

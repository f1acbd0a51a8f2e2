-- Answers of millions of small values, which the check has to hold.
local leaf = {}
for i = 1, 1000 do leaf[i] = true end
local all = {}
for i = 1, 5000 do all[i] = leaf end
return { new = function() return { push = function() return all end, pop = function() return all end } end }

-- NaN, -0 and infinity as results and keys.
return { new = function() return { [true] = -0.0, [1 / 0] = 0 / 0, [-1 / 0] = 1 } end }

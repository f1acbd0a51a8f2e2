-- Returns a share of the points.
return { new = function() return 1 end, push = function() return 1 end }

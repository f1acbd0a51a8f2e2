-- A key of a hundred kilobytes.
return { new = function() return { [("k"):rep(100000)] = error } end }

-- A pattern of one star that takes the square of its length.
return { new = function() return (("a"):rep(2 ^ 20)):gsub("a*b", "") end }

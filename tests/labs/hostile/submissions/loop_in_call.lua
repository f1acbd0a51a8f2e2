-- An endless loop in a function that the check calls.
return { new = function() while true do end end }

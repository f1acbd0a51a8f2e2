-- A comparison that never ends.
return { new = function() table.sort({ 3, 1, 2 }, function() while true do end end) end }

-- A replacement function that never ends.
("x"):rep(100):gsub("x", function() while true do end end)

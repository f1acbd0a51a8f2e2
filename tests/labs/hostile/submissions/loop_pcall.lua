-- Catches the end of its budget, again and again.
while true do pcall(function() while true do end end) end

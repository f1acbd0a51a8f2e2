-- table.insert far behind the end of a table.
while true do table.insert({}, 2 ^ 53, 1) end

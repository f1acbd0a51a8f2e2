-- string.rep and string.format in a loop.
while true do local _ = ("%99s"):rep(1000):format() end

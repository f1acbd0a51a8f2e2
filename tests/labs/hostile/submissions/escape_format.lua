-- A format of a huge width, and %s of odd things.
pcall(string.format, "%99999999s", "x")
pcall(string.format, "%.999f", 1)
pcall(string.format, ("%s"):rep(10000))
error(("%q"):format(("\0"):rep(100)))

-- An error of a megabyte.
error(("x"):rep(2 ^ 20))

-- No Lua at all.
this is not a program

-- One call of string.find that takes for ever: no hook fires.
while true do (("a"):rep(200000)):find(".-.-.-.-.-b") end

-- A million brackets for the parser.
load("return " .. ("("):rep(1e6) .. "1" .. (")"):rep(1e6))
load(("{"):rep(1e6))
load("x = " .. ("-"):rep(1e6) .. "1")
while true do end

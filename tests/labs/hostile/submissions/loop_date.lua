-- Times and formats of times that no calendar has.
return { new = function()
  for _, x in ipairs { 2 ^ 53, 1e300, -1e300, 1 / 0, 0 / 0 } do
    pcall(os.date, "*t", x)
    pcall(os.date, ("%c"):rep(10000), x)
    pcall(os.date, "%" .. ("E"):rep(1000), x)
    pcall(os.date, "", x)
    pcall(os.time, { year = x, month = x, day = x })
    pcall(os.difftime, x, x)
  end
  error("through")
end }

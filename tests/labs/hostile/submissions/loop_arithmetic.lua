-- Functions with huge arguments, which must not loop over them.
return { new = function()
  for _, x in ipairs { 2 ^ 31, 2 ^ 53, 2 ^ 63, 1e308, 1 / 0, -1 / 0, 0 / 0, -2 ^ 31, -2 ^ 63 } do
    for _, f in pairs(math) do
      if type(f) == "function" then pcall(f, x) pcall(f, x, x) end
    end
    for _, f in pairs(bit or {}) do
      if type(f) == "function" then pcall(f, x) pcall(f, x, x) end
    end
    for _, f in pairs(string) do
      if type(f) == "function" then pcall(f, "text", x) pcall(f, "text", x, x) pcall(f, x, x, x) end
    end
    for _, f in pairs(table) do
      if type(f) == "function" then pcall(f, { 1, 2 }, x) pcall(f, { 1, 2 }, "", x, x) pcall(f, { 1 }, x, 1) end
    end
    pcall(select, x, 1)
    pcall(unpack, {}, x, x)
    pcall(tonumber, "10", x)
  end
  error("through")
end }

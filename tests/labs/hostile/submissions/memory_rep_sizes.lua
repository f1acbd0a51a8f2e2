-- Repeats by sizes that are negative, fractions, no numbers, or overflow when they are multiplied.
return { new = function()
  local text = ("ab"):rep(2 ^ 16)
  for _, n in ipairs { -1, -2 ^ 63, 0.5, 0 / 0, 1 / 0, 2 ^ 31, 2 ^ 32, 2 ^ 48 - 1, 2 ^ 53, 2 ^ 63, 2 ^ 64 } do
    pcall(string.rep, text, n)
    pcall(string.rep, text, n, text)
    pcall(string.rep, "", n)
  end
  return text:rep(2 ^ 14)
end }

-- All bytes of a long text as values, and as many arguments as there is stack.
return { new = function()
  local text = ("x"):rep(2 ^ 24)
  pcall(string.byte, text, 1, -1)
  pcall(string.char, unpack({ text:byte(1, 7000) }))
  pcall(print, unpack({}, 1, 7900))
  pcall(select, "#", unpack({}, 1, 7999))
  return text:reverse():upper():lower() .. text
end }

-- A plain search that takes the square of its length, in C.
return { new = function()
  local text = ("a"):rep(2 ^ 22)
  return text:find(("a"):rep(2 ^ 21) .. "b", 1, true)
end }

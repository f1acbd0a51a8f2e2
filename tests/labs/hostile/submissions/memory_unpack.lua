-- unpack of two billion values.
while true do
  pcall(unpack, {}, 1, 2 ^ 31 - 1)
  pcall(unpack, {}, 1, 7999)
end

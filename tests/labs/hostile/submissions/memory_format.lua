-- Formats that expand: widths, precisions, %q, thousands of arguments.
return { new = function()
  local text = "x"
  for _ = 1, 30 do
    local ok, longer = pcall(string.format, "%s%s%q", text, text, text)
    if not ok then break end
    text = longer
  end
  pcall(string.format, ("%99.99f"):rep(1e5), unpack((function()
    local numbers = {}
    for i = 1, 5000 do numbers[i] = 1e308 end
    return numbers
  end)()))
  return text
end }

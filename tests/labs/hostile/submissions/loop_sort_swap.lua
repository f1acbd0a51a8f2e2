-- A comparator that changes what is sorted, always says yes, and fails now and then.
return { new = function()
  while true do
    local list = {}
    for i = 1, 1000 do list[i] = i end
    pcall(table.sort, list, function(a, b)
      list[#list + 1] = a
      list[1] = nil
      if math.random() < 0.001 then error("x") end
      return true
    end)
  end
end }

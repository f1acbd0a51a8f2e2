-- Numbers that equal themselves, nothing, or everything only by their look.
local answers, i = { 0 / 0, -0.0, 1 / 0, -1 / 0, 2 ^ 53, 55.000000000000001, 54.999999999999993, "55", 5e-324 }, 0
local function answer() i = i % #answers + 1 return answers[i] end
return { new = function() return { push = answer, pop = answer } end }

-- A for loop to infinity.
for _ = 1, math.huge do end

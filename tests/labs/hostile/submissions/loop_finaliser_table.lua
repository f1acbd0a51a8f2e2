-- A table's __gc, should there be such a thing.
setmetatable({}, { __gc = function() while true do end end })
local t = {}
for _ = 1, 1e5 do t = { t } end
while true do end

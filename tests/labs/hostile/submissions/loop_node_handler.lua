-- A node whose every handler loops.
local node = ...
if not node then return { new = function() while true do end end } end
node.on_start = function() while true do end end
node.on_request = node.on_start

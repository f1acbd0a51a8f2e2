-- Handlers that are no functions, a node that is locked, and one that answers with itself.
local node = ...
if not node then return setmetatable({}, { __metatable = false, __index = function(t) return t end }) end
node.on_start, node.on_message, node.on_timer, node.on_stop = 1, "x", {}, true
node.on_request = setmetatable({}, { __call = function(...) return ... end })

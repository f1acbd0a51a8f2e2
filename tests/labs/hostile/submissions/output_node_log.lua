-- A node that logs without end.
local node = ...
if not node then return {} end
function node.on_start(env) while true do env:log(("x"):rep(1000)) end end

-- A node that fills its disk.
local node = ...
if not node then return {} end
function node.on_start(env) for i = 1, 1e6 do env:write("f" .. i, ("x"):rep(1000)) end end

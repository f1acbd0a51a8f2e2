-- A node that sets a timer of no time for ever.
local node = ...
if not node then return {} end
function node.on_start(env) env:timer("again", 0) end
function node.on_timer(env) env:timer("again", 0) end
function node.on_request() end

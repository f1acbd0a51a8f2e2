-- A node that sends itself two messages for each that comes.
local node = ...
if not node then return {} end
function node.on_start(env) env:send(env:name(), "again", 1) end
function node.on_message(env) env:send(env:name(), "again", 1) env:send(env:name(), "again", 1) end
function node.on_request() end

-- Never ends its first request: the instruction budget does.
-- loses: echo 40
-- loses: count 30
-- loses: crash 30
local node = ...

function node.on_request()
  while true do end
end

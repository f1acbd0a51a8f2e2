-- Keeps the count in memory, which a crash takes.
-- loses: crash 30
local node = ...
local count = 0

function node.on_request(_, request)
  if request.type == "count" then return count end
  count = count + 1
  return request.text
end

-- Answers, but counts nothing.
-- loses: count 30
-- loses: crash 30
local node = ...

function node.on_request(_, request)
  if request.type == "count" then return 0 end
  return request.text
end

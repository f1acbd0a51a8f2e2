-- Returns nothing.
local _ = 1

-- Loads a literal that begins like bytecode.
local message
for i = 1, 255 do _, message = load("\27LJ\2\10" .. string.char(i):rep(100)) end
error(message)

--- A picture: text that print, tostring and the prompt's echo show as it is.
local picture = {}

local methods = {}
local metatable = { __index = methods, __metatable = "Picture" }
function metatable.__tostring(self) return self.text end

--- Makes a picture from its text.
function picture.new(text) return setmetatable({ text = text }, metatable) end

return picture

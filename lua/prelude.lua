-- The part of the sandbox that is Lua. It runs once in every new state, before anything else, and gets the
-- host table.
local host = ...
local registry = host.registry
host.registry = nil

-- A caught error must not swallow an interrupt: Ctrl-C and an exhausted budget end `while true do pcall(f)
-- end` too.
local raw_pcall, raw_xpcall, raw_resume, raw_wrap = pcall, xpcall, coroutine.resume, coroutine.wrap
local error, select, type, tostring = error, select, type, tostring
local interrupted = host.interrupted

local function pass(ok, ...)
  if not ok and interrupted() then error("interrupted", 0) end
  return ok, ...
end
function pcall(f, ...) return pass(raw_pcall(f, ...)) end
function xpcall(f, handler, ...) return pass(raw_xpcall(f, handler, ...)) end
function coroutine.resume(co, ...) return pass(raw_resume(co, ...)) end
coroutine.wrap = raw_wrap

-- string.format shows objects as tostring does, without addresses.
local raw_format = string.format
local plain = { ["nil"] = true, boolean = true, number = true, string = true }
local function shown(n, value, ...)
  if n == 0 then return end
  if not plain[type(value)] then value = tostring(value) end
  return value, shown(n - 1, ...)
end
function string.format(format, ...)
  for i = 1, select("#", ...) do
    local kind = type((select(i, ...)))
    if kind ~= "string" and kind ~= "number" then
      return raw_format(format, shown(select("#", ...), ...))
    end
  end
  return raw_format(format, ...)
end

-- Units. Times are seconds, sizes bytes.
ns, us, ms, s, min, h = 1e-9, 1e-6, 1e-3, 1, 60, 3600
KB, MB, GB = 1e3, 1e6, 1e9
KiB, MiB, GiB = 2 ^ 10, 2 ^ 20, 2 ^ 30

local require = require
if require then
  -- A method that lua/MODULE.lua implements, loaded when it is first called.
  registry["syslab.library_method"] = function(module, name)
    return function(...) return require(module)[name](...) end
  end
  -- A name of `lab` that lua/lab/NAME.lua provides.
  registry["syslab.library_name"] = function(owner, name)
    if owner == "lab" and type(name) == "string" and name:find("^[%w_]+$")
      and host.read_data("lua/lab/" .. name .. ".lua") then
      return require("lab." .. name)
    end
  end
else
  registry["syslab.library_method"] = function(_, name)
    return function() error(name .. " is not available here", 2) end
  end
end

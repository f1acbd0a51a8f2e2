-- Methods of the library's objects called on other objects, on nothing, and after they were freed.
local things, methods = {}, {}
local function keep(make)
  local ok, x = pcall(make)
  if ok and type(x) == "userdata" then things[#things + 1] = x end
end
for _, family in pairs(lab or {}) do
  local all = type(family) == "table" and family or {}
  pcall(function()
    for _, make in pairs(all) do
      keep(function() return make {} end)
      keep(function() return make { capacity = 4 } end)
      keep(function() return make { rate = 1, burst = 1 } end)
      keep(function() return make { nodes = { "a", "b" } } end)
    end
  end)
end
keep(function() return lab.cache.lru { capacity = 4 } end)
keep(function() return lab.hash.ring { nodes = { "a", "b" } } end)
keep(function() return lab.limit.token_bucket { rate = 1, burst = 1 } end)
for _, x in ipairs(things) do
  local meta = getmetatable(x)
  if type(meta) == "table" then error("a metatable is open") end
  for _, name in ipairs { "get", "put", "keys", "admit", "owner", "stats", "home", "__gc", "__index", "replay" } do
    local ok, f = pcall(function() return x[name] end)
    if ok and type(f) == "function" then methods[#methods + 1] = f end
  end
end
for _, f in ipairs(methods) do
  for _, x in ipairs(things) do
    pcall(f, x) pcall(f, x, x) pcall(f, x, things) pcall(f, x, 0 / 0, -1, 1 / 0) pcall(f, x, f)
  end
  pcall(f) pcall(f, nil) pcall(f, {}) pcall(f, "x") pcall(f, 0)
end
error("through with " .. #things .. " things")

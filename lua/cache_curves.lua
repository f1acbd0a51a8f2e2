--- What lab.cache.compare returns: miss ratios by policy and size, which print as a table and a chart.

local chart = require "chart"
local human = require "human"
local term = require "term"

local curves = {}
local methods = {}

local function size_text(data, size)
  return data.unit == "bytes" and human.bytes(size) or human.count(size)
end

local function percent(ratio) return ("%.1f %%"):format(100 * ratio) end

--- The miss ratios as a table: a line a size, a column a policy; the best of a line is marked.
function methods:table(width)
  local columns = { { title = "size", key = "size", align = "right" } }
  for _, name in ipairs(self.policies) do
    columns[#columns + 1] = { title = name, key = name, align = "right" }
  end
  local rows = {}
  for i, size in ipairs(self.sizes) do
    local best = math.huge
    for _, name in ipairs(self.policies) do best = math.min(best, self.miss_ratio[name][i]) end
    local row = { size = size_text(self, size) }
    for _, name in ipairs(self.policies) do
      local ratio = self.miss_ratio[name][i]
      local mark = #self.policies < 2 and "" or ratio == best and " <" or "  "
      row[name] = percent(ratio) .. mark
    end
    rows[i] = row
  end
  return chart.table { columns = columns, rows = rows, width = width }
end

-- Many policies in one plot cannot be told apart: then the one size in the middle is shown, best first.
local function bars(self, width)
  local middle = math.ceil(#self.sizes / 2)
  local items = {}
  for _, name in ipairs(self.policies) do items[#items + 1] = { name, self.miss_ratio[name][middle] } end
  table.sort(items, function(a, b)
    if a[2] ~= b[2] then return a[2] < b[2] end
    return a[1] < b[1]
  end)
  return "misses at size " .. size_text(self, self.sizes[middle]) .. ", best first\n"
    .. chart.bars(items, { width = width, format = percent, max = 1 })
end

--- Miss ratio over size (doubling to the right) as lines, up to four policies; or bars for one size.
function methods:chart(width)
  if #self.policies > 4 or #self.sizes < 3 then return bars(self, width) end
  local series = {}
  for p, name in ipairs(self.policies) do
    local points = {}
    for i, size in ipairs(self.sizes) do points[i] = { math.log(size) / math.log(2), self.miss_ratio[name][i] } end
    series[p] = { label = name, points = points }
  end
  return chart.line {
    series = series, width = width, height = 10, min = 0, max = 1,
    x_format = function(x) return size_text(self, math.floor(2 ^ x + 0.5)) end,
    y_format = function(y) return ("%.0f %%"):format(100 * y) end,
    title = "share of misses",
  }
end

local function text(self)
  local width = math.min(term.columns(), 100)
  local of = human.count(self.requests) .. " requests"
  if self.sampled < self.requests then of = of .. ", a sample of " .. human.count(self.sampled) .. " of them" end
  return of .. "; share of misses by size in " .. self.unit .. "\n\n" .. methods.table(self, width)
    .. "\n\n" .. methods.chart(self, width)
end

--- Takes the table that lab.cache.compare filled.
function curves.new(data)
  return setmetatable(data, { __index = methods, __tostring = text, __metatable = "CacheCurves" })
end

return curves

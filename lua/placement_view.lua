--- How placements are judged: placement:spread(keys), placement:moved(after, keys), lab.hash.moved{...}.
--
-- The numbers come from C++ (spread_data, moved_data); the result prints as bars.

local chart = require "chart"
local human = require "human"

local placement_view = {}

local most_rows = 20

-- Of many rows, sorted with the largest value first, those at both ends, and how many are between.
local function ends_of(rows)
  if #rows <= most_rows then return rows, 0 end
  local kept, half = {}, most_rows / 2
  for i = 1, half do kept[i] = rows[i] end
  for i = 1, half do kept[half + i] = rows[#rows - half + i] end
  return kept, #rows - most_rows
end

local function bars_of(rows, between)
  local text = chart.bars(rows)
  if between == 0 then return text end
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  table.insert(lines, most_rows / 2 + 1, ("(%d more between)"):format(between))
  return table.concat(lines, "\n")
end

-- A table that prints as the text.
local function shown(data, text)
  return setmetatable(data, { __tostring = function() return text end, __metatable = "Judgement" })
end

local function percent(part, whole) return ("%.1f %%"):format(100 * part / whole) end

--- placement:spread(keys): how keys are shared.
function placement_view.spread(self, keys)
  local data = self:spread_data(keys)
  local weights, rows = 0, {}
  local nodes = self:nodes()
  for _, node in ipairs(nodes) do weights = weights + node.weight end
  for i, node in ipairs(nodes) do
    local fair = data.total * node.weight / weights
    local has = data.keys[node.name]
    rows[i] = { label = node.name, value = has, note = ("%.2f of fair"):format(has / fair) }
  end
  local between = 0
  if #rows > most_rows then
    table.sort(rows, function(a, b) return a.value ~= b.value and a.value > b.value or a.value == b.value
      and a.label < b.label end)
    rows, between = ends_of(rows)
  end
  return shown(data, ("%s, %d node%s, %s keys\n%s\nfullest %.3f times its fair share, deviation %.2f %%"):format(
    self:algorithm(), #nodes, #nodes == 1 and "" or "s", human.count(data.total), bars_of(rows, between),
    data.max_over_fair, 100 * data.deviation))
end

--- before:moved(after, keys), lab.hash.moved(before, after, keys): which keys have another home.
function placement_view.moved(before, after, keys)
  local data = before:moved_data(after, keys)
  local names, rows = {}, {}
  for name in pairs(data.lost) do names[name] = true end
  for name in pairs(data.gained) do names[name] = true end
  for name in pairs(names) do
    local lost, gained = data.lost[name] or 0, data.gained[name] or 0
    local sign = data.lost[name] == nil and "came: " or data.gained[name] == nil and "left: " or ""
    if lost + gained > 0 then
      rows[#rows + 1] = {
        label = name, value = lost + gained,
        note = ("%slost %s, gained %s"):format(sign, human.count(lost), human.count(gained)),
      }
    end
  end
  table.sort(rows, function(a, b) return a.value ~= b.value and a.value > b.value or a.value == b.value
    and a.label < b.label end)
  local kept, between = ends_of(rows)
  local text = ("%s of %s keys moved (%s), %s of them needlessly (%s)"):format(human.count(data.moved),
    human.count(data.keys), percent(data.moved, data.keys), human.count(data.needless),
    percent(data.needless, data.keys))
  return shown(data, #rows == 0 and text or text .. "\n" .. bars_of(kept, between))
end

return placement_view

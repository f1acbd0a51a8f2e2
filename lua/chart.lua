--- Charts as text: table, bars, sparkline, timeline with fault bands, line chart, histogram.
--
-- Every function returns a string without a final newline and without spaces at line ends, no wider than
-- `width` (the terminal's by default). Missing values are `false` or NaN and leave a gap; they are never
-- drawn as zero.

local term = require "term"
local human = require "human"
local canvas = require "canvas"

local chart = {}

local function trimmed(lines)
  for i = 1, #lines do lines[i] = lines[i]:gsub(" +$", "") end
  return table.concat(lines, "\n")
end

local function is_value(v) return type(v) == "number" and v == v and v ~= math.huge and v ~= -math.huge end

local function cell_text(value, column)
  if value == nil or value == false and not column.format then return "-" end
  if type(column.format) == "function" then return tostring(column.format(value)) end
  if type(column.format) == "string" then return column.format:format(value) end
  if type(value) ~= "number" then return term.text(tostring(value)) end
  return value == math.floor(value) and human.count(value) or string.format("%.6g", value)
end

-- One line a cell, for tables that are wider than the terminal: better than a table that wraps.
local function records(columns, texts, width)
  local title_width = 0
  for _, column in ipairs(columns) do title_width = math.max(title_width, term.width(column.heading)) end
  title_width = math.min(title_width, math.floor(width / 2))
  local lines = {}
  for r, row in ipairs(texts) do
    if r > 1 then lines[#lines + 1] = "" end
    for c, column in ipairs(columns) do
      lines[#lines + 1] = term.paint("title", term.fit(column.heading, title_width)) .. "  "
        .. term.truncate(row[c], math.max(1, width - title_width - 2))
    end
  end
  return trimmed(lines)
end

--- A table with aligned columns.
-- `columns`: list of titles, or of { title =, key = field or index, unit =, align = "left"|"right",
-- format = function(value) or a string.format pattern }. `rows`: list of tables. `width`.
-- Numbers stand right, texts left. When it is too wide, texts are cut, and then it becomes one line a cell.
function chart.table(options)
  local width = options.width or term.columns()
  local columns, texts = {}, {}
  for i, given in ipairs(options.columns) do
    local column = {}
    if type(given) == "table" then
      for _, name in ipairs { "title", "key", "unit", "align", "format" } do column[name] = given[name] end
    else
      column.title = given
    end
    if column.key == nil then column.key = i end
    column.heading = term.glyphs(column.title .. (column.unit and " [" .. column.unit .. "]" or ""))
    columns[i] = column
  end
  for r = 1, #options.rows do texts[r] = {} end
  for c, column in ipairs(columns) do
    column.width = term.width(column.heading)
    local numeric = #options.rows > 0
    for r, row in ipairs(options.rows) do
      local value = row[column.key]
      numeric = numeric and (value == nil or type(value) == "number")
      texts[r][c] = cell_text(value, column)
      column.width = math.max(column.width, term.width(texts[r][c]))
    end
    column.align = column.align or (numeric and "right" or "left")
  end
  local gap = 2
  local total = gap * (#columns - 1)
  for _, column in ipairs(columns) do total = total + column.width end
  while total > width do
    local widest
    for _, column in ipairs(columns) do
      if column.align == "left" and column.width > 8 and (not widest or column.width > widest.width) then
        widest = column
      end
    end
    if not widest then return records(columns, texts, width) end
    widest.width, total = widest.width - 1, total - 1
  end

  local lines, heading, rule = {}, {}, {}
  for c, column in ipairs(columns) do
    heading[c] = term.paint("title", term.fit(column.heading, column.width, column.align))
    rule[c] = term.paint("dim", term.glyphs(("─"):rep(column.width)))
  end
  lines[1], lines[2] = table.concat(heading, (" "):rep(gap)), table.concat(rule, (" "):rep(gap))
  for r = 1, #options.rows do
    local out = {}
    for c, column in ipairs(columns) do out[c] = term.fit(texts[r][c], column.width, column.align) end
    lines[#lines + 1] = table.concat(out, (" "):rep(gap))
  end
  return trimmed(lines)
end

local eighths = { "▏", "▎", "▍", "▌", "▋", "▊", "▉" }

--- A bar of at most `columns`, filled to `share` (0..1) with a resolution of an eighth of a column. A share
-- above zero shows at least its thinnest bar.
function chart.bar(share, columns)
  if not is_value(share) or share <= 0 then return "" end
  local filled = math.min(share, 1) * columns * 8
  filled = math.max(1, math.floor(filled + 0.5))
  if not term.unicode() then return ("#"):rep(math.max(1, math.floor(filled / 8 + 0.5))) end
  return ("█"):rep(math.floor(filled / 8)) .. (eighths[filled % 8] or "")
end

--- A gauge of exactly `columns`: full blocks for what is used, light ones for what is free.
function chart.gauge(share, columns)
  local full = is_value(share) and math.floor(math.min(math.max(share, 0), 1) * columns + 0.5) or 0
  if is_value(share) and share > 0 then full = math.max(1, full) end
  if is_value(share) and share < 1 then full = math.min(columns - 1, full) end
  return term.glyphs(("█"):rep(full) .. ("░"):rep(columns - full))
end

--- Horizontal bars.
-- `items`: list of { label, value [, note =] }. Options: `width`, `max` (the value of a full bar; the largest
-- by default), `format` (function), `unit`.
function chart.bars(items, options)
  options = options or {}
  local width = options.width or term.columns()
  local format = options.format or human.count
  local label_width, value_width, note_width, max = 0, 0, 0, options.max or 0
  local rows = {}
  for i, item in ipairs(items) do
    local row = {
      label = term.text(item.label or item[1]),
      value = item.value or item[2],
      note = item.note and term.text(item.note) or "",
    }
    row.text = is_value(row.value) and format(row.value) or "-"
    if options.unit then row.text = row.text .. " " .. options.unit end
    label_width = math.max(label_width, term.width(row.label))
    value_width = math.max(value_width, term.width(row.text))
    note_width = math.max(note_width, term.width(row.note))
    if not options.max and is_value(row.value) then max = math.max(max, row.value) end
    rows[i] = row
  end
  label_width = math.min(label_width, math.max(8, math.floor(width / 3)))
  local room = math.max(4, width - label_width - value_width - 4 - (note_width > 0 and note_width + 2 or 0))
  local lines = {}
  for i, row in ipairs(rows) do
    local bar = max > 0 and is_value(row.value) and chart.bar(row.value / max, room) or ""
    lines[i] = term.fit(row.label, label_width) .. "  " .. term.pad(row.text, value_width, "right") .. "  "
      .. term.pad(term.paint("bar", bar), note_width > 0 and room or 0)
      .. (note_width > 0 and "  " .. term.paint("dim", row.note) or "")
  end
  return trimmed(lines)
end

local levels = { "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" }

-- Values of `n` equal slots of time, brought to so many columns: stretched by repetition or gathered by mean
-- or maximum.
local function resample(values, n, columns, reduce)
  local out = {}
  for c = 1, columns do
    local first = math.floor((c - 1) * n / columns) + 1
    local last = math.max(first, math.ceil(c * n / columns))
    if columns >= n then last = first end
    local sum, count, max = 0, 0, nil
    for i = first, last do
      local v = values[i]
      if is_value(v) then
        sum, count = sum + v, count + 1
        if not max or v > max then max = v end
      end
    end
    out[c] = count > 0 and (reduce == "max" and max or sum / count) or false
  end
  return out
end

local function spark(values, columns, min, max)
  local out = {}
  for c = 1, columns do
    local v = values[c]
    if not v then
      out[c] = " "
    elseif max <= min then
      out[c] = levels[v > 0 and 4 or 1]
    else
      local level = math.floor((v - min) / (max - min) * 8) + 1
      out[c] = levels[math.min(8, math.max(1, level))]
    end
  end
  return term.glyphs(table.concat(out))
end

local function bounds(values, n)
  local low, high
  for i = 1, n do
    local v = values[i]
    if is_value(v) then
      low, high = math.min(low or v, v), math.max(high or v, v)
    end
  end
  return low, high
end

-- Lines of fault bands beneath a time axis of `columns`, with labels beside them; `room` columns in all.
-- A band without an end lasts to the end of the axis. Bands that would touch go to the next line.
local function band_lines(bands, from, to, columns, room, max_lines)
  if to <= from then return {} end
  local sorted = {}
  for i, band in ipairs(bands or {}) do sorted[i] = { band = band, order = i } end
  table.sort(sorted, function(a, b)
    if a.band.from ~= b.band.from then return a.band.from < b.band.from end
    return a.order < b.order
  end)
  local drawings, taken, hidden = {}, {}, 0
  for _, entry in ipairs(sorted) do
    local band = entry.band
    local band_to = band.to or to
    if band_to >= from and band.from <= to then
      local first = math.floor((math.max(band.from, from) - from) / (to - from) * columns) + 1
      first = math.min(first, columns)
      local last = math.max(first, math.min(columns, math.ceil((band_to - from) / (to - from) * columns)))
      local label = term.text(band.label or "")
      local label_width = term.width(label)
      local mark_width = last - first + 1
      local start, text
      local mark = term.paint("fault", term.glyphs(("▔"):rep(mark_width)))
      if label == "" then
        start, text = first, mark
      elseif last + 1 + label_width <= room then
        start, text = first, mark .. " " .. label
      elseif first - 1 - label_width >= 1 then
        start, text = first - 1 - label_width, label .. " " .. mark
      else  -- no room on either side: as much of the label as fits to the right
        local fits = math.max(0, room - last - 1)
        start, text = first, fits >= 4 and mark .. " " .. term.truncate(label, fits) or mark
      end
      local stop = start + term.width(text) - 1
      local line = 1
      while taken[line] and taken[line] >= start - 1 do line = line + 1 end
      if line > max_lines then
        hidden = hidden + 1
      else
        local so_far = drawings[line] or ""
        drawings[line] = so_far .. (" "):rep(start - 1 - (taken[line] or 0)) .. text
        taken[line] = stop
      end
    end
  end
  if hidden > 0 then drawings[#drawings + 1] = term.glyphs("… " .. hidden .. " more") end
  return drawings
end

--- A sparkline, with fault bands beneath it if there are any.
-- `values`: one a slot of time; `false` or NaN is a gap. Options: `width`, `min` (0 by default, so that
-- heights compare), `max`, `reduce` ("mean" or "max", for when there are more values than columns), `n`
-- (number of values), `bands` (list of { from =, to =, label = }) on a time axis of `from` .. `to` (0 ..
-- number of values by default).
function chart.sparkline(values, options)
  options = options or {}
  local n = options.n or #values
  local width = options.width or term.columns()
  local columns = math.min(width, n)
  local sampled = resample(values, n, columns, options.reduce or "mean")
  local _, high = bounds(sampled, columns)
  local lines = { term.paint("chart", spark(sampled, columns, options.min or 0, options.max or high or 0)) }
  local from = options.from or 0
  for _, line in ipairs(band_lines(options.bands, from, options.to or from + n, columns, width, 6)) do
    lines[#lines + 1] = line
  end
  return trimmed(lines)
end

--- Several sparklines on one time axis, with labels, notes, the fault bands and the axis itself.
-- Options: `rows` (list of { label =, values =, note =, reduce =, min =, max = }), `from`, `to` (seconds),
-- `bands`, `width`, `n` (number of slots), `indent` (columns).
function chart.timeline(options)
  local width = options.width or term.columns()
  local indent = options.indent or 0
  local n = options.n or #options.rows[1].values
  local label_width, note_width = 0, 0
  for _, row in ipairs(options.rows) do
    label_width = math.max(label_width, term.width(row.label))
    note_width = math.max(note_width, row.note and term.width(row.note) or 0)
  end
  local before = indent + label_width + 2
  if width - before - note_width - 2 < 12 then note_width = 0 end
  local room = width - before - (note_width > 0 and note_width + 2 or 0)
  room = math.max(8, room)
  -- Few slots are stretched by a whole factor, so that every slot is equally wide and bands sit where they
  -- belong.
  local columns = n <= room and n * math.max(1, math.floor(math.min(room, 60) / math.max(n, 1))) or room
  local lines = {}
  for _, row in ipairs(options.rows) do
    local values = resample(row.values, n, columns, row.reduce or "mean")
    local _, high = bounds(values, columns)
    local line = (" "):rep(indent) .. term.pad(row.label, label_width) .. "  "
      .. term.paint("chart", spark(values, columns, row.min or 0, row.max or high or 0))
    if note_width > 0 and row.note then line = line .. "  " .. term.paint("dim", row.note) end
    lines[#lines + 1] = line
  end
  local margin = (" "):rep(before)
  local from, to = options.from or 0, options.to or n
  local bands = band_lines(options.bands, from, to, columns, width - before, options.band_lines or 6)
  for _, line in ipairs(bands) do
    lines[#lines + 1] = margin .. line
  end
  local start, stop = human.duration(from), human.duration(to)
  if term.width(start) + term.width(stop) + 1 <= columns then
    local axis = start .. (" "):rep(columns - term.width(start) - term.width(stop)) .. stop
    lines[#lines + 1] = margin .. term.paint("dim", axis)
  end
  return trimmed(lines)
end

--- Round numbers from `low` to `high`, about `count` of them; the first is <= low, the last >= high. Returns
-- the list and the step.
function chart.ticks(low, high, count)
  if high <= low then high = low + (low == 0 and 1 or math.abs(low)) end
  local raw = (high - low) / math.max(1, count - 1)
  local magnitude = 10 ^ math.floor(math.log10(raw))
  local step = magnitude * 10
  for _, factor in ipairs { 1, 2, 2.5, 5 } do
    if raw <= magnitude * factor * 1.0000001 then
      step = magnitude * factor
      break
    end
  end
  local ticks = {}
  for i = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9) do ticks[#ticks + 1] = i * step end
  return ticks, step
end

local marks = { "•", "×", "○", "+" }

-- Dots of a braille cell: column 0 or 1, row 0 (top) to 3.
local braille_dots = { [0] = { [0] = 1, 2, 4, 64 }, { [0] = 8, 16, 32, 128 } }

local function braille(dots)
  local code = 0x2800 + dots
  return string.char(0xE2, 0x80 + bit.band(bit.rshift(code, 6), 0x3F), 0x80 + bit.band(code, 0x3F))
end

--- Lines over a common axis, in braille dots (or one mark a cell, when there are several lines and no
-- colours, or no Unicode).
-- Options: `series` (list of { label =, points = { { x, y } ... } }), `width`, `height` (rows of the plot,
-- 8), `from`, `to`, `min` (0), `max`, `x_format` (human.duration), `y_format` (human.short), `bands`,
-- `title`.
function chart.line(options)
  local width, height = options.width or term.columns(), options.height or 8
  local x_format, y_format = options.x_format or human.duration, options.y_format or human.short
  local low, high, from, to = options.min or 0, options.max, options.from, options.to
  for _, series in ipairs(options.series) do
    for _, point in ipairs(series.points) do
      if is_value(point[2]) then
        if not options.max then high = math.max(high or point[2], point[2]) end
        if not options.from then from = math.min(from or point[1], point[1]) end
        if not options.to then to = math.max(to or point[1], point[1]) end
      end
    end
  end
  from, to, high = from or 0, to or 1, high or 1
  if to <= from then to = from + 1 end
  local ticks = chart.ticks(low, high, math.max(3, math.floor(height / 2)))
  low, high = ticks[1], ticks[#ticks]

  local label_width = 0
  for _, tick in ipairs(ticks) do label_width = math.max(label_width, term.width(y_format(tick))) end
  local columns = math.max(8, width - label_width - 2)
  local left = label_width + 2  -- the plot starts here; the axis is the column before
  local c = canvas.new(math.max(width, left + columns))
  local top = 0
  if options.title then
    c:text(left + 1, 1, options.title, "title", columns)
    top = 1
  end
  local dots_mode = term.unicode() and (#options.series == 1 or term.color())
  for y = 1, height do c:put(left - 1, top + y, "│", "dim") end
  for _, tick in ipairs(ticks) do
    local y = top + height - math.floor((tick - low) / (high - low) * (height - 1) + 0.5)
    local text = y_format(tick)
    c:text(label_width - term.width(text) + 1, y, text, "dim")
    c:put(left - 1, y, "┤", "dim")
  end
  for s, series in ipairs(options.series) do
    local role = "series_" .. ((s - 1) % 4 + 1)
    local sx, sy = dots_mode and 2 or 1, dots_mode and 4 or 1
    local grid = {}
    local function plot(px, py)
      local cx, cy = math.floor(px / sx), math.floor(py / sy)
      if cx < 0 or cx >= columns or cy < 0 or cy >= height then return end
      if dots_mode then
        local key = cy * columns + cx
        grid[key] = bit.bor(grid[key] or 0, braille_dots[px % 2][py % 4])
        c:put(left + cx, top + cy + 1, braille(grid[key]), role)
      else
        c:put(left + cx, top + cy + 1, marks[(s - 1) % 4 + 1], role)
      end
    end
    local last_x, last_y
    for _, point in ipairs(series.points) do
      if is_value(point[2]) then
        local px = math.floor((point[1] - from) / (to - from) * (columns * sx - 1) + 0.5)
        local py = math.floor((high - point[2]) / (high - low) * (height * sy - 1) + 0.5)
        local steps = last_x and math.max(math.abs(px - last_x), math.abs(py - last_y)) or 0
        for i = 1, steps do
          local share = i / steps
          plot(math.floor(last_x + (px - last_x) * share + 0.5),
            math.floor(last_y + (py - last_y) * share + 0.5))
        end
        if steps == 0 then plot(px, py) end
        last_x, last_y = px, py
      else
        last_x, last_y = nil, nil
      end
    end
  end
  local bottom = top + height + 1
  c:put(left - 1, bottom, "└", "dim")
  for x = left, left + columns - 1 do c:put(x, bottom, "─", "dim") end
  local lines = { c:render() }
  local margin = (" "):rep(left - 1)
  for _, line in ipairs(band_lines(options.bands, from, to, columns, columns, 6)) do
    lines[#lines + 1] = margin .. line
  end
  local start, stop = x_format(from), x_format(to)
  lines[#lines + 1] = margin .. term.paint("dim", start)
    .. (" "):rep(math.max(1, columns - term.width(start) - term.width(stop))) .. term.paint("dim", stop)
  if #options.series > 1 then
    local legend = {}
    for s, series in ipairs(options.series) do
      local mark = dots_mode and "─" or marks[(s - 1) % 4 + 1]
      legend[s] = term.paint("series_" .. ((s - 1) % 4 + 1), term.glyphs(mark)) .. " " .. series.label
    end
    lines[#lines + 1] = margin .. table.concat(legend, "   ")
  end
  return trimmed(lines)
end

--- How values are spread, as bars.
-- `data`: list of numbers, or { buckets = { { from =, to =, count = } ... } }. Options: `width`, `bins`
-- (about so many, 10), `log` (bins that double), `format` (of a bound; human.short).
function chart.histogram(data, options)
  options = options or {}
  local format = options.format or human.short
  local buckets = data.buckets
  if not buckets then
    buckets = {}
    local low, high = bounds(data, #data)
    if not low then return "no values" end
    local edges = {}
    if options.log and low > 0 then
      local ratio = 2
      while math.log(high / low) / math.log(ratio) > (options.bins or 10) * 1.5 do ratio = ratio * 2 end
      edges[1] = ratio ^ math.floor(math.log(low) / math.log(ratio) + 1e-9)
      while edges[#edges] <= high do edges[#edges + 1] = edges[#edges] * ratio end
    else
      edges = chart.ticks(low, high, (options.bins or 10) + 1)
      if edges[#edges] <= high then edges[#edges + 1] = 2 * edges[#edges] - edges[#edges - 1] end
    end
    for i = 1, #edges - 1 do buckets[i] = { from = edges[i], to = edges[i + 1], count = 0 } end
    for _, v in ipairs(data) do
      if is_value(v) then
        local first, last = 1, #buckets  -- the last bucket that starts at or below the value
        while first < last do
          local middle = math.ceil((first + last) / 2)
          if buckets[middle].from <= v then first = middle else last = middle - 1 end
        end
        buckets[first].count = buckets[first].count + 1
      end
    end
  end
  local total, items, from_width = 0, {}, 0
  for _, bucket in ipairs(buckets) do
    total = total + bucket.count
    from_width = math.max(from_width, term.width(format(bucket.from)))
  end
  for i, bucket in ipairs(buckets) do
    items[i] = {
      label = term.pad(format(bucket.from), from_width, "right") .. " – " .. format(bucket.to),
      value = bucket.count,
      note = total > 0 and human.percent(bucket.count / total) or nil,
    }
  end
  return chart.bars(items, { width = options.width })
end

return chart

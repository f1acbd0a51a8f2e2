--- The pictures of `diagram` as SVG, for the report: messages over time, and the topology with its live
-- state.
--
-- Plain text with classes and without colours: the page's style sheet colours them, in light, dark and print.
-- Every message and node has a <title>, so that pointing at it tells all about it. Same input, same bytes.

local diagram = require "diagram"
local human = require "human"
local term = require "term"

local svg = {}

local floor, max, min = math.floor, math.max, math.min

local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- A text for HTML or SVG, with control characters and stray bytes replaced.
function svg.escape(s)
  return (term.clean(tostring(s)):gsub("[&<>\"']", entities))
end

local escape = svg.escape

-- Pixels with at most one decimal.
local function px(x)
  return (string.format("%.1f", x):gsub("%.0$", ""))
end

-- Text of at most so many characters.
local function short(s, characters)
  return escape(term.truncate(term.clean(tostring(s)), characters))
end

-- Messages over time.
--
-- Time runs downwards. Its scale follows the usual distance of two moments, so that slopes are visible; a
-- longer pause is drawn shorter than it is and marked by a break. Simultaneous moments are at one height.

local message_limit = 10000
local gap_min, gap_typical, gap_max = 5, 12, 64
local left, top = 92, 14
local colors = 6  -- message types that get a colour of their own

-- Which messages are drawn: all, or those around the first fault.
local function window(messages, limit, around)
  if #messages <= limit then return 1, #messages end
  local first = 1
  if around then
    while first < #messages and messages[first].at < around do first = first + 1 end
    first = max(1, first - floor(limit / 5))
  end
  first = min(first, #messages - limit + 1)
  return first, first + limit - 1
end

local function sorted_by_time(events)
  local list = {}
  for i, event in ipairs(events) do list[i] = { event = event, order = i } end
  table.sort(list, function(a, b)
    if a.event.at ~= b.event.at then return a.event.at < b.event.at end
    return a.order < b.order
  end)
  for i, entry in ipairs(list) do list[i] = entry.event end
  return list
end

-- A function from time to height, over the given times; and the list of { at, y, broken } it rests on.
local function time_scale(times)
  table.sort(times)
  local distinct, gaps = {}, {}
  for _, at in ipairs(times) do
    local last = distinct[#distinct]
    if not last or at > last.at then
      if last then gaps[#gaps + 1] = at - last.at end
      distinct[#distinct + 1] = { at = at }
    end
  end
  table.sort(gaps)
  local typical = gaps[floor((#gaps + 1) / 2)] or 1
  local y = top
  for i, stop in ipairs(distinct) do
    if i > 1 then
      local gap = (stop.at - distinct[i - 1].at) / typical * gap_typical
      stop.broken = gap > gap_max
      y = y + min(gap_max, max(gap_min, gap))
    end
    stop.y = y
  end
  local function at_height(at)
    local low, high = 1, #distinct
    if high == 0 or at <= distinct[1].at then return top end
    if at >= distinct[high].at then return distinct[high].y end
    while high - low > 1 do
      local middle = floor((low + high) / 2)
      if distinct[middle].at <= at then low = middle else high = middle end
    end
    local a, b = distinct[low], distinct[high]
    return a.y + (b.y - a.y) * (at - a.at) / (b.at - a.at)
  end
  return at_height, distinct
end

-- The types by how often they occur: { name =, count =, class = "t1" ... "t6" or "t0" for the rest }.
local function types_of(messages, first, last)
  local by_name, list = {}, {}
  for i = first, last do
    local name = messages[i].type or ""
    if not by_name[name] then
      by_name[name] = { name = name, count = 0 }
      list[#list + 1] = by_name[name]
    end
    by_name[name].count = by_name[name].count + 1
  end
  table.sort(list, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.name < b.name
  end)
  for i, kind in ipairs(list) do kind.class = i <= colors and "t" .. i or "t0" end
  return list, by_name
end

local function describe(event)
  local text = (event.type or "message") .. ": " .. event.from .. " → " .. event.to .. ", sent "
    .. human.instant(event.at, 6)
  if event.id then text = "#" .. event.id .. " " .. text end
  if event.lost then
    text = text .. ", lost" .. (event.reason and " (" .. event.reason .. ")" or "")
  elseif event.arrive then
    text = text .. ", arrived " .. human.instant(event.arrive, 6) .. ", +" .. human.duration(event.arrive - event.at)
  else
    text = text .. ", still under way at the end"
  end
  if event.duplicate then text = text .. ", a copy" end
  if event.text then text = text .. "\n" .. event.text end
  return text
end

--- Messages over time. Takes what diagram.messages takes, and `limit` (how many messages are drawn, 10 000)
-- and `around` (a time that has to be in sight when there are more).
-- Returns { heads = SVG of the node names, body = SVG, types = list of { name, count, class }, shown =, total
-- =, from =, to = }.
function svg.messages(spec)
  local sends, others = {}, {}
  for _, event in ipairs(sorted_by_time(spec.events)) do
    if event.kind == "send" then sends[#sends + 1] = event else others[#others + 1] = event end
  end
  local first, last = window(sends, spec.limit or message_limit, spec.around)
  local types, type_of = types_of(sends, first, last)
  local whole = first == 1 and last == #sends
  local from, to = spec.from or 0, spec.to
  if not whole then from, to = sends[first].at, sends[last].at end

  local times, latest = {}, from
  local function in_sight(at) return at >= from and (not to or at <= to) end
  for i = first, last do
    times[#times + 1] = sends[i].at
    if sends[i].arrive and not sends[i].lost then times[#times + 1] = sends[i].arrive end
  end
  for _, event in ipairs(others) do
    if in_sight(event.at) then times[#times + 1] = event.at end
  end
  for _, band in ipairs(spec.bands or {}) do
    if in_sight(band.from) then times[#times + 1] = band.from end
    if band.to and in_sight(band.to) then times[#times + 1] = band.to end
  end
  for _, at in ipairs(times) do latest = max(latest, at) end
  local height_of, stops = time_scale(times)
  local bottom = (#stops > 0 and stops[#stops].y or top) + 18
  local earliest = stops[1] and stops[1].at or from

  local n = max(1, #spec.nodes)
  local spacing = min(220, max(96, floor(940 / n)))
  local width = left + floor(spacing / 2) + (n - 1) * spacing + floor(spacing / 2) + 10
  local x_of = {}
  for i, name in ipairs(spec.nodes) do x_of[name] = left + floor(spacing / 2) + (i - 1) * spacing end

  local heads = { ('<svg class="heads" width="%d" height="30" viewBox="0 0 %d 30" aria-hidden="true">')
    :format(width, width) }
  for _, name in ipairs(spec.nodes) do
    heads[#heads + 1] = ('<text x="%s" y="20" text-anchor="middle">%s</text>')
      :format(px(x_of[name]), short(name, floor(spacing / 8)))
  end
  heads[#heads + 1] = "</svg>"

  local out = {}
  local function add(format, ...) out[#out + 1] = format:format(...) end
  local label = ("%d messages between %d nodes, time downwards"):format(last - first + 1, #spec.nodes)
  add('<svg class="messages" width="%d" height="%s" viewBox="0 0 %d %s" role="img" aria-label="%s">',
    width, px(bottom), width, px(bottom), label)
  add "<defs>"
  for i = 0, colors do
    add('<marker id="head%d" class="h%d" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" '
      .. 'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z"/></marker>', i, i)
  end
  add "</defs>"

  for _, band in ipairs(spec.bands or {}) do
    local band_to = band.to or latest
    if band_to >= earliest and band.from <= latest then
      local y1, y2 = height_of(max(band.from, earliest)), height_of(min(band_to, latest))
      if not band.to then y2 = bottom end
      local span = human.instant(band.from) .. " to " .. (band.to and human.instant(band.to) or "the end")
      add('<g class="band"><rect x="%d" y="%s" width="%d" height="%s"/>', left, px(y1), width - left,
        px(max(2, y2 - y1)))
      add('<text x="%d" y="%s">%s</text><title>%s</title></g>', left + 4, px(y1 + 11), short(band.label, 40),
        escape(band.label .. ", " .. span))
    end
  end

  -- Time in the margin, at most one label in 26 pixels; breaks where a pause is shortened.
  local last_y = -100
  for _, stop in ipairs(stops) do
    if stop.broken then
      add('<text class="break" x="%d" y="%s" text-anchor="end">≈</text>', left - 12, px(stop.y - gap_max / 2 + 3))
    end
    if stop.y - last_y >= 26 then
      add('<text class="time" x="%d" y="%s" text-anchor="end">%s</text><path class="grid" d="M%d %sH%d"/>', left - 12,
        px(stop.y + 3.5), string.format("%.4f", stop.at), left - 6, px(stop.y), width)
      last_y = stop.y
    end
  end

  -- Life lines: a gap while the node is down, dotted while it is paused.
  local since, state = {}, {}
  local function line_until(name, y)
    if state[name] ~= "crash" and y > since[name] then
      add('<path class="life%s" d="M%s %sV%s"/>', state[name] == "pause" and " paused" or "", px(x_of[name]),
        px(since[name]), px(y))
    end
    since[name] = y
  end
  for _, name in ipairs(spec.nodes) do since[name] = 0 end
  local marks = {}
  for _, event in ipairs(others) do
    local name = event.node
    if x_of[name] and (not to or event.at <= to) then
      local y = event.at < earliest and 0 or height_of(event.at)
      if event.kind ~= "note" then
        line_until(name, y)
        state[name] = (event.kind == "crash" or event.kind == "pause") and event.kind or nil
      end
      if event.at >= earliest then
        marks[#marks + 1] = ('<g class="event %s"><circle cx="%s" cy="%s" r="4"/><text x="%s" y="%s">%s</text>'
          .. "<title>%s</title></g>"):format(escape(event.kind), px(x_of[name]), px(y), px(x_of[name] + 8), px(y + 3.5),
          short((event.kind == "crash" and "✗ " or "") .. (event.text or event.kind), floor(spacing / 7)),
          escape(name .. ": " .. (event.text or event.kind) .. ", " .. human.instant(event.at, 6)))
      end
    end
  end
  for _, name in ipairs(spec.nodes) do line_until(name, bottom) end

  -- Labels are thinned where arrows are dense; each arrow tells all when it is pointed at.
  local label_y = {}
  for i = first, last do
    local event = sends[i]
    local x1, x2 = x_of[event.from], x_of[event.to]
    if x1 and x2 then
      local kind = type_of[event.type or ""]
      local y1 = height_of(event.at)
      local y2 = event.arrive and not event.lost and height_of(event.arrive) or y1 + 8
      local step = x2 > x1 and 1 or -1
      local class = "m " .. kind.class .. (event.lost and " lost" or "") .. (event.duplicate and " copy" or "")
      local path
      if x1 == x2 then
        path = ("M%s %sc26 0 26 %s 3 %s"):format(px(x1), px(y1), px(max(8, y2 - y1)), px(max(8, y2 - y1)))
      elseif event.lost then
        local x, y = x1 + (x2 - x1) * 0.6, y1 + 8
        path = ("M%s %sL%s %sm-4 -4l8 8m0 -8l-8 8"):format(px(x1), px(y1), px(x), px(y))
      elseif not event.arrive then
        path = ("M%s %sL%s %s"):format(px(x1), px(y1), px(x1 + (x2 - x1) * 0.6), px(bottom))
      else
        path = ("M%s %sL%s %s"):format(px(x1), px(y1), px(x2 - step), px(y2))
      end
      local text = ""
      local slot = (event.from) .. "\0" .. step
      if y1 - (label_y[slot] or -100) >= 12 then
        label_y[slot] = y1
        local along = 14 / math.abs(x1 == x2 and 14 or x2 - x1)
        text = ('<text x="%s" y="%s"%s>%s</text>'):format(px(x1 + (x1 == x2 and 1 or step) * 12),
          px(y1 + (y2 - y1) * along - 3), step < 0 and ' text-anchor="end"' or "",
          short(event.type or "", floor(spacing / 7)))
      end
      add('<g class="%s" id="m-%d"><path d="%s"/>%s<title>%s</title></g>', class, i, path, text,
        escape(describe(event)))
    end
  end
  for _, mark in ipairs(marks) do add("%s", mark) end
  add "</svg>"
  return {
    heads = table.concat(heads), body = table.concat(out, "\n"), types = types,
    shown = last - first + 1, total = spec.total or #sends, from = earliest, to = latest,
  }
end

-- Topology.

local char = 7.3  -- width of a character of the 12-pixel monospaced font
local row_height, title_height = 20, 26

local function member_text(node)
  local parts = {}
  local state = diagram.state(node)
  local finite = node.slots and node.slots < math.huge
  if state ~= "up" then parts[1] = state end
  if state ~= "down" then
    if finite then
      parts[#parts + 1] = human.short(node.busy or 0) .. "/" .. human.short(node.slots) .. " busy"
    elseif node.busy then
      parts[#parts + 1] = human.short(node.busy) .. " busy"
    end
    if node.queue and (node.queue > 0 or node.queue_limit) then
      local limit = node.queue_limit and node.queue_limit < math.huge and "/" .. human.short(node.queue_limit) or ""
      parts[#parts + 1] = human.short(node.queue) .. limit .. " queued"
    end
  end
  if node.rate then parts[#parts + 1] = human.rate(node.rate) end
  if node.note then parts[#parts + 1] = node.note end
  if #parts == 0 then parts[1] = state end
  return table.concat(parts, ", ")
end

-- The rows of a group's box: { state =, name =, share = busy part of the slots or nil, text = }.
local function rows_of(group)
  local shown, rest = diagram.notable(group.members)
  local rows = {}
  for _, node in ipairs(shown) do
    local finite = node.slots and node.slots > 0 and node.slots < math.huge
    local text = member_text(node)
    rows[#rows + 1] = {
      state = diagram.state(node), name = group.fleet and node.name or "", text = text,
      share = finite and diagram.state(node) ~= "down" and (node.busy or 0) / node.slots or nil, node = node,
    }
    for _, fault in ipairs(node.faults or {}) do rows[#rows + 1] = { fault = true, name = "", text = fault } end
  end
  if #rest > 0 then rows[#rows + 1] = { name = "", text = "… " .. diagram.rest_text(rest) } end
  return rows
end

--- The topology of a world (what diagram.topology takes).
function svg.topology(world)
  local layers = diagram.layers(world)
  diagram.connect(layers)
  local gauge, channel, gap = 60, 64, 18
  local x, total_height = 12, 0
  local heights = {}
  for l, layer in ipairs(layers) do
    local width = 0
    heights[l] = -gap
    for _, item in ipairs(layer) do
      if item.members then
        item.rows = rows_of(item)
        local name_width, text_width, any_share = 0, 0, false
        for _, row in ipairs(item.rows) do
          if row.state then name_width = max(name_width, term.width(row.name)) end
          any_share = any_share or row.share ~= nil
        end
        item.name_columns, item.gauge = name_width, any_share and gauge or 0
        local text_x = 30 + (name_width > 0 and name_width * char + 10 or 0) + (any_share and gauge + 10 or 0)
        for _, row in ipairs(item.rows) do
          text_width = max(text_width, (row.state and text_x or 30) + term.width(row.text) * char)
        end
        item.text_x = text_x
        item.title = item.name .. (item.fleet and " (" .. #item.members .. ")" or "")
        item.width = max(text_width + 14, term.width(item.title) * 8.2 + 28, 96)
        item.height = title_height + #item.rows * row_height + 8
        width = max(width, item.width)
      else
        item.height = 12
      end
      heights[l] = heights[l] + item.height + gap
    end
    layer.x, layer.width = x, width
    x = x + width + channel
    total_height = max(total_height, heights[l])
  end
  local width, height = max(200, x - channel + 12), total_height + 24
  for l, layer in ipairs(layers) do
    local y = 12 + (total_height - heights[l]) / 2
    for _, item in ipairs(layer) do
      item.x, item.y, item.mid = layer.x, y, y + item.height / 2
      item.right = layer.x + (item.members and item.width or layer.width)
      y = y + item.height + gap
    end
  end

  local out = {}
  local function add(format, ...) out[#out + 1] = format:format(...) end
  add('<svg class="topology" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-label="topology: %d nodes">',
    px(width), px(height), px(width), px(height), #world.nodes)
  add('<defs><marker id="calls" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="9" markerHeight="9" '
    .. 'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z"/></marker></defs>')
  for _, layer in ipairs(layers) do
    for _, item in ipairs(layer) do
      for _, target in ipairs(item.next) do
        local x1, x2 = item.right, target.x
        local bend = (x2 - x1) / 2
        add('<path class="call" d="M%s %sC%s %s %s %s %s %s"%s/>', px(x1), px(item.mid), px(x1 + bend), px(item.mid),
          px(x2 - bend), px(target.mid), px(x2), px(target.mid), target.members and ' marker-end="url(#calls)"' or "")
      end
      if not item.members then add('<path class="call" d="M%s %sH%s"/>', px(item.x), px(item.mid), px(item.right)) end
    end
  end
  for _, layer in ipairs(layers) do
    for _, item in ipairs(layer) do
      if item.members then
        add('<g class="box"><rect x="%s" y="%s" width="%s" height="%s" rx="8"/>', px(item.x), px(item.y),
          px(item.width), px(item.height))
        add('<text class="name" x="%s" y="%s">%s</text>', px(item.x + 12), px(item.y + 18), escape(item.title))
        for i, row in ipairs(item.rows) do
          local y = item.y + title_height + (i - 1) * row_height + 10
          local base = px(y + 4)
          if row.state then
            local cx, cy = item.x + 18, y
            local zone = row.node.zone and ", zone " .. row.node.zone or ""
            add("<g><title>%s</title>", escape(row.node.name .. ": " .. row.state .. zone))
            if row.state == "up" then
              add('<circle class="up" cx="%s" cy="%s" r="4.5"/>', px(cx), px(cy))
            elseif row.state == "down" then
              add('<path class="down" d="M%s %sl8 8m0 -8l-8 8"/>', px(cx - 4), px(cy - 4))
            else
              add('<path class="paused" d="M%s %sv9m6 -9v9"/>', px(cx - 3), px(cy - 4.5))
            end
            if row.name ~= "" then add('<text x="%s" y="%s">%s</text>', px(item.x + 30), base, escape(row.name)) end
            if row.share then
              local gx = item.x + 30 + (item.name_columns > 0 and item.name_columns * char + 10 or 0)
              add('<rect class="slots" x="%s" y="%s" width="%d" height="9" rx="2"/>', px(gx), px(y - 4.5), gauge)
              local busy = min(1, max(0, row.share)) * gauge
              if busy > 0 then
                add('<rect class="busy" x="%s" y="%s" width="%s" height="9" rx="2"/>', px(gx), px(y - 4.5), px(busy))
              end
            end
            if row.text ~= "" then
              add('<text class="%s" x="%s" y="%s">%s</text>', row.state == "up" and "load" or "state",
                px(item.x + item.text_x), base, escape(row.text))
            end
            add "</g>"
          else
            add('<text class="%s" x="%s" y="%s">%s</text>', row.fault and "fault" or "load", px(item.x + 30), base,
              escape(row.text))
          end
        end
        add "</g>"
      end
    end
  end
  add "</svg>"
  return table.concat(out, "\n")
end

return svg

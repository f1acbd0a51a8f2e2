--- Pictures of a cluster as text: the messages between nodes over time, and how the nodes are wired.
--
-- Both functions return a string without a final newline, no wider than `width` (the terminal's by default).
-- What does not fit is counted in words; nothing is left out silently. What both say also stands in shapes,
-- not in colour alone.

local term = require "term"
local human = require "human"
local canvas = require "canvas"
local chart = require "chart"

local diagram = {}

local floor, max, min = math.floor, math.max, math.min

-- Space-time diagram.
--
--           a              b              c
--   0.100   ●─vote────────▶│              │    +12 ms      a message on the row of its sending
--           ●─vote─────────┼──────────╮   │                ... that is delayed past something else at c
--   0.130   │              ●─granted──┼──▶│    +9 ms
--   0.180   │              │          ╰──▶│    +80 ms      ... and arrives here
--   0.200   ●─append──✗    │              │    lost
--
-- Rows are moments, not equal steps of time. A message takes one row as long as the receiver saw nothing else
-- while it was under way and it was not unusually late; so the order of things on each node's line is always
-- the true one.

local min_spacing, max_spacing = 10, 26
local late_factor = 4  -- "unusually late": this many median delays

local function by_time(a, b)
  if a.at ~= b.at then return a.at < b.at end
  if a.rank ~= b.rank then return a.rank < b.rank end
  return a.order < b.order
end

local function median(values)
  if #values == 0 then return 0 end
  table.sort(values)
  return values[floor((#values + 1) / 2)]
end

-- Moments in order: what happens on which node when. A message has two moments, its sending and its arrival.
local function moments_of(spec, column_of)
  local moments, delays, hidden = {}, {}, 0
  local function add(moment, rank)
    moment.rank, moment.order = rank, #moments
    moments[#moments + 1] = moment
  end
  for _, event in ipairs(spec.events) do
    if event.kind == "send" then
      if not column_of[event.from] or not column_of[event.to] then
        hidden = hidden + 1
      else
        local sending = { at = event.at, kind = "send", node = event.from, event = event }
        add(sending, 3)
        if event.arrive and not event.lost then
          delays[#delays + 1] = event.arrive - event.at
          sending.arrival = { at = event.arrive, kind = "arrive", node = event.to, event = event, sending = sending }
          add(sending.arrival, 1)
        end
      end
    elseif column_of[event.node] then
      add({ at = event.at, kind = event.kind, node = event.node, event = event }, 2)
    end
  end
  for _, band in ipairs(spec.bands or {}) do
    add({ at = band.from, kind = "band", band = band }, 0)
    if band.to then add({ at = band.to, kind = "band_end", band = band }, 0) end
  end
  table.sort(moments, by_time)
  return moments, median(delays), hidden
end

-- Folds arrivals into the row of their sending where that keeps the order on the receiver's line.
local function fold_arrivals(moments, typical_delay)
  for i, moment in ipairs(moments) do moment.index = i end
  for i, moment in ipairs(moments) do
    local arrival = moment.arrival
    if moment.kind == "send" and arrival then
      local receiver_busy = false
      local limit = min(arrival.index - 1, i + 200)
      for k = i + 1, limit do
        local other = moments[k]
        if not other.folded and (other.node == arrival.node or other.kind == "band" or other.kind == "band_end") then
          receiver_busy = true
          break
        end
      end
      local late = arrival.at - moment.at > late_factor * typical_delay and arrival.index > i + 1
      if arrival.node == moment.node or (limit == arrival.index - 1 and not receiver_busy and not late) then
        arrival.folded = true
      end
    end
  end
end

-- Which nodes get a column when there is no room for all: those with most to show, in the given order.
local function choose_columns(spec, room)
  if #spec.nodes <= room then return spec.nodes, {} end
  local activity = {}
  for i, name in ipairs(spec.nodes) do activity[name] = { count = 0, order = i, name = name } end
  local function count(name)
    if activity[name] then activity[name].count = activity[name].count + 1 end
  end
  for _, event in ipairs(spec.events) do
    count(event.from)
    count(event.to)
    count(event.node)
  end
  local ranked = {}
  for i, name in ipairs(spec.nodes) do ranked[i] = activity[name] end
  table.sort(ranked, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.order < b.order
  end)
  local chosen, shown, left_out = {}, {}, {}
  for i = 1, room do chosen[ranked[i].name] = true end
  for _, name in ipairs(spec.nodes) do
    local list = chosen[name] and shown or left_out
    list[#list + 1] = name
  end
  return shown, left_out
end

-- Decimals that tell neighbouring moments apart, 3 to 6.
local function time_decimals(moments)
  if #moments < 2 then return 3 end
  local span = moments[#moments].at - moments[1].at
  return span > 0 and span < 0.002 and 6 or span > 0 and span < 0.05 and 4 or 3
end

-- Writes the label of a message into the first stretch of its line that is long enough, the longest
-- otherwise.
local function label_line(c, y, from, to, label, role)
  local step = from < to and 1 or -1
  local horizontal = canvas.left + canvas.right
  local want = term.width(label)
  local best_start, best_length, start, length = nil, 0, nil, 0
  for x = from, to + step, step do
    local plain = x ~= to + step and c:lines_at(x, y) == horizontal
    if plain then
      start, length = start or x, length + 1
    else
      if length > best_length and best_length < want + 2 then best_start, best_length = start, length end
      start, length = nil, 0
    end
  end
  local room = min(want, best_length - 2)
  if room < 3 and room < want then return end
  local x = step > 0 and best_start + 1 or best_start - room
  c:text(x, y, label, role, room)
end

--- Messages between nodes over time, downwards.
-- `nodes`: names, left to right. `events`: in any order,
--   { at =, kind = "send", from =, to =, type =, arrive = time | lost = true, duplicate = bool },
--   { at =, kind = "crash" | "restart" | "pause" | "resume", node = }, { at =, kind = "note", node =, text = }.
-- A crashed node's line is a gap until its restart, a paused one's is dotted. `bands`: { from =, to =, label
-- = }, for faults that concern more than one node. `rows` (40): how many rows are drawn. `width`.
function diagram.messages(spec)
  local width, row_limit = spec.width or term.columns(), spec.rows or 40
  local gutter, margin = 11, width >= 70 and 11 or 0
  local shown, left_out = choose_columns(spec, max(2, floor((width - gutter - margin - 2) / min_spacing)))
  local spacing = min(max_spacing, max(min_spacing, floor((width - gutter - margin - 2) / max(1, #shown))))
  local column_of = {}
  for i, name in ipairs(shown) do column_of[name] = gutter + 1 + (i - 1) * spacing end
  local last_column = gutter + 1 + (#shown - 1) * spacing
  local note_column = last_column + 4

  local moments, typical_delay, hidden = moments_of(spec, column_of)
  fold_arrivals(moments, typical_delay)
  local decimals = time_decimals(moments)

  -- Rows, until the limit; and what stays outside.
  local rows, more_messages, more_events = {}, 0, 0
  for _, moment in ipairs(moments) do
    if not moment.folded then
      if #rows < row_limit then
        rows[#rows + 1] = moment
        moment.row = #rows
      elseif moment.kind == "send" then
        more_messages = more_messages + 1
      elseif moment.kind ~= "arrive" then
        more_events = more_events + 1
      end
    end
  end
  local under_way = 0
  local header = 1
  local c = canvas.new(width)
  c:grow(header + #rows)
  for _, name in ipairs(shown) do
    local text = term.truncate(term.text(name), spacing - 1)
    local x = max(1, column_of[name] - floor((term.width(text) - 1) / 2))
    c:text(x, 1, text, "node")
  end

  -- Life lines.
  local state = {}
  for y, moment in ipairs(rows) do
    for _, name in ipairs(shown) do
      if moment.node == name and (moment.kind == "restart" or moment.kind == "resume") then state[name] = nil end
      if moment.kind == "band" or moment.kind == "band_end" then
        if not state[name] then c:put(column_of[name], header + y, "│", "dim") end
      elseif state[name] == "pause" then
        c:put(column_of[name], header + y, "┊", "dim")
      elseif not state[name] then
        c:join(column_of[name], header + y, canvas.up + canvas.down, "dim")
      end
      if moment.node == name and (moment.kind == "crash" or moment.kind == "pause") then state[name] = moment.kind end
    end
  end

  -- Delayed messages run down a lane beside their receiver, on the sender's side. A lane is free when no
  -- other message is in it during these rows.
  local lanes = {}
  local lane_count = max(1, floor((spacing - 4) / 4))
  local function lane_for(moment, first, last)
    local event = moment.event
    local side = column_of[event.from] < column_of[event.to] and -1 or 1
    for k = 1, lane_count do
      local x = column_of[event.to] + side * (2 * k + 1)
      local free = true
      for _, used in ipairs(lanes[x] or {}) do
        if first <= used.last and last >= used.first then free = false end
      end
      if free then
        lanes[x] = lanes[x] or {}
        table.insert(lanes[x], { first = first, last = last })
        return x
      end
    end
  end

  local labels, has_lost, has_duplicate = {}, false, false
  local function note(y, text) c:text(note_column, header + y, text, "dim", width - note_column + 1) end
  for y, moment in ipairs(rows) do
    local event, row = moment.event, header + y
    if moment.kind == "send" then
      local x, target = column_of[event.from], column_of[event.to]
      local step = target > x and 1 or -1
      local role = event.lost and "lost" or "message"
      local label = term.text(event.type or "")
      has_lost, has_duplicate = has_lost or event.lost, has_duplicate or event.duplicate
      local function run(to)  -- the line from the sender to just before `to`
        if event.duplicate then
          for cx = x + step, to - step, step do
            if c:is_free(cx, row) then c:put(cx, row, "╌", role) end
          end
        else
          c:horizontal(x, to, row, role)
        end
      end
      if event.from == event.to then
        c:put(x + 1, row, "↺", role)
        c:text(x + 3, row, label, role, spacing - 4)
        note(y, moment.arrival and "+" .. human.duration(event.arrive - event.at) or "")
      elseif event.lost then
        -- It ends half-way to the next line, so that it cannot be taken for an arrival.
        local stop = x + step * max(4, min(math.abs(target - x) - 2, 4 + term.width(label)))
        run(stop)
        c:put(stop, row, "✗", "lost")
        labels[#labels + 1] = { row, x + step, stop - step, label, role }
        note(y, "lost" .. (event.reason and ": " .. event.reason or ""))
      elseif moment.arrival and moment.arrival.folded then
        run(target - step)
        c:put(target - step, row, step > 0 and "▶" or "◀", role)
        labels[#labels + 1] = { row, x + step, target - 2 * step, label, role }
        note(y, "+" .. human.duration(event.arrive - event.at) .. (event.duplicate and " copy" or ""))
      else
        local arrival_row = moment.arrival and moment.arrival.row
        local last = arrival_row or #rows
        local lane = lane_for(moment, y, last)
        if lane then
          run(lane)
          c:vertical(lane, row, header + last, role)
          if arrival_row then
            c:horizontal(lane, target - step, header + last, role)
          else
            c:put(lane, header + last, "▼", role)
          end
          labels[#labels + 1] = { row, x + step, lane - step, label, role }
        else  -- no lane is free: both ends carry the number of the message
          local stop = x + step * (spacing - 3)
          run(stop)
          c:put(stop, row, "▷", role)
          labels[#labels + 1] = { row, x + step, stop - step, label .. (event.id and " #" .. event.id or ""), role }
          if moment.arrival then moment.arrival.detached = true end
        end
        if not arrival_row then under_way = under_way + 1 end
        if not moment.arrival then note(y, "under way") end
      end
      c:put(x, row, "●", "node")
    elseif moment.kind == "arrive" then
      local x, target = column_of[event.from], column_of[event.to]
      local step = target > x and 1 or -1
      c:put(target - step, row, step > 0 and "▶" or "◀", "message")
      if moment.detached then
        local text = term.glyphs(event.id and "#" .. event.id or event.type or "")
        local w = term.width(text)
        c:text(step > 0 and target - 2 - w or target + 3, row, text, "message", spacing - 4)
      end
      note(y, "+" .. human.duration(event.arrive - event.at) .. (event.duplicate and " copy" or ""))
    elseif moment.kind == "band" or moment.kind == "band_end" then
      for x = gutter + 1, last_column do
        if c:is_free(x, row) then c:put(x, row, "╌", "fault") end
      end
      local text = (moment.kind == "band" and "" or "end of ") .. moment.band.label
      c:text(gutter + 3, row, " " .. text .. " ", "fault", width - gutter - 3)
    else
      local x = column_of[moment.node]
      local glyphs = { crash = "✗", restart = "○", pause = "‖", resume = "○" }
      c:put(x, row, glyphs[moment.kind] or "●", moment.kind == "crash" and "fault" or "node")
      local room = moment.node == shown[#shown] and width - x - 1 or spacing - 3
      c:text(x + 2, row, event.text or moment.kind, moment.kind == "crash" and "fault" or "dim", room)
    end
  end
  for _, label in ipairs(labels) do label_line(c, unpack(label)) end

  -- The time stands where it changes.
  local last_text
  for y, moment in ipairs(rows) do
    local text = string.format("%." .. decimals .. "f", moment.at)
    if text ~= last_text then c:text(max(1, gutter - 2 - #text), header + y, text, "dim") end
    last_text = text
  end

  local lines = { c:render() }
  local function remark(text) lines[#lines + 1] = term.paint("dim", term.wrap(term.glyphs(text), width, "  ")) end
  if #rows == 0 then remark "no messages" end
  if more_messages + more_events > 0 then
    local parts = {}
    if more_messages > 0 then parts[#parts + 1] = human.count(more_messages) .. " more messages" end
    if more_events > 0 then parts[#parts + 1] = human.count(more_events) .. " more events" end
    remark("… " .. table.concat(parts, " and ") .. " until "
      .. human.instant(moments[#moments].at, decimals)
      .. (under_way > 0 and "; " .. under_way .. " under way here" or ""))
  end
  if #left_out > 0 then
    remark("… no room for " .. table.concat(left_out, ", ") .. " (" .. human.count(hidden)
      .. (hidden == 1 and " message)" or " messages)"))
  end
  local legend = {}
  if has_lost then legend[#legend + 1] = "─✗ lost" end
  if has_duplicate then legend[#legend + 1] = "╌▶ a copy" end
  if #legend > 0 then remark(table.concat(legend, ", ")) end
  return table.concat(lines, "\n")
end

-- Topology.

local shown_members, member_limit = 4, 6

-- The nodes as groups: a fleet is one group, any other node is one by itself.
local function groups_of(nodes)
  local stems = {}
  local function stem_of(node)
    if node.fleet then return node.fleet end
    local stem = node.name:match("^(.-)%-%d+$")
    return stem and stem ~= "" and stem .. "\0" .. (node.kind or "") or nil
  end
  for _, node in ipairs(nodes) do
    local stem = stem_of(node)
    if stem then stems[stem] = (stems[stem] or 0) + 1 end
  end
  local groups, by_key, group_of = {}, {}, {}
  for _, node in ipairs(nodes) do
    local stem = stem_of(node)
    local fleet = stem and stems[stem] > 1
    local key = fleet and "fleet\0" .. stem or "node\0" .. node.name
    local group = by_key[key]
    if not group then
      group = { name = fleet and stem:match("^[^%z]*") or node.name, fleet = fleet, members = {}, targets = {} }
      by_key[key] = group
      groups[#groups + 1] = group
    end
    group.members[#group.members + 1] = node
    group_of[node.name] = group
  end
  for _, group in ipairs(groups) do
    local known = { [group] = true }
    for _, node in ipairs(group.members) do
      for _, called in ipairs(node.calls or {}) do
        local target = group_of[called]
        if target and not known[target] then
          known[target] = true
          group.targets[#group.targets + 1] = target
        end
      end
    end
  end
  return groups
end

--- Arranges a world for drawing, as text or SVG: groups in layers along their calls.
-- Returns `layers` (list of lists of groups { name =, fleet =, members =, targets =, layer = }) and `back`
-- (calls that run against the layers: { from group, to group }).
function diagram.layers(world)
  local groups = groups_of(world.nodes)
  local back, mark, order = {}, {}, {}
  local function visit(group)
    mark[group] = "open"
    local forward = {}
    for _, target in ipairs(group.targets) do
      if mark[target] == "open" then
        back[#back + 1] = { group, target }
      else
        if not mark[target] then visit(target) end
        forward[#forward + 1] = target
      end
    end
    group.targets = forward
    mark[group] = "done"
    table.insert(order, 1, group)
  end
  for _, group in ipairs(groups) do
    if not mark[group] then visit(group) end
  end
  local layers = {}
  for _, group in ipairs(order) do group.layer = 1 end
  for _, group in ipairs(order) do  -- callers come before what they call
    for _, target in ipairs(group.targets) do target.layer = max(target.layer, group.layer + 1) end
  end
  for _, group in ipairs(groups) do
    for layer = #layers + 1, group.layer do layers[layer] = {} end
    table.insert(layers[group.layer], group)
  end
  return layers, back
end

local function is_down(node) return node.up == false end

--- One word for the state of a node: "up", "down" or "paused".
function diagram.state(node)
  return is_down(node) and "down" or node.paused and "paused" or "up"
end

--- The members of a group that a picture shows, in their order, and those it only counts.
function diagram.notable(members)
  if #members <= member_limit then return members, {} end
  local ranked = {}
  for i, node in ipairs(members) do
    local weight = (is_down(node) and 4e9 or 0) + (node.paused and 2e9 or 0)
      + (node.faults and #node.faults > 0 and 1e9 or 0) + min(node.queue or 0, 1e6) * 100
      + (node.slots and node.slots > 0 and node.slots < math.huge and (node.busy or 0) / node.slots or 0)
    ranked[i] = { node = node, weight = weight, order = i }
  end
  table.sort(ranked, function(a, b)
    if a.weight ~= b.weight then return a.weight > b.weight end
    return a.order < b.order
  end)
  local chosen, shown, rest = {}, {}, {}
  for i = 1, shown_members do chosen[ranked[i].node] = true end
  for _, node in ipairs(members) do
    local list = chosen[node] and shown or rest
    list[#list + 1] = node
  end
  return shown, rest
end

local function is_finite(x) return x and x == x and x < math.huge end

--- Counts of the members that are not shown: "14 more: 13 up, 1 down, 40/56 slots busy, 3 queued".
function diagram.rest_text(rest)
  local count, busy, slots, queued = { up = 0, down = 0, paused = 0 }, 0, 0, 0
  for _, node in ipairs(rest) do
    local state = diagram.state(node)
    count[state] = count[state] + 1
    if is_finite(node.slots) then busy, slots = busy + (node.busy or 0), slots + node.slots end
    queued = queued + (node.queue or 0)
  end
  local parts = {}
  for _, state in ipairs { "up", "down", "paused" } do
    if count[state] > 0 then parts[#parts + 1] = count[state] .. " " .. state end
  end
  if slots > 0 then parts[#parts + 1] = human.short(busy) .. "/" .. human.short(slots) .. " busy" end
  if queued > 0 then parts[#parts + 1] = human.short(queued) .. " queued" end
  return #rest .. " more: " .. table.concat(parts, ", ")
end

local markers = { up = "●", down = "✗", paused = "‖" }
local marker_roles = { up = "ok", down = "error", paused = "warn" }

-- A node's note and its faults.
local function remarks(node, form)
  local texts = {}
  if form.note and node.note then texts[1] = term.text(node.note) end
  for _, fault in ipairs(node.faults or {}) do
    texts[#texts + 1] = term.paint("fault", term.text(fault))
  end
  return texts
end

-- The cells of a member's line, so that the lines of a fleet align: marker, name, gauge, load, queue, rest.
-- `form` says how much is shown: { gauge = columns, zone = bool, note = bool, beside = note and faults on the
-- same line, not on lines of their own }.
local function member_cells(node, with_name, form)
  local state = diagram.state(node)
  local cells = { term.paint(marker_roles[state], term.glyphs(markers[state])) }
  cells[2] = with_name and term.text(node.name) or ""
  local gauge, load, queue = "", "", ""
  if state == "down" then
    load = "down"
  elseif node.slots and is_finite(node.slots) then
    if form.gauge > 0 then
      local share = node.slots > 0 and (node.busy or 0) / node.slots or 0
      gauge = term.paint("bar", chart.gauge(share, form.gauge))
    end
    load = human.short(node.busy or 0) .. "/" .. human.short(node.slots)
  elseif node.busy then
    load = human.short(node.busy) .. " busy"
  elseif node.kind ~= "load" and state == "up" then
    load = "up"
  end
  if state ~= "down" and node.queue then
    queue = "q " .. human.short(node.queue)
    if is_finite(node.queue_limit) then queue = queue .. "/" .. human.short(node.queue_limit) end
    if node.queue > 0 then queue = term.paint("warn", queue) end
  end
  local rest = {}
  if node.rate then rest[#rest + 1] = human.rate(node.rate) end
  if state == "paused" then rest[#rest + 1] = "paused" end
  if form.beside then
    for _, text in ipairs(remarks(node, form)) do rest[#rest + 1] = text end
  end
  if form.zone and node.zone then rest[#rest + 1] = term.paint("dim", term.text(node.zone)) end
  cells[3], cells[4], cells[5], cells[6] = gauge, load, queue, table.concat(rest, " ")
  return cells
end

-- The lines inside the box of a group.
local function box_lines(group, form)
  local shown, rest = diagram.notable(group.members)
  local rows, widths = {}, { 0, 0, 0, 0, 0, 0 }
  for i, node in ipairs(shown) do
    rows[i] = member_cells(node, group.fleet, form)
    for k = 1, 6 do widths[k] = max(widths[k], term.width(rows[i][k])) end
  end
  local lines = {}
  for i, cells in ipairs(rows) do
    local out = {}
    for k = 1, 6 do
      if widths[k] > 0 then out[#out + 1] = term.pad(cells[k], widths[k], k == 4 and "right" or "left") end
    end
    lines[#lines + 1] = table.concat(out, " "):gsub(" +$", "")
    for _, text in ipairs(form.beside and {} or remarks(shown[i], form)) do lines[#lines + 1] = "  " .. text end
  end
  if #rest > 0 then lines[#lines + 1] = term.glyphs("… ") .. diagram.rest_text(rest) end
  return lines
end

local function group_title(group)
  local title = term.text(group.name)
  return group.fleet and title .. " (" .. #group.members .. ")" or title
end

-- Measures every box and places it in its layer; all layers are centred on one row, so that chains are
-- straight lines. Returns the widths of the layers and of the channels between them, and the width of the
-- whole.
local function measure(layers, form)
  local widths, channels, total = {}, {}, 0
  for l, layer in ipairs(layers) do
    widths[l] = 0
    for _, item in ipairs(layer) do
      if item.members then
        item.lines = box_lines(item, form)
        item.inner = term.width(group_title(item)) + 2
        for _, text in ipairs(item.lines) do item.inner = max(item.inner, term.width(text) + 2) end
        item.height = #item.lines + 2
        widths[l] = max(widths[l], item.inner + 2)
      end
    end
  end
  local heights, middle = {}, 1
  for l, layer in ipairs(layers) do
    heights[l] = -1
    for _, item in ipairs(layer) do heights[l] = heights[l] + item.height + 1 end
    middle = max(middle, floor(heights[l] / 2) + 1)
  end
  for l, layer in ipairs(layers) do
    local y = middle - floor(heights[l] / 2)
    for _, item in ipairs(layer) do
      item.y, item.port = y, #layer == 1 and middle or y + floor(item.height / 2)
      y = y + item.height + 1
    end
  end
  for l, layer in ipairs(layers) do
    local bends = 0
    for _, item in ipairs(layer) do
      item.straight = true
      for _, target in ipairs(item.next) do item.straight = item.straight and target.port == item.port end
      if not item.straight then bends = bends + 1 end
    end
    channels[l] = l < #layers and max(3, 2 + 2 * bends) or 0
    total = total + widths[l] + channels[l]
  end
  return widths, channels, total
end

--- Gives every item of the layers `next`, its targets in the following layer; a call across several layers
-- gets a through
function diagram.connect(layers)
  for _, layer in ipairs(layers) do
    for _, group in ipairs(layer) do group.next = {} end
  end
  for l = 1, #layers do
    for i = 1, #layers[l] do
      local group = layers[l][i]
      for _, target in ipairs(group.targets or {}) do
        local from = group
        for between = l + 1, target.layer - 1 do
          local through = { height = 1, next = {} }
          table.insert(layers[between], through)
          table.insert(from.next, through)
          from = through
        end
        table.insert(from.next, target)
      end
    end
  end
end

-- The world as indented lines, for terminals too narrow for boxes.
local function outline(layers, width)
  local lines, done = {}, {}
  local function add(group, depth)
    local indent = ("  "):rep(depth)
    local arrow = depth > 0 and term.glyphs "▶ " or ""
    local above = done[group] and " (above)" or ""
    lines[#lines + 1] = indent .. arrow .. term.paint("node", group_title(group)) .. above
    if done[group] then return end
    done[group] = true
    for _, text in ipairs(box_lines(group, { gauge = 0, note = true, beside = true })) do
      lines[#lines + 1] = term.truncate(indent .. (depth > 0 and "  " or "") .. "  " .. text, width)
    end
    for _, target in ipairs(group.targets) do add(target, depth + 1) end
  end
  for _, layer in ipairs(layers) do
    for _, group in ipairs(layer) do
      if group.layer == 1 then add(group, 0) end
    end
  end
  return table.concat(lines, "\n")
end

local function boxes(layers, widths, channels, total)
  local c, x = canvas.new(total), 1
  for l, layer in ipairs(layers) do
    for _, item in ipairs(layer) do item.x = x end
    x = x + widths[l] + channels[l]
  end
  for l, layer in ipairs(layers) do
    for _, item in ipairs(layer) do
      if item.members then
        c:box(item.x, item.y, widths[l], item.height, "dim")
        c:text(item.x + 1, item.y, " " .. group_title(item) .. " ", "node")
        for i, text in ipairs(item.lines) do c:painted(item.x + 2, item.y + i, text) end
      elseif #item.next > 0 then
        c:horizontal(item.x - 1, item.x + widths[l], item.port, "dim")
      end
    end
    local lane = 0
    for _, item in ipairs(layer) do
      if #item.next > 0 then
        if not item.straight then lane = lane + 1 end
        local lane_x = item.x + widths[l] + (item.straight and 1 or 2 * lane - 1)
        for _, target in ipairs(item.next) do
          local target_x = item.x + widths[l] + channels[l]
          c:horizontal(item.members and item.x + widths[l] - 1 or item.x + widths[l], lane_x, item.port, "dim")
          c:vertical(lane_x, item.port, target.port, "dim")
          c:horizontal(lane_x, target_x - (target.members and 1 or 0), target.port, "dim")
        end
      end
    end
  end
  for _, layer in ipairs(layers) do
    for _, item in ipairs(layer) do
      if item.members and item.layer > 1 then
        local arriving = bit.band(c:lines_at(item.x - 1, item.port), canvas.left) > 0
        if arriving then c:put(item.x - 1, item.port, "▶", "dim") end
      end
    end
  end
  return c:render()
end

-- From the widest to the narrowest.
local forms = {
  { gauge = 8, zone = true, note = true, beside = true }, { gauge = 4, zone = true, note = true, beside = true },
  { gauge = 4, note = true, beside = true }, { gauge = 4, note = true }, { gauge = 4 }, { gauge = 0 },
}

--- The topology of a world with its live state.
-- `world`: { time =, nodes = list of { name =, kind = "service"|"balancer"|"load"|"node", fleet =, zone =, up
-- = bool, paused = bool, busy =, slots =, queue =, queue_limit =, calls = list of names, faults = list of
-- texts, rate =, note = text }, links = list of { from =, to =, fault = text }, faults = list of texts }.
-- Everything but `name` is optional; without `fleet`, nodes of one kind named x-1, x-2 ... are one. `width`.
-- Layers go left to right along the calls; a fleet of more than six shows its four most notable members and
-- counts the rest. A terminal too narrow for boxes gets an indented list.
function diagram.topology(world)
  local width = world.width or term.columns()
  local up = 0
  for _, node in ipairs(world.nodes) do
    if diagram.state(node) == "up" then up = up + 1 end
  end
  local lines = {}
  local headline = up .. " of " .. #world.nodes .. " up"
  if world.time then headline = human.instant(world.time) .. "   " .. headline end
  lines[1] = term.paint("dim", headline)

  local layers, back = diagram.layers(world)
  local picture
  local outlined = outline(layers, width)
  diagram.connect(layers)
  for _, form in ipairs(forms) do
    local widths, channels, total = measure(layers, form)
    if total <= width then
      picture = boxes(layers, widths, channels, total)
      break
    end
  end
  picture = picture or outlined
  if picture ~= "" then lines[2] = picture end
  for _, pair in ipairs(back) do
    lines[#lines + 1] = term.truncate(pair[1].name .. term.glyphs " → " .. pair[2].name .. " (calls back)", width)
  end
  local troubles = {}
  for _, link in ipairs(world.links or {}) do
    troubles[#troubles + 1] = term.text(link.from .. " → " .. link.to .. "  " .. link.fault)
  end
  for _, fault in ipairs(world.faults or {}) do troubles[#troubles + 1] = term.text(fault) end
  for _, text in ipairs(troubles) do
    lines[#lines + 1] = term.truncate(term.paint("fault", term.glyphs "✗ ") .. text, width)
  end
  return table.concat(lines, "\n")
end

return diagram

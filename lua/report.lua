--- What a load saw, as text for the terminal and as one self-contained HTML page.
--
-- The raw data, all times in seconds of simulated time and all lists in the order in which they are shown:
--
--   {
--     name = "load", target = "lb",         -- who sent, and to whom
--     seed = 7, digest = "0123456789abcdef",
--     version = "0.1.0",                    -- optional
--     replay = "syslab run shop.lua",       -- optional: the command that gives the same run again
--     from = 0, to = 15,                    -- the time that was measured; `duration` is to - from
--     sent = 6012, ok = 5871,               -- requests; errors are counted below, the rest had no answer yet
--     errors = { { code = "timeout", count = 96, definite = false }, ... },
--     latency = { mean =, p50 =, p95 =, p99 =, p999 =, max = },   -- of the successful ones; nil if there were none
--     interval = 0.25,                      -- seconds of one slot
--     series = { { at = start of the slot, ok =, errors =, p50 =, p95 =, p99 = }, ... },
--                                           -- counts in the slot; percentiles are absent where nothing was answered,
--                                           -- and may be absent altogether
--     gauges = { { label = "queue of db", unit = "requests", values = { one a slot } }, ... },   -- optional
--     faults = { { name = "crash", describe = "crash app-2", from = 5, to = 9 or nil while it lasts }, ... },
--     topology = what diagram.topology takes,  -- optional: the nodes at the end; a node may also carry requests,
--                                           -- errors, utilization (0..1), p99, restarts for the table of nodes
--     messages = { nodes =, events =, bands =, total = },   -- optional: what diagram.messages takes; `total` is
--                                           -- how many messages there were when the list holds only a part
--   }

local term = require "term"
local human = require "human"
local chart = require "chart"
local diagram = require "diagram"
local json = require "json"
local svg = require "diagram_svg"

local report = {}

-- The program hands its host table to the modules of the library.
local host = ...

local function total_errors(data)
  local n = 0
  for _, entry in ipairs(data.errors or {}) do n = n + entry.count end
  return n
end

local function outcome(entry)
  if entry.definite == nil then return "" end
  return entry.definite and "did not happen" or "may have happened"
end

local function bands_of(data)
  local bands = {}
  for i, fault in ipairs(data.faults or {}) do
    bands[i] = { from = fault.from, to = fault.to, label = fault.describe or fault.name }
  end
  return bands
end

-- One column of the series, with gaps where a slot has no value.
local function column(data, key, scale)
  local values = {}
  for i, slot in ipairs(data.series) do values[i] = slot[key] and slot[key] * (scale or 1) or false end
  return values
end

local function largest(values)
  local m
  for _, v in ipairs(values) do
    if v and (not m or v > m) then m = v end
  end
  return m
end

--- The raw data from what a load measured (load:data() of the world's bindings), which has rates in place of counts,
-- one list for each column, and codes as a map. `definite(code)`, if given, tells whether an error of that code
-- certainly did not happen. The caller adds `topology` and `messages`.
function report.from_load(load, definite)
  local series = load.series
  local data = {
    name = load.name, target = load.to, seed = load.seed, digest = load.digest, from = series.start,
    to = series.start + load.seconds, sent = load.sent, ok = load.ok, errors = {}, interval = series.interval,
    series = {}, faults = load.faults,
  }
  for code, count in pairs(load.by_code) do
    data.errors[#data.errors + 1] = { code = code, count = count, definite = definite and definite(code) }
  end
  table.sort(data.errors, function(a, b)
    if a.count ~= b.count then return a.count > b.count end
    return a.code < b.code
  end)
  if load.ok > 0 then
    data.latency = { p999 = load.latency.p99_9 }
    for _, key in ipairs { "mean", "p50", "p95", "p99", "max" } do data.latency[key] = load.latency[key] end
  end
  for i, ok_rate in ipairs(series.ok_rate) do
    local slot = {
      at = series.start + (i - 1) * series.interval,
      ok = math.floor(ok_rate * series.interval + 0.5),
      errors = math.floor(series.error_rate[i] * series.interval + 0.5),
    }
    if slot.ok > 0 then
      for _, key in ipairs { "p50", "p95", "p99" } do slot[key] = series[key] and series[key][i] end
    end
    data.series[i] = slot
  end
  return data
end

local percentiles = {
  { "mean", "mean" }, { "p50", "p50" }, { "p95", "p95" }, { "p99", "p99" }, { "p999", "p99.9" }, { "max", "max" },
}

--- The report for a terminal: rates, errors by code, percentiles, and throughput and p99 over time with the
-- faults.
function report.text(data, options)
  local width = options and options.width or term.columns()
  local duration = data.to - data.from
  local errors = total_errors(data)
  local lines = {}
  local function add(text) lines[#lines + 1] = text end

  local title = term.clean(data.name) .. (data.target and term.glyphs(" → ") .. term.clean(data.target) or "")
  local facts = { human.duration(duration) .. " simulated" }
  if data.seed then facts[#facts + 1] = "seed " .. tostring(data.seed) end
  if data.digest then facts[#facts + 1] = "digest " .. data.digest end
  add(term.truncate(term.paint("title", title) .. "   " .. term.paint("dim", table.concat(facts, ", ")), width))
  add("")

  local function per_second(n) return duration > 0 and human.rate(n / duration) or "" end
  local function share(n) return data.sent > 0 and human.percent(n / data.sent) or "" end
  local rows = { { "sent", human.count(data.sent), per_second(data.sent), "" } }
  rows[2] = { term.paint("ok", "ok"), human.count(data.ok), per_second(data.ok), share(data.ok) }
  rows[3] = { errors > 0 and term.paint("error", "errors") or "errors", human.count(errors), per_second(errors),
    share(errors) }
  local open = data.sent - data.ok - errors
  if open > 0 then rows[4] = { "no answer yet", human.count(open), "", share(open) } end
  local widths = { 0, 0, 0, 0 }
  for _, row in ipairs(rows) do
    for k = 1, 4 do widths[k] = math.max(widths[k], term.width(row[k])) end
  end
  for _, row in ipairs(rows) do
    local out = {}
    for k = 1, 4 do out[k] = term.pad(row[k], widths[k], k == 1 and "left" or "right") end
    add("  " .. (table.concat(out, "   "):gsub(" +$", "")))
  end
  if errors > 0 then
    local items = {}
    for i, entry in ipairs(data.errors) do
      items[i] = { label = entry.code, value = entry.count, note = outcome(entry) }
    end
    add((("\n" .. chart.bars(items, { width = math.min(width, 76) - 4 })):gsub("\n", "\n    "):sub(2)))
  end
  add("")

  if data.latency then
    -- Two lines of names and values, or four where they do not fit.
    local names, values = "  latency", "         "
    for _, p in ipairs(percentiles) do
      local value = human.duration(data.latency[p[1]])
      local columns = math.max(term.width(value), #p[2]) + 2
      if term.width(values) + columns > width then
        add(names)
        add(values)
        names, values = "         ", "         "
      end
      names = names .. term.paint("title", term.pad(p[2], columns, "right"))
      values = values .. term.pad(value, columns, "right")
    end
    add(names)
    add(values)
  else
    add("  latency  no request succeeded")
  end
  add("")

  if #data.series > 0 then
    local ok = column(data, "ok", 1 / data.interval)
    local p99 = column(data, "p99")
    local timeline = { { label = "ok/s", values = ok, note = "peak " .. human.rate(largest(ok)) } }
    if errors > 0 then
      local failed = column(data, "errors", 1 / data.interval)
      timeline[2] = { label = "errors/s", values = failed, note = "peak " .. human.rate(largest(failed)) }
    end
    timeline[#timeline + 1] = {
      label = "p99", values = p99, reduce = "max", note = "peak " .. human.duration(largest(p99)),
    }
    add(chart.timeline {
      rows = timeline, n = #data.series, from = data.from, to = data.from + #data.series * data.interval,
      bands = bands_of(data), width = width, indent = 2,
    })
  end
  return table.concat(lines, "\n")
end

-- The page.

local escape = svg.escape

-- The machine-readable part of the page: everything but the messages, which stand in the picture, and the
-- series as columns, as the plots want them.
local function page_data(data)
  local slots = { at = {}, ok = {}, errors = {}, p50 = {}, p95 = {}, p99 = {} }
  for i, slot in ipairs(data.series) do
    slots.at[i] = slot.at
    slots.ok[i] = slot.ok / data.interval
    slots.errors[i] = slot.errors / data.interval
    for _, key in ipairs { "p50", "p95", "p99" } do slots[key][i] = slot[key] or json.null end
  end
  for _, key in ipairs { "at", "ok", "errors", "p50", "p95", "p99" } do json.array(slots[key]) end
  local function list(source, keys)
    local out = json.array {}
    for i, entry in ipairs(source or {}) do
      out[i] = {}
      for _, key in ipairs(keys) do out[i][key] = entry[key] end
    end
    return out
  end
  local gauges = json.array {}
  for i, gauge in ipairs(data.gauges or {}) do
    local values = json.array {}
    for k = 1, #data.series do values[k] = gauge.values[k] or json.null end
    gauges[i] = { label = gauge.label, unit = gauge.unit or "", values = values }
  end
  return {
    schema = 1, name = data.name, target = data.target, seed = data.seed, digest = data.digest,
    version = data.version, from = data.from, to = data.to, sent = data.sent, ok = data.ok, interval = data.interval,
    latency = data.latency,
    errors = list(data.errors, { "code", "count", "definite" }),
    faults = list(data.faults, { "name", "describe", "from", "to" }),
    nodes = list(data.topology and data.topology.nodes, { "name", "kind", "zone", "up", "paused", "slots", "busy",
      "queue", "requests", "errors", "utilization", "p99", "restarts" }),
    slots = slots, gauges = gauges,
  }
end

-- An HTML table. Columns are { title, class }; cells are texts or numbers already formatted.
local function html_table(caption, columns, rows)
  local title = escape(caption)
  local out = { '<div class="scroll" tabindex="0" role="region" aria-label="' .. title .. '"><table><caption>' .. title
    .. "</caption><thead><tr>" }
  for _, c in ipairs(columns) do
    out[#out + 1] = ('<th scope="col"%s>%s</th>'):format(c[2] and ' class="' .. c[2] .. '"' or "", escape(c[1]))
  end
  out[#out + 1] = "</tr></thead><tbody>"
  for _, row in ipairs(rows) do
    out[#out + 1] = "<tr>"
    for i, c in ipairs(columns) do
      local tag = i == 1 and 'th scope="row"' or "td"
      out[#out + 1] = ("<%s%s>%s</%s>"):format(tag, c[2] and ' class="' .. c[2] .. '"' or "", escape(row[i] or ""),
        i == 1 and "th" or "td")
    end
    out[#out + 1] = "</tr>"
  end
  out[#out + 1] = "</tbody></table></div>"
  return table.concat(out)
end

local function overview(data)
  local duration, errors = data.to - data.from, total_errors(data)
  local share = data.sent > 0 and data.ok / data.sent or 0
  local function rate(n) return duration > 0 and human.rate(n / duration) or "-" end
  local tiles = {
    { "sent", human.count(data.sent), rate(data.sent) },
    { "answered", human.percent(share), human.count(data.ok) .. " ok, " .. rate(data.ok) },
    { "errors", human.count(errors), data.sent > 0 and human.percent(errors / data.sent) or "-",
      errors > 0 and "bad" or "good" },
  }
  local latency = data.latency or {}
  tiles[4] = { "p50", human.duration(latency.p50), "mean " .. human.duration(latency.mean) }
  tiles[5] = { "p99", human.duration(latency.p99), "p95 " .. human.duration(latency.p95) }
  tiles[6] = { "p99.9", human.duration(latency.p999), "max " .. human.duration(latency.max) }
  local out = { '<dl class="tiles">' }
  for _, tile in ipairs(tiles) do
    out[#out + 1] = ('<div class="tile%s"><dt>%s</dt><dd>%s</dd><dd class="small">%s</dd></div>'):format(
      tile[4] and " " .. tile[4] or "", escape(tile[1]), escape(tile[2]), escape(tile[3]))
  end
  out[#out + 1] = "</dl>"
  return table.concat(out, "\n")
end

local function errors_section(data)
  if total_errors(data) == 0 then return "" end
  local rows = {}
  for i, entry in ipairs(data.errors) do
    rows[i] = { entry.code, human.count(entry.count), human.percent(entry.count / data.sent), outcome(entry) }
  end
  return '<section><h2>Errors</h2>\n' .. html_table("Errors by code",
    { { "code" }, { "count", "n" }, { "of all", "n" }, { "did the request happen?" } }, rows) .. "</section>"
end

local function faults_section(data)
  if #(data.faults or {}) == 0 then return "" end
  local rows = {}
  for i, fault in ipairs(data.faults) do
    rows[i] = {
      fault.describe or fault.name, human.instant(fault.from),
      fault.to and human.instant(fault.to) or "until the end",
      human.duration((fault.to or data.to) - fault.from),
    }
  end
  return '<section><h2>Faults</h2>\n' .. html_table("Faults in order of time",
    { { "fault" }, { "from", "n" }, { "to", "n" }, { "lasted", "n" } }, rows) .. "</section>"
end

local function plots_section(data)
  if #data.series == 0 then return "" end
  local out = { [[
<section><h2>Over time</h2>
<p class="hint">Drag to zoom, double-click to see everything. Shaded: a fault was active. All plots share time
and cursor. The same numbers stand in <a href="#series">the table below</a>.</p>
<figure><figcaption>Throughput, requests per second</figcaption>
<div class="plot" id="plot-rate" role="img" aria-label="Requests per second over time, ok and failed"></div></figure>
<figure><figcaption>Latency of successful requests
<label class="switch"><input type="checkbox" id="log-scale"> logarithmic</label></figcaption>
<div class="plot" id="plot-latency" role="img" aria-label="Latency percentiles over time"></div></figure>]] }
  for i, gauge in ipairs(data.gauges or {}) do
    out[#out + 1] = ([[<figure><figcaption>%s%s</figcaption>
<div class="plot" id="plot-gauge-%d" role="img" aria-label="%s over time"></div></figure>]]):format(
      escape(gauge.label), gauge.unit and ", " .. escape(gauge.unit) or "", i, escape(gauge.label))
  end
  out[#out + 1] = "<noscript><p>The plots need scripts; the table below has the same numbers.</p></noscript></section>"
  return table.concat(out, "\n")
end

local function nodes_section(data)
  local world = data.topology
  if not world then return "" end
  local columns, keys = { { "node" } }, {
    { "kind", "kind" }, { "zone", "zone" }, { "state" }, { "slots", "slots", human.count },
    { "busy", "busy", human.count }, { "queue", "queue", human.count }, { "requests", "requests", human.count },
    { "errors", "errors", human.count }, { "used", "utilization", human.percent }, { "p99", "p99", human.duration },
    { "restarts", "restarts", human.count }, { "faults" },
  }
  -- A column that no node has is not shown.
  local shown = {}
  for _, key in ipairs(keys) do
    local present = key[1] == "state"
    for _, node in ipairs(world.nodes) do
      if key[2] and node[key[2]] ~= nil then present = true end
      if key[1] == "faults" and node.faults and #node.faults > 0 then present = true end
    end
    if present then
      shown[#shown + 1] = key
      columns[#columns + 1] = { key[1], key[3] and "n" or nil }
    end
  end
  local rows = {}
  for i, node in ipairs(world.nodes) do
    local row = { node.name }
    for _, key in ipairs(shown) do
      local value
      if key[1] == "state" then
        value = diagram.state(node)
      elseif key[1] == "faults" then
        value = table.concat(node.faults or {}, ", ")
      else
        value = node[key[2]]
        if value ~= nil and key[3] then value = key[3](value) end
      end
      row[#row + 1] = value == nil and "" or tostring(value)
    end
    rows[i] = row
  end
  local when = world.time and " at " .. human.instant(world.time) or ""
  return "<section><h2>Nodes" .. escape(when) .. "</h2>\n"
    .. '<figure><div class="scroll" tabindex="0" role="region" aria-label="topology">' .. svg.topology(world)
    .. "</div></figure>\n" .. html_table("Nodes" .. when, columns, rows) .. "</section>"
end

local function messages_section(data)
  local messages = data.messages
  if not messages then return "" end
  local spec = { to = data.to, from = data.from, bands = messages.bands or bands_of(data) }
  for _, key in ipairs { "nodes", "events", "total", "limit" } do spec[key] = messages[key] end
  local first_fault = (data.faults or {})[1]
  spec.around = messages.around or first_fault and first_fault.from
  local picture = svg.messages(spec)
  local out = { '<section id="messages"><h2>Messages</h2>' }
  if picture.total == 0 then return out[1] .. "<p>No messages were recorded.</p></section>" end
  local count = picture.shown == picture.total and ("All %s messages."):format(human.count(picture.total))
    or ("Showing %s of %s messages, from %s to %s."):format(human.count(picture.shown), human.count(picture.total),
      human.instant(picture.from), human.instant(picture.to))
  out[2] = ('<p class="hint">%s Time runs downwards; long pauses are shortened (≈). ✗ is lost, dashed a copy. '
    .. "Point at an arrow for its story, or walk with <kbd>n</kbd> and <kbd>p</kbd>.</p>"):format(escape(count))
  out[3] = '<fieldset class="types"><legend>Types</legend>'
  local function switch(class, name, messages_of_it)
    out[#out + 1] = ('<label class="%s"><input type="checkbox" checked data-type="%s"><i></i>%s (%s)</label>'):format(
      class, class, escape(name), human.count(messages_of_it))
  end
  local other_types, other_messages = 0, 0
  for _, kind in ipairs(picture.types) do
    if kind.class == "t0" then
      other_types, other_messages = other_types + 1, other_messages + kind.count
    else
      switch(kind.class, kind.name == "" and "(no type)" or kind.name, kind.count)
    end
  end
  if other_types > 0 then switch("t0", other_types .. " other types", other_messages) end
  out[#out + 1] = '</fieldset><p class="story" id="story" role="status"></p>'
  out[#out + 1] = '<div class="scroll diagram" tabindex="0" role="region" aria-label="messages over time">'
    .. picture.heads .. "\n" .. picture.body .. "</div></section>"
  return table.concat(out, "\n")
end

local function series_section(data)
  if #data.series == 0 then return "" end
  local columns, shown = {}, {}
  for i, title in ipairs { "time [s]", "ok", "errors" } do columns[i] = { title, "n" } end
  for _, key in ipairs { "p50", "p95", "p99" } do
    if largest(column(data, key)) then
      shown[#shown + 1] = key
      columns[#columns + 1] = { key, "n" }
    end
  end
  for _, gauge in ipairs(data.gauges or {}) do columns[#columns + 1] = { gauge.label, "n" } end
  columns[#columns + 1] = { "fault active" }
  local rows = {}
  for i, slot in ipairs(data.series) do
    local row = { human.exact(slot.at), human.count(slot.ok), human.count(slot.errors) }
    for _, key in ipairs(shown) do row[#row + 1] = slot[key] and human.duration(slot[key]) or "-" end
    for _, gauge in ipairs(data.gauges or {}) do
      row[#row + 1] = gauge.values[i] and human.count(gauge.values[i]) or "-"
    end
    local active = {}
    for _, fault in ipairs(data.faults or {}) do
      if fault.from < slot.at + data.interval and (fault.to or data.to) >= slot.at then
        active[#active + 1] = fault.describe or fault.name
      end
    end
    row[#row + 1] = table.concat(active, ", ")
    rows[i] = row
  end
  return ('<section id="series"><h2>Numbers</h2>\n<details><summary>%d slots of %s</summary>\n'):format(#rows,
    human.duration(data.interval)) .. html_table("Requests and latency per slot of time", columns, rows)
    .. "</details></section>"
end

local function facts(data)
  local parts = { human.duration(data.to - data.from) .. " of simulated time" }
  if data.seed then parts[#parts + 1] = "seed " .. tostring(data.seed) end
  if data.digest then parts[#parts + 1] = "digest " .. data.digest end
  if data.version then parts[#parts + 1] = "syslab " .. data.version end
  return table.concat(parts, " · ")
end

local function render_page(data, read_asset)
  local function asset(name)
    local text = read_asset("lua/" .. name)
    if not text then error("the report needs the file lua/" .. name .. ", which is not there", 0) end
    return text
  end
  local title = data.name .. (data.target and " → " .. data.target or "")
  local replay = ""
  if data.replay then
    replay = ('<p class="replay"><code id="replay">%s</code> <button type="button" id="copy">copy</button></p>')
      :format(escape(data.replay))
  end
  local parts = {
    '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
    [[<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; ]]
      .. [[style-src 'unsafe-inline'; img-src data:">]],
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    "<title>" .. escape(title) .. " - syslab report</title>",
    "<style>" .. asset "vendor/uplot-1.6.32/uPlot.min.css" .. "</style>",
    "<style>" .. asset "report/page.css" .. "</style>\n</head>\n<body>",
    "<header><h1>" .. escape(title) .. '</h1>\n<p class="facts">' .. escape(facts(data)) .. "</p>" .. replay
      .. "</header>\n<main>",
    '<section aria-label="overview">' .. overview(data) .. "</section>",
    plots_section(data), faults_section(data), errors_section(data), nodes_section(data), messages_section(data),
    series_section(data),
    "</main>\n<footer><p>Drawn by syslab; the plots by uPlot (MIT licence, Leon Sorokin). This page needs no network."
      .. "</p></footer>",
    '<script type="application/json" id="data">' .. json.encode(page_data(data), { html = true }) .. "</script>",
    "<script>" .. asset "vendor/uplot-1.6.32/uPlot.iife.min.js" .. "</script>",
    "<script>" .. asset "report/page.js" .. "</script>\n</body>\n</html>\n",
  }
  return table.concat(parts, "\n")
end

--- The report as one HTML page, as a string: no network, no wall clock, the same bytes for the same data.
-- `read_asset(path)` returns the content of one of the program's files, such as "lua/report/page.js"; the host's when
-- it is not given.
function report.html(data, read_asset)
  read_asset = read_asset or type(host) == "table" and host.read_data or function() return nil end
  -- The page does not depend on the terminal of whoever writes it.
  local before = term.configure { color = false, unicode = true, measure = false }
  local ok, result = pcall(render_page, data, read_asset)
  term.configure(before)
  if not ok then error(result, 0) end
  return result
end

return report

--- Quantities for people: durations, counts, sizes, rates, shares. Three significant digits, a unit, no
-- surprises.

local term = require "term"

local human = {}

-- Three significant digits without an exponent and without trailing zeros: 0.0123, 1.5, 12.3, 123.
local function digits3(x)
  local magnitude = math.abs(x)
  if magnitude >= 99.95 then return string.format("%.0f", x) end
  local text = string.format(magnitude >= 9.995 and "%.1f" or magnitude >= 0.9995 and "%.2f" or "%.3g", x)
  if text:find("e", 1, true) then text = string.format("%.6f", x) end
  if text:find(".", 1, true) then text = text:gsub("0+$", ""):gsub("%.$", "") end
  return text
end

local function special(x)
  if x ~= x then return "-" end
  if x == math.huge then return term.glyphs "∞" end
  if x == -math.huge then return "-" .. term.glyphs "∞" end
end

-- The largest unit in which the value, once rounded to three digits, is at least one.
local function scaled(x, units)
  for i = 1, #units do
    if math.abs(x) >= units[i][1] * 0.9995 or i == #units then
      return digits3(x / units[i][1]) .. (units[i][2] == "" and "" or " " .. units[i][2])
    end
  end
end

local time_units = { { 1, "s" }, { 1e-3, "ms" }, { 1e-6, "µs" }, { 1e-9, "ns" } }

--- Seconds: "1.5 ms", "12.3 s", "2 min 5 s", "3 h 20 min".
function human.duration(seconds)
  if not seconds then return "-" end
  local s = special(seconds)
  if s then return s end
  if seconds == 0 then return "0 s" end
  if seconds < 0 then return "-" .. human.duration(-seconds) end
  if seconds < 119.5 then return term.glyphs(scaled(seconds, time_units)) end
  local whole = math.floor(seconds + 0.5)
  if whole < 3600 then
    local rest = whole % 60
    return math.floor(whole / 60) .. " min" .. (rest > 0 and " " .. rest .. " s" or "")
  end
  local minutes = math.floor(whole / 60 + 0.5)
  local rest = minutes % 60
  return math.floor(minutes / 60) .. " h" .. (rest > 0 and " " .. rest .. " min" or "")
end

--- A point in time, with the same number of decimals for all: "12.345 s". `decimals` defaults to 3.
function human.instant(seconds, decimals)
  return string.format("%." .. (decimals or 3) .. "f s", seconds)
end

--- A count in full, with thin groups: "1 234 567". Fractions keep three digits.
function human.count(n)
  if not n then return "-" end
  local s = special(n)
  if s then return s end
  if n ~= math.floor(n) and math.abs(n) < 1000 then return digits3(n) end
  local text = string.format("%.0f", n)
  local sign, body = text:match("^(%-?)(%d+)$")
  if #body > 4 then body = body:reverse():gsub("(%d%d%d)", "%1 "):reverse():gsub("^ ", "") end
  return sign .. body
end

--- A count in few characters: "950", "12.3k", "4.5M".
function human.short(n)
  if not n then return "-" end
  local s = special(n)
  if s then return s end
  return (scaled(n, { { 1e9, "G" }, { 1e6, "M" }, { 1e3, "k" }, { 1, "" } }):gsub(" ", ""))
end

--- Bytes in binary units: "512 B", "1.5 KiB".
function human.bytes(n)
  if not n then return "-" end
  local s = special(n)
  if s then return s end
  return scaled(n, { { 2 ^ 40, "TiB" }, { 2 ^ 30, "GiB" }, { 2 ^ 20, "MiB" }, { 2 ^ 10, "KiB" }, { 1, "B" } })
end

--- A rate per second: "392/s", "12.3k/s".
function human.rate(per_second)
  if not per_second then return "-" end
  return human.short(per_second) .. "/s"
end

--- A share of one: "97.7 %", "99.98 %". Never rounds to 100 % or to 0 % what is not.
function human.percent(share)
  if not share or share ~= share then return "-" end
  local p = share * 100
  for decimals = (p == math.floor(p)) and 0 or 1, 6 do
    local text = string.format("%." .. decimals .. "f", p)
    local rounded = tonumber(text)
    if (rounded ~= 100 or p == 100) and (rounded ~= 0 or p == 0) then return text .. " %" end
  end
  return (p > 50 and "> 99.999999 %" or "< 0.000001 %")
end

--- The shortest decimal text that reads back as the same number.
function human.exact(x)
  if x ~= x then return "nan" end
  if x == math.huge then return "inf" end
  if x == -math.huge then return "-inf" end
  if x == 0 then return 1 / x < 0 and "-0" or "0" end
  if x == math.floor(x) and math.abs(x) < 1e15 then return string.format("%d", x) end
  for precision = 14, 17 do
    local text = string.format("%." .. precision .. "g", x)
    if tonumber(text) == x then return text end
  end
end

return human

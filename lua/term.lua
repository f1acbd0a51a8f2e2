--- Text for terminals: how wide it is, how it is padded and cut, its colour by role, and ASCII for every
-- symbol.
--
-- Nothing is decided here: the program looks at the terminal and the environment and calls `term.configure`
-- once. Colours belong to roles ("error", "number"), never to places, so that a palette is one table.

local term = {}

-- The program hands its host table to the modules of the library; elsewhere the first argument is the
-- module's name.
local host = ...
local measure = type(host) == "table" and host.width or nil

local settings = { color = false, unicode = true, width = 80, measure = measure or false }

--- Sets any of: `color` (bool), `unicode` (bool), `width` (columns), `measure` (function(s) -> columns of a
-- string without escape sequences, or false for our own). Returns the settings before, to be configured again.
function term.configure(options)
  local before = {}
  for _, name in ipairs { "color", "unicode", "width", "measure" } do
    before[name] = settings[name]
    if options[name] ~= nil then settings[name] = options[name] end
  end
  return before
end

--- Columns of the terminal.
function term.columns() return settings.width end

--- Whether symbols beyond ASCII may be used.
function term.unicode() return settings.unicode end

--- Whether colours are on.
function term.color() return settings.color end

-- Bytes of a well-formed sequence that starts at `i`, and its code point; 1 and nil for a stray byte.
local function decode(s, i)
  local b = s:byte(i)
  if b < 0x80 then return 1, b end
  local size, code
  if b >= 0xC2 and b <= 0xDF then size, code = 2, b - 0xC0
  elseif b >= 0xE0 and b <= 0xEF then size, code = 3, b - 0xE0
  elseif b >= 0xF0 and b <= 0xF4 then size, code = 4, b - 0xF0
  else return 1, nil end
  for k = 1, size - 1 do
    local c = s:byte(i + k)
    if not c or c < 0x80 or c > 0xBF then return 1, nil end
    code = code * 64 + (c - 0x80)
  end
  if size == 3 and (code < 0x800 or (code >= 0xD800 and code <= 0xDFFF)) then return 1, nil end
  if size == 4 and (code < 0x10000 or code > 0x10FFFF) then return 1, nil end
  return size, code
end

--- Iterates over the characters: position, bytes, code point (nil for a byte that is no UTF-8).
function term.characters(s)
  local i = 1
  return function()
    if i > #s then return nil end
    local at = i
    local size, code = decode(s, at)
    i = at + size
    return at, s:sub(at, at + size - 1), code
  end
end

-- Sorted, disjoint ranges of code points that take no column (combining marks, joiners) and two (CJK, emoji).
local zero_width = {
  0x0300, 0x036F, 0x0483, 0x0489, 0x0591, 0x05BD, 0x0610, 0x061A, 0x064B, 0x065F, 0x06D6, 0x06DC,
  0x093C, 0x093C, 0x0941, 0x0948, 0x0E31, 0x0E31, 0x0E34, 0x0E3A, 0x0E47, 0x0E4E, 0x1160, 0x11FF,
  0x1AB0, 0x1AFF, 0x1DC0, 0x1DFF, 0x200B, 0x200F, 0x202A, 0x202E, 0x2060, 0x2064, 0x20D0, 0x20FF,
  0xFE00, 0xFE0F, 0xFE20, 0xFE2F, 0xFEFF, 0xFEFF, 0xE0100, 0xE01EF,
}
local double_width = {
  0x1100, 0x115F, 0x231A, 0x231B, 0x23E9, 0x23EC, 0x23F0, 0x23F0, 0x25FD, 0x25FE, 0x2614, 0x2615,
  0x2648, 0x2653, 0x267F, 0x267F, 0x2693, 0x2693, 0x26A1, 0x26A1, 0x26AA, 0x26AB, 0x26BD, 0x26BE,
  0x26C4, 0x26C5, 0x26CE, 0x26CE, 0x26D4, 0x26D4, 0x26EA, 0x26EA, 0x26F2, 0x26F3, 0x26F5, 0x26F5,
  0x26FA, 0x26FA, 0x26FD, 0x26FD, 0x2705, 0x2705, 0x270A, 0x270B, 0x2728, 0x2728, 0x274C, 0x274C,
  0x274E, 0x274E, 0x2753, 0x2755, 0x2757, 0x2757, 0x2795, 0x2797, 0x27B0, 0x27B0, 0x27BF, 0x27BF,
  0x2B1B, 0x2B1C, 0x2B50, 0x2B50, 0x2B55, 0x2B55, 0x2E80, 0x303E, 0x3041, 0x33FF, 0x3400, 0x4DBF,
  0x4E00, 0xA4CF, 0xA960, 0xA97C, 0xAC00, 0xD7A3, 0xF900, 0xFAFF, 0xFE30, 0xFE6F, 0xFF01, 0xFF60,
  0xFFE0, 0xFFE6, 0x1F004, 0x1F004, 0x1F0CF, 0x1F0CF, 0x1F18E, 0x1F18E, 0x1F191, 0x1F19A, 0x1F200,
  0x1F320, 0x1F32D, 0x1F335, 0x1F337, 0x1F37C, 0x1F37E, 0x1F393, 0x1F3A0, 0x1F3CA, 0x1F3CF, 0x1F3D3,
  0x1F3E0, 0x1F3F0, 0x1F3F4, 0x1F3F4, 0x1F3F8, 0x1F43E, 0x1F440, 0x1F440, 0x1F442, 0x1F4FC, 0x1F4FF,
  0x1F53D, 0x1F54B, 0x1F54E, 0x1F550, 0x1F567, 0x1F57A, 0x1F57A, 0x1F595, 0x1F596, 0x1F5A4, 0x1F5A4,
  0x1F5FB, 0x1F64F, 0x1F680, 0x1F6C5, 0x1F6CC, 0x1F6CC, 0x1F6D0, 0x1F6D2, 0x1F6EB, 0x1F6EC, 0x1F6F4,
  0x1F6FC, 0x1F7E0, 0x1F7EB, 0x1F90C, 0x1F93A, 0x1F93C, 0x1F945, 0x1F947, 0x1FAFF, 0x20000, 0x3FFFD,
}

local function within(ranges, code)
  local low, high = 1, #ranges / 2
  while low <= high do
    local middle = math.floor((low + high) / 2)
    if code < ranges[2 * middle - 1] then high = middle - 1
    elseif code > ranges[2 * middle] then low = middle + 1
    else return true end
  end
  return false
end

local function code_width(code)
  if not code then return 1 end
  if code < 0x20 or (code >= 0x7F and code < 0xA0) then return 0 end
  if code < 0x300 then return 1 end
  if within(zero_width, code) then return 0 end
  return within(double_width, code) and 2 or 1
end

local escape_sequence = "\27%[[%d;]*m"

--- The text without colour sequences.
function term.strip(s)
  if not s:find("\27", 1, true) then return s end
  return (s:gsub(escape_sequence, ""))
end

--- Columns that a one-line string takes; colour sequences take none.
function term.width(s)
  s = term.strip(s)
  if not s:find("[^\32-\126]") then return #s end
  if settings.measure then return settings.measure(s) end
  local n = 0
  for _, _, code in term.characters(s) do n = n + code_width(code) end
  return n
end

--- Text that cannot upset a terminal or a layout: control characters and stray bytes become a replacement
-- mark.
function term.clean(s)
  s = tostring(s)
  if not s:find("[^\32-\126]") then return s end
  local out = {}
  for _, c, code in term.characters(s) do
    out[#out + 1] = (not code or code_width(code) == 0 and code < 0x300) and term.glyphs "�" or c
  end
  return table.concat(out)
end

-- Every symbol that our pictures use, with an ASCII stand-in of the same width (except for the ellipsis).
local ascii = {
  ["─"] = "-", ["│"] = "|", ["┌"] = "+", ["┐"] = "+", ["└"] = "+", ["┘"] = "+", ["├"] = "+",
  ["┤"] = "+", ["┬"] = "+", ["┴"] = "+", ["┼"] = "+", ["╭"] = "+", ["╮"] = "+", ["╰"] = "+",
  ["╯"] = "+", ["╴"] = "-", ["╵"] = "|", ["╶"] = "-", ["╷"] = "|", ["╌"] = ".", ["┊"] = ":",
  ["━"] = "=", ["═"] = "=", ["┈"] = ".", ["▶"] = ">", ["◀"] = "<", ["▲"] = "^", ["▼"] = "v",
  ["→"] = ">", ["←"] = "<", ["↺"] = "@", ["▷"] = ">", ["●"] = "o", ["○"] = "o", ["◌"] = ".",
  ["•"] = "*", ["×"] = "x", ["✓"] = "+", ["✗"] = "x", ["‖"] = "=", ["·"] = ".", ["▁"] = "_",
  ["▂"] = ".", ["▃"] = "-", ["▄"] = "=", ["▅"] = "+", ["▆"] = "*", ["▇"] = "%", ["█"] = "#",
  ["▔"] = "^", ["▏"] = " ", ["▎"] = " ", ["▍"] = "-", ["▌"] = "-", ["▋"] = "=", ["▊"] = "=",
  ["▉"] = "#", ["░"] = ".", ["▒"] = ":", ["…"] = "...", ["�"] = "?", ["µ"] = "u", ["≈"] = "~",
  ["∞"] = "inf", ["–"] = "-", ["—"] = "-", ["≥"] = ">=", ["≤"] = "<=",
}

local function braille_or_question(c, code)
  if code and code >= 0x2800 and code <= 0x28FF then return code == 0x2800 and " " or "*" end
  return #c == 1 and c or "?"
end

--- The text as it is, or with every symbol replaced when the terminal knows ASCII only.
function term.glyphs(s)
  if settings.unicode or not s:find("[\128-\255]") then return s end
  local out = {}
  for _, c, code in term.characters(s) do
    -- A foreign letter becomes as many question marks as it has columns, so that tables stay straight.
    out[#out + 1] = code and code < 0x80 and c or ascii[c]
      or braille_or_question(c, code):rep(math.max(1, code_width(code)))
  end
  return table.concat(out)
end

--- What someone else wrote, fit for our pictures: clean, and in the characters of this terminal.
function term.text(s) return term.glyphs(term.clean(s)) end

--- At most `columns` wide; what is cut off is marked by an ellipsis. Colour sequences are kept whole.
function term.truncate(s, columns)
  if term.width(s) <= columns then return s end
  local mark = term.glyphs "…"
  if term.width(mark) > columns then mark = ("."):rep(math.max(0, columns)) end
  local room = columns - term.width(mark)
  local out, used, colored, i = {}, 0, false, 1
  while i <= #s do
    local sequence = s:match("^" .. escape_sequence, i)
    if sequence then
      out[#out + 1], colored, i = sequence, true, i + #sequence
    else
      local size, code = decode(s, i)
      local w = code_width(code)
      if used + w > room then break end
      out[#out + 1], used, i = s:sub(i, i + size - 1), used + w, i + size
    end
  end
  return table.concat(out) .. mark .. (colored and "\27[0m" or "")
end

--- At least `columns` wide; `align` is "left" (the default), "right" or "center".
function term.pad(s, columns, align)
  local missing = columns - term.width(s)
  if missing <= 0 then return s end
  if align == "right" then return (" "):rep(missing) .. s end
  if align == "center" then
    local before = math.floor(missing / 2)
    return (" "):rep(before) .. s .. (" "):rep(missing - before)
  end
  return s .. (" "):rep(missing)
end

--- Exactly `columns` wide.
function term.fit(s, columns, align)
  return term.pad(term.truncate(s, columns), columns, align)
end

--- Breaks a text at spaces into lines of at most `columns`; a longer word stands alone and is not cut.
-- `indent` goes before every line but the first.
function term.wrap(s, columns, indent)
  indent = indent or ""
  local lines, line, used = {}, nil, 0
  for word in s:gmatch("%S+") do
    local w = term.width(word)
    if line and used + 1 + w > columns then
      lines[#lines + 1] = line
      line = nil
    end
    if line then
      line, used = line .. " " .. word, used + 1 + w
    else
      line = (#lines > 0 and indent or "") .. word
      used = term.width(line)
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

-- Only the sixteen colours that every terminal's own theme makes readable on its background.
local palette = {
  title = "1", strong = "1", dim = "2",
  ok = "32", warn = "33", error = "31", fault = "31", lost = "31",
  number = "36", string = "32", boolean = "35", ["nil"] = "2", ["function"] = "34", key = "", userdata = "33",
  cycle = "33", message = "36", node = "1", bar = "36", chart = "36",
  series_1 = "36", series_2 = "33", series_3 = "35", series_4 = "32",
}

--- Colours a text by its role; unchanged when colours are off. An unknown role is a mistake of the caller.
function term.paint(role, s)
  local code = palette[role]
  if not code then error("no colour role '" .. tostring(role) .. "'", 2) end
  if not settings.color or code == "" or s == "" then return s end
  return "\27[" .. code .. "m" .. s .. "\27[0m"
end

return term

--- A grid of characters to draw on: texts, symbols, and lines that join where they meet.
--
-- Columns and rows count from 1. The grid grows downwards as needed; what lies left or right of it is cut. A
-- cell holds a symbol, or the directions in which lines leave it; two lines that meet become a corner, a tee
-- or a cross.

local term = require "term"

local canvas = {}
local Canvas = {}
Canvas.__index = Canvas

local up, down, left, right = 1, 2, 4, 8
canvas.up, canvas.down, canvas.left, canvas.right = up, down, left, right

-- Indexed by the sum of directions.
local joints = {
  [up] = "╵", [down] = "╷", [left] = "╴", [right] = "╶",
  [up + down] = "│", [left + right] = "─",
  [down + right] = "╭", [down + left] = "╮", [up + right] = "╰", [up + left] = "╯",
  [up + down + right] = "├", [up + down + left] = "┤",
  [down + left + right] = "┬", [up + left + right] = "┴",
  [up + down + left + right] = "┼",
}

--- An empty canvas of so many columns.
function canvas.new(width)
  return setmetatable({ width = width, height = 0, rows = {} }, Canvas)
end

local function cell(self, x, y)
  if x < 1 or x > self.width or y < 1 then return nil end
  for row = self.height + 1, y do self.rows[row] = {} end
  if y > self.height then self.height = y end
  local row = self.rows[y]
  if not row[x] then row[x] = { lines = 0 } end
  return row[x]
end

--- Makes the canvas at least so high.
function Canvas:grow(height)
  for row = self.height + 1, height do self.rows[row] = {} end
  self.height = math.max(self.height, height)
end

--- Puts one symbol of one column, over whatever is there.
function Canvas:put(x, y, glyph, role)
  local c = cell(self, x, y)
  if not c then return end
  c.glyph, c.role, c.lines = glyph, role, 0
end

--- Whether nothing has been drawn there.
function Canvas:is_free(x, y)
  local c = self.rows[y] and self.rows[y][x]
  return not c or (not c.glyph and c.lines == 0)
end

--- Writes a text from x on, over whatever is there; cut to `columns` if given. Returns the column after it.
function Canvas:text(x, y, s, role, columns)
  s = term.text(s)
  if columns then s = term.truncate(s, columns) end
  for _, c in term.characters(s) do
    local w = term.width(c)
    if w == 0 then  -- a combining mark belongs to the cell before it
      local before = cell(self, x - 1, y)
      if before and before.glyph then before.glyph = before.glyph .. c end
    else
      self:put(x, y, c, role)
      for k = 1, w - 1 do self:put(x + k, y, "", role) end
      x = x + w
    end
  end
  return x
end

--- Puts a text that carries its own colours.
function Canvas:painted(x, y, s)
  self:put(x, y, s)
  for k = 1, term.width(s) - 1 do self:put(x + k, y, "") end
end

--- Adds lines that leave the middle of a cell in the given directions (a sum of canvas.up ...).
function Canvas:join(x, y, directions, role)
  local c = cell(self, x, y)
  if not c or c.glyph then return end  -- symbols and texts stay on top
  c.lines = bit.bor(c.lines, directions)
  if role or not c.role then c.role = role end
end

--- The directions of the lines in a cell; 0 where there is none or a symbol lies on top.
function Canvas:lines_at(x, y)
  local c = self.rows[y] and self.rows[y][x]
  return c and not c.glyph and c.lines or 0
end

--- A horizontal line from the middle of x1 to the middle of x2.
function Canvas:horizontal(x1, x2, y, role)
  if x1 > x2 then x1, x2 = x2, x1 end
  if x1 == x2 then return end
  self:join(x1, y, right, role)
  for x = x1 + 1, x2 - 1 do self:join(x, y, left + right, role) end
  self:join(x2, y, left, role)
end

--- A vertical line from the middle of y1 to the middle of y2.
function Canvas:vertical(x, y1, y2, role)
  if y1 > y2 then y1, y2 = y2, y1 end
  if y1 == y2 then return end
  self:join(x, y1, down, role)
  for y = y1 + 1, y2 - 1 do self:join(x, y, up + down, role) end
  self:join(x, y2, up, role)
end

--- A box with rounded corners.
function Canvas:box(x, y, width, height, role)
  self:horizontal(x, x + width - 1, y, role)
  self:horizontal(x, x + width - 1, y + height - 1, role)
  self:vertical(x, y, y + height - 1, role)
  self:vertical(x + width - 1, y, y + height - 1, role)
end

--- The picture as text, without spaces at line ends and without a final newline.
function Canvas:render()
  local lines = {}
  for y = 1, self.height do
    local out, run, run_role = {}, {}, nil
    local function flush()
      if #run == 0 then return end
      local s = table.concat(run)
      out[#out + 1] = run_role and term.paint(run_role, s) or s
      run = {}
    end
    local row, last = self.rows[y], 0
    for x = 1, self.width do
      local c = row[x]
      if c and (c.lines > 0 or (c.glyph and c.glyph ~= " ")) then last = x end
    end
    for x = 1, last do
      local c = row[x]
      local glyph = c and (c.glyph or joints[c.lines]) or " "
      local role = c and c.role or nil
      if role ~= run_role then
        flush()
        run_role = role
      end
      run[#run + 1] = term.glyphs(glyph)
    end
    flush()
    lines[y] = table.concat(out)
  end
  return table.concat(lines, "\n")
end

return canvas

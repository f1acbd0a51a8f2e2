--- A lab that is open at the prompt: where the learner is, what .go, .check, .hint, .next and .skip do.
--
-- It reads and writes through functions that it is given, so that tests can play the learner.

local term = require "term"
local code = require "guide.code"
local guess = require "guide.guess"
local expectations = require "guide.expectations"

local session = {}

local Session = {}
Session.__index = Session

-- Texts
-- ---------------------------------------------------------------------------------------------------------

local function text_width() return math.min(term.columns(), 92) end

-- Paragraphs are wrapped; lines that begin with two spaces stay as they are. `code` in backticks stands out.
local function laid_out(text)
  local blocks, paragraph = {}, {}
  local function close()
    if #paragraph > 0 then blocks[#blocks + 1] = term.wrap(table.concat(paragraph, " "), text_width()) end
    paragraph = {}
  end
  for line in (text:gsub("%s+$", ""):gsub("^%s*\n", "") .. "\n"):gmatch("(.-)\n") do
    if not line:find("%S") then
      close()
      blocks[#blocks + 1] = ""
    elseif line:find("^  ") then
      close()
      blocks[#blocks + 1] = line
    else
      paragraph[#paragraph + 1] = line
    end
  end
  close()
  local whole = term.glyphs(table.concat(blocks, "\n"))
  if not term.color() then return whole end
  return (whole:gsub("`([^`]+)`", function(span)
    return (span:gsub("%S+", function(word) return term.paint("strong", word) end))
  end))
end

local function code_lines(text)
  local lines = {}
  for line in (text:gsub("%s+$", ""):gsub("^%s*\n", "") .. "\n"):gmatch("(.-)\n") do
    lines[#lines + 1] = "  " .. term.paint("dim", term.glyphs "│") .. " " .. term.paint("message", term.glyphs(line))
  end
  return table.concat(lines, "\n")
end

local function heading(left)
  left = term.glyphs("── " .. left .. " ")
  local rest = math.max(0, math.min(term.columns(), 80) - term.width(left))
  return term.paint("title", left .. term.glyphs("─"):rep(rest))
end

-- The lab
-- ---------------------------------------------------------------------------------------------------------

--- Opens a lab. `options`: `say(text)`, `complain(text)`, `ask(question) -> answer or nil`, `entry` (its progress),
-- `keep(entry)`, `env` (where variables live), `show(...)` (echoes values), `record(input)`; `interactive`.
function session.new(lab, options)
  local self = setmetatable({ lab = lab, ran = {}, tried = {}, given = {} }, Session)
  for _, name in ipairs { "say", "complain", "ask", "keep", "env", "show", "record", "entry", "interactive" } do
    self[name] = options[name]
  end
  self.index = 1
  for i, step in ipairs(lab.steps) do
    if step.name == self.entry.at then self.index = i end
  end
  return self
end

function Session:step() return self.lab.steps[self.index] end

-- What is kept of a step.
function Session:mark(step)
  local marks = self.entry.steps
  step = step or self:step()
  marks[step.name] = marks[step.name] or {}
  return marks[step.name]
end

function Session:save()
  self.entry.at = self:step().name
  self.keep(self.entry)
end

function Session:footer()
  local step, mark = self:step(), self:mark()
  local ways
  if mark.passed then
    ways = self.index < #self.lab.steps and ".next goes on" or ".next ends the lab"
  elseif step.solution then
    ways = "write it at the prompt   .check looks at it   .hint helps   .skip goes on"
  elseif not self.ran[step.name] then
    ways = ".go runs this code   .hint helps   .skip goes on"
  else
    ways = ".check looks at it   .hint helps   .go runs it again   .skip goes on"
  end
  self.say(term.paint("dim", "[" .. ways .. "]"))
end

function Session:show_step()
  local step, mark = self:step(), self:mark()
  self.say("")
  self.say(heading(("%d/%d  %s"):format(self.index, #self.lab.steps, step.title)))
  self.say(laid_out(step.text))
  if step.code then
    self.say("")
    self.say(code_lines(step.code))
  end
  if mark.passed then self.say(term.paint("ok", term.glyphs "✓ you have passed this step")) end
  self.say("")
  self:footer()
end

-- Runs the code of the steps before the current one, whose variables it may need.
function Session:catch_up()
  for i = 1, self.index - 1 do
    local step = self.lab.steps[i]
    local ok, message = code.run_silently(step.code or step.solution, self.env)
    if not ok then self.complain(("(the code of step %d did not run again: %s)"):format(i, tostring(message))) end
  end
end

--- The first screen.
function Session:open()
  local done = 0
  for _, step in ipairs(self.lab.steps) do
    if self:mark(step).passed then done = done + 1 end
  end
  self.say(term.paint("title", self.lab.title) .. term.paint("dim", ("  (%d minutes)"):format(self.lab.minutes)))
  if self.index == 1 and done == 0 then
    self.say(laid_out(self.lab.summary))
    self.say("")
    self.say(laid_out("This is the ordinary prompt: try anything, whenever you like. `.go` runs a step's code as it is "
      .. "shown and first asks for your guess; `.check` looks at the result; `.hint` helps; `.next` goes on; `.again` "
      .. "shows the step again; `.where` shows how far you are. Ctrl-D leaves; you come back to the same place."))
  else
    self:catch_up()
    local text = ("You are at step %d of %d; %d passed."):format(self.index, #self.lab.steps, done)
    if self.index > 1 then
      text = text .. " The code of the earlier steps was run again, so their variables are here."
    end
    self.say(laid_out(text))
  end
  self:show_step()
end

-- Asks for the prediction. False when the learner does not want to go on.
function Session:ask_prediction(step)
  local predict, mark = step.predict, self:mark(step)
  if not predict or mark.guess ~= nil or self.tried[step.name] then return true end
  self.say(term.paint("strong", "Before it runs: ") .. laid_out(predict.question))
  for _, line in ipairs(guess.choices(predict)) do self.say(term.glyphs(line)) end
  for _ = 1, 3 do
    local answer = self.ask(guess.prompt(predict))
    if answer == nil then
      self.say("(nothing was run)")
      return false
    end
    if not answer:find("%S") then break end
    local value, problem = guess.read(predict, answer)
    if value ~= nil then
      mark.guess = value
      self:save()
      break
    end
    self.say("(" .. problem .. ")")
  end
  self.tried[step.name] = true  -- asked once; whoever has no guess is not asked again
  if mark.guess == nil then self.say("(no guess)") end
  return true
end

--- .go
function Session:go()
  local step = self:step()
  if not step.code then
    self.complain("this step's code is yours to write at the prompt; .hint helps")
    return false
  end
  if not self:ask_prediction(step) then return false end
  for _, input in ipairs(code.inputs(step.code)) do
    self.say(code_lines(input))
    code.run(input, self.env, self.show)
    if self.record then self.record(input) end
  end
  self.ran[step.name] = true
  self:footer()
end

function Session:explain(step)
  local mark = self:mark(step)
  if step.predict then
    local answer = step.predict.answer(self.env)
    if mark.guess ~= nil then mark.right = guess.is_right(step.predict, mark.guess, answer) end
    self.say(laid_out(guess.compare(step.predict, mark.guess, answer)))
  end
  local text = step.explain
  if type(text) == "function" then text = text(self.env) end
  self.say(laid_out(text))
  if step.solution then
    self.say(laid_out("One way to write it:"))
    self.say(code_lines(step.solution))
  end
end

--- .check
function Session:check()
  local step, mark = self:step(), self:mark()
  local ok, message, broken = expectations.run(step.check, self.env)
  if not ok then
    self.complain(term.paint("error", term.glyphs "✗ not yet"))
    if broken then
      self.complain("  the check could not make sense of what it found: " .. message)
    else
      self.complain("  " .. (message:gsub("\n", "\n  ")))
    end
    if step.code and not self.ran[step.name] then
      self.complain("  (.go runs the code of this step)")
    else
      self.complain("  (.hint helps)")
    end
    return false
  end
  mark.passed, mark.skipped = true, nil
  self.say(term.paint("ok", term.glyphs("✓ " .. step.title)))
  self:explain(step)
  self:save()
  self.say("")
  self:footer()
end

--- .hint
function Session:hint()
  local step, mark = self:step(), self:mark()
  -- Who comes back another day goes on with the next one. Once all are out, they come again from the first, so that
  -- nobody who forgot one is stuck.
  local n = (self.given[step.name] or math.min(mark.hints or 0, #step.hints)) + 1
  if n > #step.hints then
    self.say("There are no more hints. .skip goes on without this step; .hint begins again.")
    self.given[step.name] = 0
    return
  end
  self.given[step.name] = n
  mark.hints = math.max(mark.hints or 0, n)
  self.say(laid_out(("Hint %d of %d: %s"):format(n, #step.hints, step.hints[n])))
  if n == #step.hints then self.say(term.paint("dim", "(that was the last one)")) end
  self:save()
end

function Session:finish()
  local passed, right, guesses = 0, 0, 0
  for _, step in ipairs(self.lab.steps) do
    local mark = self:mark(step)
    if mark.passed then passed = passed + 1 end
    if mark.guess ~= nil and mark.right ~= nil then
      guesses = guesses + 1
      if mark.right then right = right + 1 end
    end
  end
  self.say("")
  self.say(heading(passed == #self.lab.steps and "Done" or "The end"))
  local text = self.lab.finish
  if type(text) == "function" then text = text(self.env) end
  if text then self.say(laid_out(text)) end
  self.say("")
  local tally = ("%d of %d steps passed"):format(passed, #self.lab.steps)
  if guesses > 0 then tally = tally .. (", %d of %d guesses right"):format(right, guesses) end
  self.say(laid_out(tally .. ". `syslab lab` lists the labs; the prompt is yours."))
end

-- To the next step, or the end.
function Session:advance()
  if self.index == #self.lab.steps then
    self:save()
    self:finish()
    return
  end
  self.index = self.index + 1
  self:save()
  self:show_step()
end

--- .next
function Session:next()
  if not self:mark().passed then
    self.complain("this step is not checked yet: .check looks at it, .skip goes on without")
    return false
  end
  self:advance()
end

--- .skip
function Session:skip()
  local step, mark = self:step(), self:mark()
  if not mark.passed then
    mark.skipped = true
    if not self.ran[step.name] then
      local ok = code.run_silently(step.code or step.solution, self.env)
      if ok then self.say("(skipped; its code was run, because later steps may need its variables)") end
    end
  end
  self:advance()
end

--- .again
function Session:again() self:show_step() end

--- .where
function Session:where()
  self.say(term.paint("title", self.lab.title))
  for i, step in ipairs(self.lab.steps) do
    local mark = self:mark(step)
    local sign = mark.passed and term.paint("ok", term.glyphs "✓") or mark.skipped and "-" or term.glyphs "·"
    local line = ("%s %s %d  %s"):format(i == self.index and term.glyphs "▶" or " ", sign, i, step.title)
    if mark.hints then
      line = line .. term.paint("dim", ("  (%d hint%s)"):format(mark.hints, mark.hints == 1 and "" or "s"))
    end
    self.say(line)
  end
end

return session

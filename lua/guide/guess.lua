--- Predictions: reading a guess, comparing it with what happened.

local human = require "human"

local guess = {}

local function letter(i) return string.char(("a"):byte() + i - 1) end

--- A number with at most three significant digits.
function guess.number_text(x, unit)
  local rounded = x == math.floor(x) and math.abs(x) < 1e15 and x or tonumber(("%.3g"):format(x))
  local text = human.exact(rounded)
  if not unit then return text end
  return text .. " " .. unit
end

--- The lines that follow the question: the choices, or the unit.
function guess.choices(predict)
  local lines = {}
  for i, choice in ipairs(predict.choices or {}) do lines[i] = ("  %s) %s"):format(letter(i), choice) end
  return lines
end

--- What is asked for, in front of the cursor.
function guess.prompt(predict)
  if predict.choices then
    return ("your guess (%s-%s)> "):format(letter(1), letter(#predict.choices))
  end
  return predict.unit and ("your guess, in %s> "):format(predict.unit) or "your guess> "
end

--- Reads an answer: the choice or the number; nil and what to type instead.
function guess.read(predict, answer)
  answer = answer:match("^%s*(.-)%s*$")
  if predict.choices then
    for i, choice in ipairs(predict.choices) do
      local low = answer:lower()
      if low == letter(i) or low == letter(i) .. ")" or low == tostring(i) or low == choice:lower() then
        return choice
      end
    end
    return nil, ("type a letter from %s to %s, or nothing for no guess"):format(letter(1), letter(#predict.choices))
  end
  local text, rest = answer:match("^([+-]?[%d.]+[eE]?[+-]?%d*)%s*(.*)$")
  local number = text and tonumber(text)
  if not number and text then  -- "9e" of "9 errors"
    text, rest = answer:match("^([+-]?[%d.]+)%s*(.*)$")
    number = tonumber(text)
  end
  if number and rest == "%" and predict.unit ~= "%" then number = number / 100 end
  if number then return number end
  return nil, "type a number, or nothing for no guess"
end

--- Whether the guess is right.
function guess.is_right(predict, guessed, answer)
  if predict.choices then return guessed == answer end
  return type(guessed) == "number" and math.abs(guessed - answer) <= predict.tolerance
end

--- One sentence that compares the two.
function guess.compare(predict, guessed, answer)
  local function show(x) return predict.choices and x or guess.number_text(x, predict.unit) end
  if guessed == nil then return ("It came out as: %s."):format(show(answer)) end
  local right = guess.is_right(predict, guessed, answer)
  if predict.choices then
    if right then return ("You guessed: %s. So it was."):format(guessed) end
    return ("You guessed: %s. It came out as: %s."):format(guessed, show(answer))
  end
  if right then return ("You guessed %s; it came out as %s. Close enough!"):format(show(guessed), show(answer)) end
  return ("You guessed %s; it came out as %s."):format(show(guessed), show(answer))
end

--- What is wrong with the answer that a definition computed, or nil.
function guess.problem(predict, answer)
  if predict.choices then
    for _, choice in ipairs(predict.choices) do
      if choice == answer then return nil end
    end
    return ("predict: the answer %s is none of the choices"):format(tostring(answer))
  end
  if type(answer) ~= "number" or answer ~= answer or math.abs(answer) == math.huge then
    return ("predict: the answer should be a finite number, it is %s"):format(tostring(answer))
  end
end

return guess

-- The framework of guided labs: what a definition must be, progress, guesses, the learner's way through a lab, and
-- what `syslab lab check` finds out.
local t = require "expect"
local term = require "term"
local json = require "json"
local definition = require "guide.definition"
local progress = require "guide.progress"
local code = require "guide.code"
local guess = require "guide.guess"
local session = require "guide.session"
local verify = require "guide.verify"

term.configure { color = false, unicode = true, width = 80 }

local function step(changes)
  local made = {
    name = "one", title = "One", text = "Make x one.", code = "x = 1\nx + 1",
    predict = {
      question = "How much is it?", tolerance = 0.5, unit = "ms", answer = function(env) return env.x + 1 end,
    },
    hints = { "It is a number.", "It is small.", "`x = 1`" },
    check = function(e, env)
      e.has(env, "x", "number")
      e.that(env.x == 1, "x to be 1", "x is " .. env.x)
    end,
    explain = "One it is.",
  }
  for key, value in pairs(changes or {}) do made[key] = value end
  return made
end

local function two()
  return {
    name = "two", title = "Two", text = "Make y two.", code = "y = x + 1",
    hints = { "a", "b", "c" },
    check = function(e, env) e.equal(env.y, 2, "y") end,
    explain = function(env) return "y is " .. env.y .. "." end,
  }
end

local function lab(changes)
  local made = { title = "A lab", summary = "Short.", minutes = 5, steps = { step(), two() } }
  for key, value in pairs(changes or {}) do made[key] = value end
  return made
end

local function problem(changed)
  local ok, message = definition.validate(changed, "x/y")
  t.equal(ok, nil)
  return message
end

-- Definitions

t.test("a lab that is complete is taken as it is", function()
  local made = assert(definition.validate(lab(), "x/y"))
  t.equal(made.name, "x/y")
  t.equal(made.after, {})
  t.equal(made.parts, {})
end)

t.test("an unknown field is named, with the nearest one", function()
  t.equal(problem(lab { minuets = 5 }), "x/y: a lab has no field 'minuets' (did you mean 'minutes'?)")
  t.equal(problem(lab { steps = { step { explian = "x" } } }),
    "x/y, step one: a step has no field 'explian' (did you mean 'explain'?)")
  local predict = { question = "?", tolerance = 1, answer = function() return 1 end, unti = "ms" }
  t.equal(problem(lab { steps = { step { predict = predict } } }),
    "x/y, step one: predict has no field 'unti' (did you mean 'unit'?)")
end)

t.test("a missing or wrong field is named", function()
  t.equal(problem { title = "A", minutes = 1, steps = { step() } }, "x/y: a lab needs a field 'summary'")
  t.equal(problem(lab { minutes = -1 }), "x/y: 'minutes' of a lab should be a number above 0")
  t.equal(problem(lab { steps = {} }), "x/y: 'steps' of a lab should be at least 1 steps")
  t.matches(problem(lab { steps = { step { name = "Not good" } } }), "'name' of a step should be a name of small")
  t.matches(problem(lab { steps = { 7 } }), "step number 1: a step should be a table, not a number")
  t.matches(problem(lab { steps = { step { check = 5 } } }), "'check' of a step should be a function")
  t.matches(problem(lab { steps = { step(), step() } }), "two steps are called 'one'")
end)

t.test("hints are three, and different", function()
  t.matches(problem(lab { steps = { step { hints = { "a", "b" } } } }), "3 hints: a nudge, a pointer")
  t.matches(problem(lab { steps = { step { hints = { "a", "a", "b" } } } }), "three different hints")
end)

t.test("a step has code that is shown or a solution that is not", function()
  t.matches(problem(lab { steps = { step { solution = "x = 1" } } }), "either 'code'")
end)

t.test("a prediction has choices or a tolerance", function()
  local predict = { question = "?", answer = function() return 1 end }
  t.matches(problem(lab { steps = { step { predict = predict } } }), "either 'choices' or")
end)

t.test("parts for grading are checked, too", function()
  local part = { name = "p", title = "P", points = 20, seeds = 50, check = function() end }
  assert(definition.validate(lab { parts = { part } }, "x"))
  t.matches(problem(lab { parts = { { name = "p", title = "P", pionts = 1, points = 1, check = print } } }),
    "did you mean 'points'")
end)

t.test("labs are sorted by what they need, then by name", function()
  local function named(name, after) return { name = name, after = after or {} } end
  local sorted = assert(definition.sorted { named("b"), named("a", { "c" }), named("c") })
  local names = {}
  for i, one in ipairs(sorted) do names[i] = one.name end
  t.equal(names, { "c", "a", "b" })
  local _, unknown = definition.sorted { named("cache/lru", { "cache/fifi" }), named("cache/fifo") }
  t.equal(unknown, "cache/lru: there is no lab 'cache/fifi' to come after (did you mean 'cache/fifo'?)")
  local _, circle = definition.sorted { named("a", { "b" }), named("b", { "a" }) }
  t.matches(circle, "it needs itself")
end)

t.test("every lab that is installed is valid", function()
  local made, message = definition.load("quickstart")
  t.equal(message, nil)
  t.equal(made.name, "quickstart")
  local _, missing = definition.load("no/such")
  t.equal(missing, "there is no file labs/no/such/lab.lua")
end)

-- Progress

t.test("progress survives writing and reading", function()
  local mark = { passed = true, hints = 2, guess = 1.5, right = false }
  local labs = { quickstart = { at = "two", steps = { one = mark } } }
  t.equal(progress.read(progress.text(labs)), labs)
  t.equal(progress.text(labs), '{"labs":{"quickstart":{"at":"two","steps":{"one":{"guess":1.5,"hints":2,"passed":true,'
    .. '"right":false}}}},"version":1}\n')
end)

t.test("a broken progress file is no error but a reason", function()
  for _, text in ipairs { "", "{", "[1,", '{"labs":', "nonsense", "7", "null", '"x"', "{}x", ("["):rep(1000) } do
    local labs, reason = progress.read(text)
    t.equal(labs, nil)
    t.equal(type(reason), "string")
  end
  local labs, reason, newer = progress.read '{"version":9}'
  t.equal(labs, nil)
  t.matches(reason, "newer syslab")
  t.equal(newer, true)
end)

t.test("odd values in a progress file are left out", function()
  local odd = '{"labs":{"a":{"at":7,"steps":{"one":{"passed":"yes","hints":"many","guess":{}},"two":3}},"b":5}'
    .. ',"version":1}'
  t.equal(progress.read(odd), { a = { steps = { one = {} } }, b = { steps = {} } })
  t.equal(progress.read '{"labs":[],"version":1}', {})
end)

-- Guesses

t.test("a choice is a letter, a number or the word", function()
  local predict = { choices = { "alpha", "beta" } }
  for _, answer in ipairs { "b", " B ", "b)", "2", "Beta" } do t.equal(guess.read(predict, answer), "beta") end
  local value, message = guess.read(predict, "c")
  t.equal(value, nil)
  t.matches(message, "from a to b")
end)

t.test("a number may carry its unit", function()
  local predict = { tolerance = 1, unit = "ms" }
  for text, value in pairs { ["12"] = 12, [" 12 ms"] = 12, ["1.5"] = 1.5, ["-3"] = -3, ["1e3"] = 1000, ["9 errors"] = 9,
    ["50 %"] = 0.5 } do
    t.equal(guess.read(predict, text), value)
  end
  t.equal(guess.read({ tolerance = 1, unit = "%" }, "50%"), 50)
  t.equal((guess.read(predict, "about ten")), nil)
end)

t.test("a guess is compared in one sentence", function()
  local predict = { tolerance = 2, unit = "ms" }
  t.equal(guess.compare(predict, 19, 20.431), "You guessed 19 ms; it came out as 20.4 ms. Close enough!")
  t.equal(guess.compare(predict, 40, 20.431), "You guessed 40 ms; it came out as 20.4 ms.")
  t.equal(guess.compare(predict, nil, 20.431), "It came out as: 20.4 ms.")
  t.equal(guess.compare({ choices = { "a", "b" } }, "a", "b"), "You guessed: a. It came out as: b.")
end)

-- Code

t.test("code is cut into inputs as it would be typed", function()
  t.equal(code.inputs "x = 1\n\n-- why\ny = {\n  2,\n}\nx + 1\nfor i = 1, 2 do\n  x = i\nend\n",
    { "x = 1", "-- why\ny = {\n  2,\n}", "x + 1", "for i = 1, 2 do\n  x = i\nend" })
  t.equal(code.inputs "x = = 1\ny", { "x = = 1\ny" })
end)

t.test("code runs in its environment and shows its expressions", function()
  local env, shown = setmetatable({}, { __index = _G }), {}
  for _, input in ipairs(code.inputs "local x = 20\nx + 1, 'a'\n") do
    code.run(input, env, function(...) shown[#shown + 1] = { ... } end)
  end
  t.equal(env.x, 20)
  t.equal(shown, { { 21, "a" } })
  t.raises(function() code.run("x = =", env) end, "unexpected symbol")
end)

-- The learner

-- A lab that is open, with all that was said and with what will be answered.
local function opened(made, entry, answers)
  local learner = {
    lines = {}, asked = {}, shown = {}, env = setmetatable({}, { __index = _G }), entry = entry or { steps = {} },
  }
  local function say(text) learner.lines[#learner.lines + 1] = text end
  learner.lab = session.new(assert(definition.validate(made, "x")), {
    say = say, complain = say, env = learner.env, entry = learner.entry,
    ask = function(question)
      learner.asked[#learner.asked + 1] = question
      return table.remove(answers or {}, 1)
    end,
    keep = function(kept) learner.kept = json.decode(json.encode(kept)) end,
    show = function(...) learner.shown[#learner.shown + 1] = { ... } end,
  })
  --- What a command says.
  function learner:does(command)
    local from = #self.lines
    self.lab[command](self.lab)
    return table.concat(self.lines, "\n", from + 1)
  end
  return learner
end

t.test("a step is predicted, run, checked, explained", function()
  local learner = opened(lab(), nil, { "nonsense", "2.2" })
  t.matches(learner:does "open", "1/2  One ─.*Make x one%..*│ x = 1\n.*│ x %+ 1\n.*%.go runs this code")
  local ran = learner:does "go"
  t.matches(ran, "Before it runs: How much is it%?")
  t.matches(ran, "type a number")
  t.matches(ran, "  │ x = 1\n  │ x %+ 1\n")
  t.equal(learner.asked, { "your guess, in ms> ", "your guess, in ms> " })
  t.equal(learner.shown, { { 2 } })
  t.matches(learner:does "go", "^  │ x = 1")  -- asked once only
  t.matches(learner:does "check", "✓ One\nYou guessed 2.2 ms; it came out as 2 ms. Close enough!\nOne it is.")
  t.equal(learner.kept.steps.one, { passed = true, guess = 2.2, right = true })
  t.matches(learner:does "next", "2/2  Two")
  t.equal(learner.kept.at, "two")
end)

t.test("who has no guess may say so; who gives up runs nothing", function()
  local learner = opened(lab(), nil, { "" })
  t.matches(learner:does "go", "%(no guess%)\n  │ x = 1")
  t.matches(learner:does "check", "It came out as: 2 ms%.")
  local gone = opened(lab(), nil, {})
  t.matches(gone:does "go", "%(nothing was run%)$")
  t.equal(rawget(gone.env, "x"), nil)
end)

t.test("a failing check says what was expected and what happened", function()
  local learner = opened(lab())
  t.equal(learner:does "check", "✗ not yet\n  expected: a number in the variable x\n  happened: there is no x yet\n"
    .. "  (.go runs the code of this step)")
  learner.env.x = "1"
  t.matches(learner:does "check", "happened: x is a string")
  learner.env.x = 3
  t.matches(learner:does "check", "expected: x to be 1\n  happened: x is 3")
  learner.env.x = 1
  t.matches(learner:does "check", "^✓ One")
end)

t.test("hints come one by one, are counted, and end", function()
  local learner = opened(lab())
  t.matches(learner:does "hint", "^Hint 1 of 3: It is a number%.$")
  t.matches(learner:does "hint", "^Hint 2 of 3: It is small%.$")
  t.matches(learner:does "hint", "^Hint 3 of 3: `x = 1`\n%(that was the last one%)$")
  t.matches(learner:does "hint", "^There are no more hints")
  t.equal(learner.kept.steps.one.hints, 3)
end)

t.test("next wants a check; skip does not, and runs the code for those who come after", function()
  local learner = opened(lab())
  t.matches(learner:does "next", "not checked yet")
  t.matches(learner:does "skip", "2/2  Two")
  t.equal(learner.env.x, 1)
  t.equal(learner.kept.steps.one, { skipped = true })
  t.matches(learner:does "where", "  %- 1  One\n▶ · 2  Two")
  learner:does "go"
  t.matches(learner:does "check", "✓ Two\ny is 2%.")
  t.matches(learner:does "next", "The end.*1 of 2 steps passed")
end)

t.test("coming back goes to the same step, with the variables of those before", function()
  local entry = { at = "two", steps = { one = { passed = true, guess = 2, right = true } } }
  local learner = opened(lab(), entry)
  t.matches(learner:does "open", "at step 2 of 2; 1 passed.*variables are here.*2/2  Two")
  t.equal(learner.env.x, 1)
  learner:does "go"
  learner:does "check"
  t.matches(learner:does "next", "Done.*2 of 2 steps passed, 1 of 1 guesses right")
end)

t.test("a step that is gone from the lab begins it again", function()
  t.matches(opened(lab(), { at = "renamed", steps = {} }):does "open", "1/2  One")
end)

t.test("a solution is shown when the step is passed, not before", function()
  local made = lab { steps = { step { solution = "x = 2 - 1" } } }
  made.steps[1].code, made.steps[1].predict = nil, nil
  local learner = opened(made)
  local first = learner:does "open"
  t.equal(first:find("2 - 1", 1, true), nil)
  t.matches(learner:does "go", "yours to write")
  learner.env.x = 1
  t.matches(learner:does "check", "One way to write it:\n  │ x = 2 %- 1")
end)

-- syslab lab check

local function verified(made)
  local lines = {}
  local ok = verify.run(assert(definition.validate(made, "x")), function(line) lines[#lines + 1] = line end)
  return ok, table.concat(lines, "\n")
end

t.test("verify: a good lab", function()
  local ok, text = verified(lab())
  t.equal(text, "✓ 1  one  One\n✓ 2  two  Two\nx: 2 of 2 steps as they should be")
  t.equal(ok, true)
  t.equal(rawget(_G, "y"), nil)  -- nothing leaks
end)

t.test("verify: a check that cannot fail is caught", function()
  local ok, text = verified(lab { steps = { step { check = function() end } } })
  t.equal(ok, false)
  t.matches(text, "✗ 1  one  One\n    the check passes before the step's code has been run")
end)

t.test("verify: a check that breaks instead of saying a sentence is caught", function()
  local _, text = verified(lab { steps = { step { check = function(_, env) return env.x.y end } } })
  t.matches(text, "ends in an error instead of a sentence: .*attempt to index")
end)

t.test("verify: code that fails, checks that fail, answers and texts that are none", function()
  local function fails(changes, pattern)
    local ok, text = verified(lab { steps = { step(changes) } })
    t.equal(ok, false)
    t.matches(text, pattern)
  end
  fails({ code = "error('no')" }, "the code fails: .*no")
  fails({ code = "x = 2" }, "expected: x to be 1\n    happened: x is 2")
  fails({ predict = { question = "?", tolerance = 1, answer = function() return 0 / 0 end } },
    "finite number, it is %-?nan")
  fails({ predict = { question = "?", choices = { "a", "b" }, answer = function() return "c" end } },
    "none of the choices")
  fails({ explain = function() end }, "explain: it returned no text")
end)

t.test("verify: only the first failure is told in full", function()
  local ok, text = verified(lab { steps = { step { code = "x = 2" }, step { name = "again", code = "x = 3" } } })
  t.equal(ok, false)
  t.equal(text, "✗ 1  one    One\n    expected: x to be 1\n    happened: x is 2\n"
    .. "✗ 2  again  One\n    expected: x to be 1\n"
    .. "x: 0 of 2 steps as they should be")
end)

assert(t.summary())

--- Doing a lab without a person: every step's code in a fresh environment, every check before and after it.

local host = ...
local term = require "term"
local human = require "human"
local code = require "guide.code"
local guess = require "guide.guess"
local expectations = require "guide.expectations"

local verify = {}

-- Variables of their own; everything else is the library's.
local function fresh_environment()
  local env = setmetatable({}, { __index = _G })
  env._G = env
  env.print = function() end
  return env
end

-- What the world made last has cost so far, and a text for what it has cost since `before`.
local function cost_of(world)
  if not world then return { seconds = 0, events = 0 } end
  return { world = world, seconds = world:now(), events = tonumber(tostring(world):match "steps=(%d+)") or 0 }
end

local function cost_text(before, now)
  local fresh = before.world ~= now.world
  local seconds = now.seconds - (fresh and 0 or before.seconds)
  local events = now.events - (fresh and 0 or before.events)
  if events == 0 then return "" end
  return ("%s, %s events"):format(human.duration(seconds), human.count(events))
end

-- Does one step. Returns true, or false and what is wrong.
local function do_step(step, env)
  local passed, message, broken = expectations.run(step.check, env)
  if passed then
    return false, "the check passes before the step's code has been run: a check that cannot fail shows nothing"
  end
  if broken then
    return false, "before the code has been run, the check ends in an error instead of a sentence: " .. message
  end
  local ok, problem = code.run_silently(step.code or step.solution, env)
  if not ok then return false, "the code fails: " .. tostring(problem) end
  passed, message, broken = expectations.run(step.check, env)
  if not passed then return false, (broken and "the check ends in an error: " or "") .. message end
  if step.predict then
    local answered, answer = pcall(step.predict.answer, env)
    problem = not answered and "predict: " .. tostring(answer) or guess.problem(step.predict, answer)
    if problem then return false, problem end
  end
  if type(step.explain) == "function" then
    local explained, text = pcall(step.explain, env)
    if not explained then return false, "explain: " .. tostring(text) end
    if type(text) ~= "string" or not text:find("%S") then return false, "explain: it returned no text" end
  end
  return true
end

--- Verifies a lab. `say(line)` gets one line for each step and a last one with the digest of the last world. Returns
-- whether everything is as it should be.
function verify.run(lab, say)
  local env = fresh_environment()
  local failures, names, titles = 0, 0, 0
  for _, step in ipairs(lab.steps) do
    names, titles = math.max(names, term.width(step.name)), math.max(titles, term.width(step.title))
  end
  local before = cost_of(host.world())
  local last
  local function one_line(sign, role, i, step, rest)
    say(("%s %d  %s  %s  %s"):format(term.paint(role, term.glyphs(sign)), i, term.pad(step.name, names),
      term.glyphs(term.pad(step.title, titles)), rest):gsub("%s+$", ""))
  end
  for i, step in ipairs(lab.steps) do
    local ok, message = do_step(step, env)
    local now = cost_of(host.world())
    local cost = cost_text(before, now)
    if cost ~= "" then last = now.world:digest() end
    before = now
    one_line(ok and "✓" or "✗", ok and "ok" or "error", i, step, cost)
    if not ok then
      failures = failures + 1
      -- The first failure in full; what follows from it would only hide it.
      if failures > 1 then message = message:match("^[^\n]*") end
      say("    " .. (message:gsub("\n", "\n    ")))
    end
  end
  if failures == 0 and type(lab.finish) == "function" then
    local ok, text = pcall(lab.finish, env)
    if not ok or type(text) ~= "string" then
      failures = failures + 1
      say("finish: " .. (ok and "it returned no text" or tostring(text)))
    end
  end
  local right = #lab.steps - math.min(failures, #lab.steps)
  say(("%s: %d of %d steps as they should be%s"):format(lab.name, right, #lab.steps,
    last and ", digest " .. last or ""))
  return failures == 0
end

return verify

--- Running the parts of a build-it lab on a submission, and proving that the lab can tell right from wrong.

local host = ...
local program = host.program
local human = require "human"
local term = require "term"
local submission = require "guide.submission"

local parts = {}

-- What a file that answers everything alike may earn: some parts, such as the cost of a call, are about something else.
local forged_share = 0.3

--- How many seeds a part is run with where it does not say.
parts.seeds = 10

local function number(x) return ("%g"):format(x) end

--- The points of a share, in hundredths, so that sums print alike everywhere.
local function earned(points, share) return math.floor(points * share * 100 + 0.5) / 100 end

--- Runs one part on an open submission. `seeds`: a list. Returns { name, title, points, earned, ok, status, runs,
-- seed =, message =, scene = { at =, diagram = } where it failed in a world }.
-- The first seed that does not earn all of the points ends it, unless a check gives shares of points: then
-- the least share counts.
function parts.run(part, opened, seeds)
  local result = { name = part.name, title = part.title, points = part.points, hidden = part.hidden, runs = 0,
    status = "passed" }
  local least = 1
  for _, seed in ipairs(seeds) do
    local share, message, status, scene = submission.check(opened, part, seed)
    result.runs = result.runs + 1
    if share < least then
      least = share
      result.seed, result.message, result.status, result.scene = seed, message, status, scene
    end
    if share == 0 then break end
  end
  result.earned = earned(part.points, least)
  result.ok = least == 1
  return result
end

--- The same on a file's text, which is opened for it: in grading, a worker process for each part.
function parts.run_alone(lab, part, name, source, seeds)
  local opened = submission.open(name, source, lab.uses)
  local result = parts.run(part, opened, seeds)
  submission.close(opened)
  return result
end

--- The seeds 1..n.
function parts.first_seeds(n)
  local seeds = {}
  for seed = 1, n do seeds[seed] = seed end
  return seeds
end

--- Runs all parts of a lab. `seeds_of(part)` gives the seeds of each. Returns the results and the sum of the points.
function parts.score(lab, name, source, seeds_of)
  local results, sum = {}, 0
  for i, part in ipairs(lab.parts) do
    results[i] = parts.run_alone(lab, part, name, source, seeds_of(part))
    sum = sum + results[i].earned
  end
  return results, sum
end

--- All points of a lab.
function parts.points(lab)
  local sum = 0
  for _, part in ipairs(lab.parts) do sum = sum + part.points end
  return sum
end

local function indented(text) return "    " .. (text:gsub("\n", "\n    ")) end

local text_bytes = 2000

-- What turns the direction of a line, joins or hides: a text could look like another one.
local function is_trick(code)
  return code >= 0x200B and code <= 0x200F or code >= 0x202A and code <= 0x202E or code >= 0x2060 and code <= 0x206F
    or code == 0xFEFF
end

--- A text of a submission's for people, terminals and files: bounded (2000 bytes, or `most`), in UTF-8, without
-- characters that command.
function parts.plain(text, most)
  most = most or text_bytes
  local out, size = {}, 0
  for _, c, code in term.characters((text:sub(1, 2 * most):gsub("\r\n?", "\n"))) do
    local is_control = not code or code < 32 and c ~= "\n" and c ~= "\t" or code >= 127 and code < 160
    if is_control or is_trick(code) then c = "?" end
    size = size + #c
    if size > most then
      out[#out + 1] = "..."
      break
    end
    out[#out + 1] = c
  end
  return table.concat(out)
end

--- What a failure looked like, in some lines: when and on which node, and the last messages; or the last calls.
function parts.scene_text(scene)
  if not scene.at then return "the last calls, and what came back:\n" .. scene.diagram end
  return ("at %s of simulated time%s; the last messages:\n%s"):format(human.instant(scene.at, 6),
    scene.node and " on node " .. scene.node or "", scene.diagram)
end

--- Says how a submission did: a line for each part, the first failure in full. `replay(result)` gives the command that
-- goes back to it.
function parts.tell(results, say, replay)
  local width, told = 0, false
  for _, result in ipairs(results) do width = math.max(width, term.width(result.title)) end
  for _, result in ipairs(results) do
    say(("%s %s  %s of %s points"):format(
      result.ok and term.paint("ok", term.glyphs "✓") or term.paint("error", term.glyphs "✗"),
      term.glyphs(term.pad(result.title, width)), number(result.earned), number(result.points)))
    if not result.ok and result.hidden then
      say(indented("(a hidden part: its check tells nothing)"))
    elseif not result.ok and not told then
      told = true
      local broken = result.status == "broken" and "the check could not make sense of what it found: " or ""
      say(indented(broken .. parts.plain(result.message)))
      if result.scene then say(indented(parts.scene_text(result.scene))) end
      say(indented(("seed %s; back to just before it:\n  %s"):format(number(result.seed),
        term.paint("strong", replay(result)))))
    end
  end
end

-- Verifying a lab
-- ---------------------------------------------------------------------------------------------------------

-- What a wrong solution says that it loses: { PART = points }, from its lines `-- loses: PART POINTS`. Nil and what is
-- wrong with them.
function parts.stated_losses(lab, source)
  local known, losses, any = {}, {}, false
  for _, part in ipairs(lab.parts) do known[part.name] = part end
  for line in source:gmatch "[^\n]+" do
    local stated = line:match "^%-%-%s*loses:%s*(.-)%s*$"
    if stated then
      local name, points = stated:match "^([%w_]+)%s+([%d.]+)$"
      if not name or not tonumber(points) then
        return nil, ("`-- loses: %s` should be `-- loses: PART POINTS`"):format(stated)
      end
      if not known[name] then
        return nil, ("it is to lose points in '%s', but there is no such part%s"):format(name,
          host.did_you_mean(name, known))
      end
      losses[name], any = tonumber(points), true
    end
  end
  if not any then return nil, "it has no line `-- loses: PART POINTS`, so nobody knows what is wrong with it" end
  return losses
end

local function verify_starter(lab, source)
  local compiled, message = host.compile(source, "@starter.lua")
  if not compiled then return "it does not compile: " .. message end
  local result = parts.run_alone(lab, lab.parts[1], "starter.lua", source, { 1 })
  if result.ok then return ("it passes part %s as it is: nothing is left to write"):format(lab.parts[1].name) end
  if result.status == "broken" then
    return ("part %s ends in an error of the check instead of a sentence: %s"):format(lab.parts[1].name,
      result.message)
  end
  if result.status ~= "failed" then
    return ("it does not run: part %s ends with '%s': %s"):format(lab.parts[1].name, result.status, result.message)
  end
  return nil, result.message
end

local function verify_solution(lab, source, seeds)
  for _, part in ipairs(lab.parts) do
    local result = parts.run_alone(lab, part, "solution.lua", source, seeds)
    if not result.ok then
      return ("it earns %s of %s points in part %s with seed %s: %s"):format(number(result.earned),
        number(result.points), part.name, number(result.seed), result.message)
    end
  end
end

local function verify_wrong(lab, name, source)
  local losses, problem = parts.stated_losses(lab, source)
  if not losses then return problem end
  for _, part in ipairs(lab.parts) do
    local seeds = parts.first_seeds(part.seeds or parts.seeds)
    local result = parts.run_alone(lab, part, name, source, seeds)
    local lost, stated = part.points - result.earned, losses[part.name] or 0
    if math.abs(lost - stated) > 1e-9 then
      return ("part %s: it says that it loses %s points, it loses %s%s"):format(part.name, number(stated), number(lost),
        result.message and ": " .. result.message or "")
    end
    if result.status == "broken" then
      return ("part %s ends in an error of the check instead of a sentence: %s"):format(part.name, result.message)
    end
  end
end

-- Of what answers everything with one thing: what is wrong with the checks, or nil and the most that such a file earns.
local function verify_forged(lab)
  local most, whose = 0, nil
  for _, file in ipairs(require("guide.forged").files) do
    local sum = 0
    for _, part in ipairs(lab.parts) do
      local result = parts.run_alone(lab, part, "forged.lua", file[2], { 1, 2 })
      if result.status == "broken" then
        return ("part %s ends in an error of the check instead of a sentence, when everything is answered with %s: %s")
          :format(part.name, file[1], result.message)
      end
      sum = sum + result.earned
    end
    if sum > most then most, whose = sum, file[1] end
  end
  if most > forged_share * parts.points(lab) then
    return ("one that answers everything with %s earns %s of %s points"):format(whose, number(most),
      number(parts.points(lab)))
  end
  return nil, whose and ("earn %s points at most (%s)"):format(number(most), whose) or "earn nothing"
end

--- Verifies a lab's parts: the starter fails part 1 with a sentence, the solution earns all points on `seeds` seeds,
-- each wrong solution loses exactly what it says, and files that answer everything alike earn little and break no
-- check. `say(line)` gets a line for each file. Returns whether all is well.
function parts.verify(lab, seeds, say)
  local good = true
  local function tell(file, problem, happened)
    good = good and not problem
    local sign = problem and term.paint("error", term.glyphs "✗") or term.paint("ok", term.glyphs "✓")
    say(("%s %s  %s"):format(sign, file, (problem or happened):gsub("\n", "\n    ")))
  end
  local function file(path, check, ...)
    local source = host.read_data(path)
    if not source then return tell(path, "the file is missing") end
    local problem, happened = check(lab, source, ...)
    return problem, happened or true
  end
  local starter = ("labs/%s/starter.lua"):format(lab.name)
  local problem, happened = file(starter, verify_starter)
  if happened then tell(starter, problem, problem or "fails part 1: " .. happened:match "^[^\n]*") end
  local tests = "tests/labs/" .. lab.name
  problem, happened = file(tests .. "/solution.lua", verify_solution, parts.first_seeds(seeds))
  if happened then
    tell(tests .. "/solution.lua", problem, ("earns %s points on %d seeds"):format(number(parts.points(lab)), seeds))
  end
  local wrongs = 0
  for _, name in ipairs(program.list_data(tests)) do
    if name:find "^wrong_.*%.lua$" then
      wrongs = wrongs + 1
      local path = tests .. "/" .. name
      problem = file(path, function(_, source) return verify_wrong(lab, name, source) end)
      tell(path, problem, "loses what it says")
    end
  end
  problem, happened = verify_forged(lab)
  tell("files that answer everything alike", problem, happened)
  if wrongs == 0 then tell(tests .. "/wrong_*.lua", "there is none, so nothing shows that the checks can fail") end
  return good
end

return parts

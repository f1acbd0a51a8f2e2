--- `syslab grade`: what a grader process does with each submission, and how all results are reported in the end.
--
-- One result is one line of JSON, the native form; lua/grade/formats.lua makes the others of it. A result depends on
-- the lab, the submission, the seeds and the program only: no time, no machine, no order.

local host = ...
local program = host.program

local definition = require "guide.definition"
local json = require "json"
local term = require "term"

local grade = {}

local diagram_bytes = 6000

-- The seeds of a part: the first ones, which everybody knows, and the hidden ones.
local function seeds_of(part, hidden)
  local seeds = {}
  for seed = 1, part.seeds or require("guide.parts").seeds do seeds[seed] = seed end
  for i = 1, hidden do seeds[#seeds + 1] = program.grader.seed(part.name, i) end
  return seeds
end

local function grade_one(lab, name, source, hidden)
  local parts = require "guide.parts"
  local results, sum = {}, 0
  for i, part in ipairs(lab.parts) do
    local got = parts.run_alone(lab, part, name, source, seeds_of(part, hidden))
    sum = sum + got.earned
    results[i] = {
      name = got.name, title = got.title, score = got.earned, max_score = got.points, status = got.status,
      runs = got.runs, hidden = got.hidden == true, seed = got.seed, message = got.message and parts.plain(got.message),
      at = got.scene and got.scene.at, node = got.scene and got.scene.node,
      diagram = got.scene and parts.plain(got.scene.diagram, diagram_bytes),
      hidden_seed = got.seed and got.runs > (part.seeds or parts.seeds) or nil,
    }
  end
  return json.array(results), sum
end

--- Grades what `program.grader.next` gives until there is nothing more.
function grade.work(lab_name, version, lab_sha256, run, isolation, hidden)
  hidden = tonumber(hidden)
  term.configure { color = false, unicode = true, width = 100 }  -- results are the same on every terminal
  local lab, problem = definition.load(lab_name)
  if lab and #lab.parts == 0 then lab, problem = nil, "it has no parts: there is nothing to grade" end
  while true do
    local path, sha256, source, refused = program.grader.next()
    if not path then return end
    local result = {
      version = 1, syslab = version, lab = lab_name, lab_sha256 = lab_sha256, run = run, isolation = isolation,
      submission = path, sha256 = sha256, hidden_seeds = hidden, score = 0, parts = json.array {},
    }
    if not lab then
      result.status, result.message, result.max_score = "failed", problem, 0
    else
      result.max_score = require("guide.parts").points(lab)
      if source then
        result.status = "graded"
        result.parts, result.score = grade_one(lab, path:match "[^/]*$", source, hidden)
      else
        result.status, result.message = "refused", refused
        for i, part in ipairs(lab.parts) do
          result.parts[i] = {
            name = part.name, title = part.title, score = 0, max_score = part.points, status = "refused", runs = 0,
            hidden = part.hidden == true, message = refused,
          }
        end
      end
    end
    program.grader.done(json.encode(result))
  end
end

--- Reports all results, one a line of `lines`, in a format, to a file or (with "") to standard output.
function grade.report(format, lab_name, output, lines)
  local results, code = {}, 0
  for line in lines:gmatch "[^\n]+" do
    local result = assert(json.decode(line))
    results[#results + 1] = result
    if result.status == "failed" then
      code = 1
      program.error_write(("%s: could not be graded: %s\n"):format(result.submission, tostring(result.message)))
    end
  end
  local colors = output == "" and format == "text"
  local text = require("grade.formats")[format](results, lab_name, lines, colors and term.paint or nil)
  if output == "" then
    host.write(text)
  else
    local ok, message = program.replace_file(output, text)
    if not ok then
      program.error_write("error: " .. message .. "\n")
      return 1
    end
  end
  return code
end

return grade

--- Results of `syslab grade` in the forms that others read. Each function gets the list of native results, which
-- lua/grade.lua makes, and returns a text. What students may see of a hidden part is its points: no message, no seed.

local human = require "human"
local json = require "json"
local guide_parts = require "guide.parts"
local term = require "term"

local formats = {}

local function number(x) return human.exact(x) end

-- What stopped a part, where it is no plain failed check.
local labels = {
  error = "error in the file", budget = "instruction budget", memory = "memory limit", time = "time limit",
  died = "program died", broken = "check broke", refused = "refused",
}

-- Crashes, limits and refusals, as distinct from an answer that is wrong.
local function is_error(part) return part.status ~= "passed" and part.status ~= "failed" end

-- The message that a student gets.
local function student_message(part)
  if part.status == "passed" then return "" end
  if part.hidden then return "(a hidden part: its check tells nothing)" end
  local text = part.message or ""
  if labels[part.status] and part.status ~= "refused" then text = ("[%s] %s"):format(labels[part.status], text) end
  if part.diagram then text = text .. "\n" .. guide_parts.scene_text(part) end
  if part.seed then
    text = text .. (part.hidden_seed and "\n(a hidden seed)" or ("\n(seed %s)"):format(number(part.seed)))
  end
  return text
end

local function stem(path) return (path:match "[^/]*$":gsub("%.lua$", "")) end

--- Whose each submission is: its file's name, or its folder's where all files are called alike.
function formats.students(results)
  local names, alike = {}, #results > 1
  for i, result in ipairs(results) do
    names[i] = stem(result.submission)
    alike = alike and names[i] == names[1]
  end
  if alike then
    for i, result in ipairs(results) do names[i] = result.submission:match "([^/]+)/[^/]*$" or names[i] end
  end
  return names
end

local function indented(text, by) return by .. (text:gsub("\n", "\n" .. by)) end

local function total(result) return ("%s of %s"):format(number(result.score), number(result.max_score or 0)) end

-- ---- text

-- The file as its student named it, on one line.
local function shown_file(result) return (guide_parts.plain(result.submission):gsub("[\n\t]", "?")) end

local function text_of_one(result, paint, out)
  local width, told = 0, false
  for _, part in ipairs(result.parts) do width = math.max(width, term.width(part.title)) end
  for _, part in ipairs(result.parts) do
    local passed = part.status == "passed"
    out[#out + 1] = ("%s %s  %s of %s%s"):format(paint(passed and "ok" or "error", term.glyphs(passed and "✓" or "✗")),
      term.glyphs(term.pad(part.title, width)), number(part.score), number(part.max_score),
      labels[part.status] and "  " .. labels[part.status] or "")
    if not passed and not told then
      told = true
      out[#out + 1] = indented(student_message(part), "    ")
    end
  end
end

--- For people: one submission in full, of a class a line for each and how the parts went.
function formats.text(results, lab, _, paint)
  paint = paint or function(_, text) return text end
  local out = {}
  if #results == 1 then
    local result = results[1]
    text_of_one(result, paint, out)
    if #result.parts == 0 then out[#out + 1] = tostring(result.message) end
    out[#out + 1] = ("%s, %s: %s points (isolation: %s, hidden seeds: %s)"):format(lab, shown_file(result),
      total(result), tostring(result.isolation), number(result.hidden_seeds or 0))
    return table.concat(out, "\n") .. "\n"
  end
  local width, parts, order, sum, graded = 0, {}, {}, 0, 0
  for _, result in ipairs(results) do width = math.max(width, term.width(shown_file(result))) end
  for _, result in ipairs(results) do
    local lost = {}
    for _, part in ipairs(result.parts) do
      if not parts[part.name] then
        parts[part.name] = { title = part.title, passed = 0 }
        order[#order + 1] = part.name
      end
      if part.status == "passed" then
        parts[part.name].passed = parts[part.name].passed + 1
      else
        lost[#lost + 1] = part.name .. (labels[part.status] and " (" .. labels[part.status] .. ")" or "")
      end
    end
    local note = result.status == "graded" and (#lost > 0 and "lost in " .. table.concat(lost, ", ") or "")
      or ("%s: %s"):format(result.status, tostring(result.message))
    out[#out + 1] = (("%s  %9s  %s"):format(term.pad(shown_file(result), width), total(result), note):gsub("%s+$", ""))
    if result.status == "graded" then sum, graded = sum + result.score, graded + 1 end
  end
  out[#out + 1] = ""
  for _, name in ipairs(order) do
    out[#out + 1] = ("%s: passed by %d of %d"):format(name, parts[name].passed, #results)
  end
  out[#out + 1] = ("%s: %d submissions, %d graded, mean %s of %s points (isolation: %s)"):format(lab, #results, graded,
    graded > 0 and ("%.1f"):format(sum / graded) or "-", number(results[1] and results[1].max_score or 0),
    tostring(results[1] and results[1].isolation))
  return table.concat(out, "\n") .. "\n"
end

--- The native results, one a line.
function formats.json(_, _, lines) return lines end

-- ---- Gradescope: one submission, /autograder/results/results.json

function formats.gradescope(results)
  if #results ~= 1 then error("gradescope takes one submission at a time", 0) end
  local result, tests = results[1], {}
  for i, part in ipairs(result.parts) do
    tests[i] = {
      name = part.title, number = tostring(i), score = part.score, max_score = part.max_score,
      status = part.status == "passed" and "passed" or "failed",
      output = student_message(part), output_format = "text",
      visibility = part.hidden and "after_published" or "visible",
      tags = json.array { part.name, part.status },
    }
  end
  return json.encode {
    score = result.score,
    output = result.status == "graded" and ("%s of %s points"):format(number(result.score), number(result.max_score))
      or tostring(result.message),
    output_format = "text", visibility = "visible", stdout_visibility = "hidden", tests = json.array(tests),
    extra_data = { lab = result.lab, run = result.run, sha256 = result.sha256, syslab = result.syslab,
      isolation = result.isolation },
  } .. "\n"
end

-- ---- JUnit XML

local function xml(text)
  -- XML 1.0 has no way to write most control characters, and is UTF-8.
  local clean = {}
  for _, c, code in term.characters((text:gsub("[%z\1-\8\11\12\14-\31]", ""))) do
    clean[#clean + 1] = code and c or "\239\191\189"
  end
  return (table.concat(clean):gsub("[&<>\"]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }))
end

function formats.junit(results, lab)
  local out, tests, failures, errors = {}, 0, 0, 0
  for _, result in ipairs(results) do
    local failed, broken, cases = 0, 0, {}
    for _, part in ipairs(result.parts) do
      local case = { ('    <testcase name="%s" classname="%s" time="0">'):format(xml(part.title),
        xml(lab .. "." .. part.name)) }
      case[#case + 1] = ('      <properties><property name="score" value="%s"/><property name="max_score" value="%s"/>'
        .. '</properties>'):format(number(part.score), number(part.max_score))
      if part.status ~= "passed" then
        local kind = is_error(part) and "error" or "failure"
        if is_error(part) then broken = broken + 1 else failed = failed + 1 end
        local message = student_message(part)
        case[#case + 1] = ('      <%s message="%s" type="%s">%s</%s>'):format(kind, xml(message:match "^[^\n]*"),
          xml(part.status), xml(message), kind)
      end
      case[#case + 1] = "    </testcase>"
      cases[#cases + 1] = table.concat(case, "\n")
    end
    out[#out + 1] = ('  <testsuite name="%s" tests="%d" failures="%d" errors="%d" skipped="0" time="0">'):format(
      xml(result.submission), #result.parts, failed, broken)
    out[#out + 1] = ('    <properties><property name="isolation" value="%s"/><property name="run" value="%s"/>'
      .. '<property name="sha256" value="%s"/></properties>'):format(xml(tostring(result.isolation)),
      xml(tostring(result.run)), xml(tostring(result.sha256)))
    out[#out + 1] = table.concat(cases, "\n")
    out[#out + 1] = "  </testsuite>"
    tests, failures, errors = tests + #result.parts, failures + failed, errors + broken
  end
  table.insert(out, 1, ('<testsuites name="%s" tests="%d" failures="%d" errors="%d" time="0">'):format(xml(lab), tests,
    failures, errors))
  table.insert(out, 1, '<?xml version="1.0" encoding="UTF-8"?>')
  out[#out + 1] = "</testsuites>"
  return table.concat(out, "\n") .. "\n"
end

-- ---- TAP 14

-- A text in a TAP description or a YAML block: on one line, nothing that means something else.
local function tap_text(text) return (text:gsub("[%c]+", " "):gsub("\\", "\\\\"):gsub("#", "\\#")) end
local function yaml(text) return json.encode(text) end

local function tap_parts(result, by, out)
  if #result.parts == 0 then  -- never graded, and through no fault of its own
    out[#out + 1] = ("%s1..0 # SKIP %s"):format(by, tap_text(tostring(result.message)))
    return
  end
  out[#out + 1] = by .. "1.." .. #result.parts
  for i, part in ipairs(result.parts) do
    local passed = part.status == "passed"
    out[#out + 1] = ("%s%s %d - %s"):format(by, passed and "ok" or "not ok", i, tap_text(part.title))
    out[#out + 1] = by .. "  ---"
    out[#out + 1] = ("%s  score: %s"):format(by, number(part.score))
    out[#out + 1] = ("%s  max_score: %s"):format(by, number(part.max_score))
    if not passed then
      out[#out + 1] = ("%s  status: %s"):format(by, part.status)
      out[#out + 1] = ("%s  message: %s"):format(by, yaml(student_message(part)))
    end
    out[#out + 1] = by .. "  ..."
  end
end

function formats.tap(results)
  local out = { "TAP version 14" }
  if #results == 1 and #results[1].parts == 0 then
    out[#out + 1] = "Bail out! " .. tap_text(tostring(results[1].message))
  elseif #results == 1 then
    tap_parts(results[1], "", out)
  else
    out[#out + 1] = "1.." .. #results
    for i, result in ipairs(results) do
      out[#out + 1] = "# Subtest: " .. tap_text(result.submission)
      tap_parts(result, "    ", out)
      local good = result.status == "graded" and result.score == result.max_score
      out[#out + 1] = ("%s %d - %s"):format(good and "ok" or "not ok", i, tap_text(result.submission))
    end
  end
  return table.concat(out, "\n") .. "\n"
end

-- ---- GitHub Classroom: the base64 text of <RUNNER>_RESULTS

local alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function formats.base64(text)
  local out = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local n = a * 65536 + (b or 0) * 256 + (c or 0)
    for k = 3, 0, -1 do
      local digit = math.floor(n / 64 ^ k) % 64 + 1
      local past = k == 1 and not b or k == 0 and not c
      out[#out + 1] = past and "=" or alphabet:sub(digit, digit)
    end
  end
  return table.concat(out)
end

function formats.classroom(results)
  if #results ~= 1 then error("classroom takes one submission at a time", 0) end
  local result, tests = results[1], {}
  local whole = true
  for i, part in ipairs(result.parts) do
    local passed = part.status == "passed"
    whole = whole and passed
    tests[i] = {
      name = part.title, status = passed and "pass" or is_error(part) and "error" or "fail", score = part.score,
      message = student_message(part), test_code = part.name, filename = result.submission, line_no = 0,
      execution_time = 0,
    }
  end
  return formats.base64(json.encode {
    version = 1, status = result.status ~= "graded" and "error" or whole and "pass" or "fail",
    max_score = result.max_score, tests = json.array(tests),
  }) .. "\n"
end

-- ---- grade books

local function cell(x)
  x = guide_parts.plain(tostring(x)):gsub("[\n\t]", "?")
  -- A spreadsheet takes a cell that begins like a formula for one.
  if x:find "^[=+@\t\r-]" and not tonumber(x) then x = "'" .. x end
  if x:find '[",\n\r]' then x = '"' .. x:gsub('"', '""') .. '"' end
  return x
end

local function rows(list)
  local out = {}
  for i, row in ipairs(list) do
    local cells = {}
    for k = 1, #row do cells[k] = cell(row[k]) end
    out[i] = table.concat(cells, ",")
  end
  return table.concat(out, "\n") .. "\n"
end

--- The columns of nbgrader's grade book.
function formats.csv(results, lab)
  local list = { { "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email", "raw_score",
    "late_submission_penalty", "score", "max_score" } }
  local students = formats.students(results)
  for i, result in ipairs(results) do
    list[#list + 1] = { lab, "", "", students[i], "", "", "", number(result.score), "0", number(result.score),
      number(result.max_score or 0) }
  end
  return rows(list)
end

--- What Canvas imports. Students are found by `SIS Login ID`.
function formats.canvas(results, lab)
  local list = {
    { "Student", "ID", "SIS User ID", "SIS Login ID", "Section", lab },
    { "    Points Possible", "", "", "", "", number(results[1] and results[1].max_score or 0) },
  }
  local students = formats.students(results)
  for i, result in ipairs(results) do
    list[#list + 1] = { students[i], "", "", students[i], "", number(result.score) }
  end
  return rows(list)
end

return formats

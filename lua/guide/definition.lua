--- What a guided lab is: reading labs/NAME/lab.lua and saying exactly what is wrong with it.
--
-- docs/writing_a_lab.md describes the fields. Everything is checked when the lab is loaded, so that the rest of the
-- library may rely on it.

local host = ...

local load = load  -- learners like to give their loads this name

local definition = {}

-- A field: { type name or function(value) -> what it should be, or nil if it is that; true if it must be there }.

local function text(x)
  if type(x) ~= "string" or not x:find("%S") then return "a text" end
end

local function text_or_function(x)
  if type(x) ~= "function" and text(x) then return "a text or a function" end
end

local function positive(x)
  if type(x) ~= "number" or not (x > 0 and x < math.huge) then return "a number above 0" end
end

local function step_name(x)
  if type(x) ~= "string" or not x:find("^[a-z][a-z0-9_]*$") then
    return "a name of small letters, digits and _ (progress is kept under it)"
  end
end

local function list_of(what, check, least, most)
  return function(x)
    if type(x) ~= "table" then return "a list of " .. what end
    local n = #x
    for k in pairs(x) do
      if type(k) ~= "number" or k < 1 or k > n then return "a list of " .. what end
    end
    if n < least or n > (most or math.huge) then
      return most == least and ("%d %s"):format(least, what) or ("at least %d %s"):format(least, what)
    end
    for i = 1, n do
      if check and check(x[i]) then return "a list of " .. what end
    end
  end
end

local function three_hints(x)
  local wrong = list_of("hints: a nudge, a pointer, nearly the solution", text, 3, 3)(x)
  if wrong then return wrong end
  if x[1] == x[2] or x[2] == x[3] or x[1] == x[3] then return "three different hints" end
end

local lab_fields = {
  title = { text, true },
  summary = { text, true },
  minutes = { positive, true },
  after = { list_of("names of labs", text, 0) },
  steps = { list_of("steps", nil, 1) },
  parts = { list_of("parts", nil, 1) },
  finish = { text_or_function },
  uses = { list_of("names of components", text, 0) },
}

local step_fields = {
  name = { step_name, true },
  title = { text, true },
  text = { text, true },
  code = { text },
  solution = { text },
  predict = { "table" },
  hints = { three_hints, true },
  check = { "function", true },
  explain = { text_or_function, true },
}

local predict_fields = {
  question = { text, true },
  answer = { "function", true },
  unit = { text },
  tolerance = { positive },
  choices = { list_of("choices", text, 2) },
}

local part_fields = {
  name = { step_name, true },
  title = { text, true },
  points = { positive, true },
  seeds = { positive },
  hidden = { "boolean" },
  budget = { positive },
  memory = { positive },
  check = { "function", true },
}

local function fail(where, what) error({ definition = where .. ": " .. what }, 0) end

local function check_fields(x, fields, where, what)
  if type(x) ~= "table" then fail(where, ("%s should be a table, not a %s"):format(what, type(x))) end
  for key in pairs(x) do
    if not fields[key] then
      fail(where, ("%s has no field '%s'%s"):format(what, tostring(key), host.did_you_mean(tostring(key), fields)))
    end
  end
  for key, field in pairs(fields) do
    local kind, required = field[1], field[2]
    if x[key] == nil then
      if required then fail(where, ("%s needs a field '%s'"):format(what, key)) end
    else
      local wrong
      if type(kind) == "function" then
        wrong = kind(x[key])
      elseif type(x[key]) ~= kind then
        wrong = "a " .. kind
      end
      if wrong then fail(where, ("'%s' of %s should be %s"):format(key, what, wrong)) end
    end
  end
end

local function check_step(step, where)
  check_fields(step, step_fields, where, "a step")
  if (step.code == nil) == (step.solution == nil) then
    fail(where, "a step has either 'code', which is shown and run, or 'solution', which the learner is to find")
  end
  local predict = step.predict
  if not predict then return end
  check_fields(predict, predict_fields, where, "predict")
  if (predict.choices == nil) == (predict.tolerance == nil) then
    fail(where, "predict has either 'choices' or, for a number, the 'tolerance' within which a guess is right")
  end
  if predict.choices and predict.unit then fail(where, "predict with choices has no unit") end
end

local function check_names(list, where, what)
  local seen = {}
  for _, item in ipairs(list) do
    if seen[item.name] then fail(where, ("two %s are called '%s'"):format(what, item.name)) end
    seen[item.name] = true
  end
end

--- Checks the table that a lab.lua returned. Returns it, with `name`, or nil and what is wrong.
function definition.validate(lab, name)
  local ok, problem = pcall(function()
    check_fields(lab, lab_fields, name, "a lab")
    if not lab.steps and not lab.parts then fail(name, "a lab needs steps or parts") end
    for i, step in ipairs(lab.steps or {}) do
      local called = type(step) == "table" and type(step.name) == "string" and step.name or "number " .. i
      check_step(step, name .. ", step " .. called)
    end
    for i, part in ipairs(lab.parts or {}) do
      check_fields(part, part_fields, ("%s, part %d"):format(name, i), "a part")
    end
    check_names(lab.steps or {}, name, "steps")
    check_names(lab.parts or {}, name, "parts")
  end)
  if not ok then
    if type(problem) == "table" and problem.definition then return nil, problem.definition end
    error(problem, 0)
  end
  lab.name = name
  lab.after = lab.after or {}
  lab.steps = lab.steps or {}
  lab.parts = lab.parts or {}
  return lab
end

--- Reads the lab of that name. Returns it, or nil and what is wrong.
function definition.load(name)
  local file = "labs/" .. name .. "/lab.lua"
  local source = host.read_data(file)
  if not source then return nil, "there is no file " .. file end
  -- A definition sees the library and makes no globals.
  local env = setmetatable({}, {
    __index = _G,
    __newindex = function(_, key) error(("a lab makes no globals: write `local %s`"):format(tostring(key)), 2) end,
  })
  local f, message = load(source, "@" .. file, "t", env)
  if not f then return nil, message end
  local ok, lab = pcall(f)
  if not ok then return nil, tostring(lab) end
  if type(lab) ~= "table" then return nil, ("%s should return a table, it returned a %s"):format(file, type(lab)) end
  return definition.validate(lab, name)
end

--- All labs by prerequisites: a lab comes after what it needs, otherwise by name. `labs`: array of definitions.
-- Returns the sorted array, or nil and what is wrong (an unknown prerequisite, a circle).
function definition.sorted(labs)
  local by_name, names = {}, {}
  for _, lab in ipairs(labs) do
    by_name[lab.name] = lab
    names[#names + 1] = lab.name
  end
  table.sort(names)
  local sorted, state = {}, {}
  local function visit(lab)
    if state[lab.name] == "done" then return end
    if state[lab.name] == "open" then fail(lab.name, "it needs itself, by way of what comes before it") end
    state[lab.name] = "open"
    for _, before in ipairs(lab.after) do
      if not by_name[before] then
        fail(lab.name, ("there is no lab '%s' to come after%s"):format(before, host.did_you_mean(before, by_name)))
      end
      visit(by_name[before])
    end
    state[lab.name] = "done"
    sorted[#sorted + 1] = lab
  end
  local ok, problem = pcall(function()
    for _, name in ipairs(names) do visit(by_name[name]) end
  end)
  if ok then return sorted end
  if type(problem) == "table" and problem.definition then return nil, problem.definition end
  error(problem, 0)
end

return definition

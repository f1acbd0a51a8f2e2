--- Running the code of a step as if it were typed at the prompt, input by input.

local host = ...
local program = host.program
local load = load  -- learners like to give their loads this name

local code = {}

-- An input that is an expression is shown; this is how the prompt finds out, too.
local function as_expression(text) return host.compile("return nil, " .. text, "=step") ~= nil end

local function is_complete(text)
  if as_expression(text) then return true end
  return host.compile(text, "=step") ~= nil
end

--- The inputs of a piece of code: each the fewest lines that are complete. A part that is not Lua is one input.
function code.inputs(text)
  local inputs, pending = {}, nil
  for line in (text:gsub("%s+$", "") .. "\n"):gmatch("(.-)\n") do
    if pending or line:find("%S") then
      pending = pending and pending .. "\n" .. line or line
      if is_complete(pending) then
        -- Comments stay with the input after them.
        if pending:gsub("%-%-[^\n]*", ""):find("%S") then inputs[#inputs + 1], pending = pending, nil end
      end
    end
  end
  if pending and pending:gsub("%-%-[^\n]*", ""):find("%S") then inputs[#inputs + 1] = pending end
  return inputs
end

local function pack(...) return { n = select("#", ...), ... } end

--- Runs an input with its variables in `env`; `show`, if given, gets the values of an expression.
--- Raises what it raises.
function code.run(input, env, show)
  local expression = as_expression(input)
  local text = expression and "return " .. input or program.keep_locals(input)
  local f, message = load(text, "=step", "t", env)
  if not f then error(message, 0) end
  local results = pack(f())
  if show and expression and results.n > 0 then show(unpack(results, 1, results.n)) end
end

--- Runs all of a step's code without a word. Returns true, or false and the error.
function code.run_silently(text, env)
  local real_print = env.print
  rawset(env, "print", function() end)
  local ok, message = pcall(function()
    for _, input in ipairs(code.inputs(text)) do code.run(input, env) end
  end)
  rawset(env, "print", real_print)
  return ok, message
end

return code

local t = require "expect"

t.test("workload: key streams draw from the script's stream, traces from their own seed", function()
  local keys = lab.workload.zipf {
  count = 100, skew = 1 }
  for _, k in ipairs(keys:take(50)) do t.is_true(k >= 1 and k <= 100 and k % 1 == 0) end
  t.equal(keys:count(), 100)
  t.equal(tostring(keys), "KeyStream{zipf{count = 100, skew = 1}}")
  local trace = keys:trace { requests = 5000, seed = 3 }
  t.equal(trace:count(), 5000)
  t.equal(trace:take(20), keys:trace { requests = 5000, seed = 3 }:take(20))
  t.equal(lab.workload.sequential { count = 3 }:take(4), { 1, 2, 3, 1 })
end)

t.test("trace_file: what cannot be read is an error with its place", function()
  local function opening(options)
    options.path = options.path or "README.md"
    return function() return lab.workload.trace_file(options):count() end
  end
  t.raises(opening { path = "/no/such/file" }, "/no/such/file: No such file")
  t.raises(opening { path = "tests" }, "is a directory")
  t.raises(opening {}, "README.md, line %d+: more than one word")
  t.raises(opening { format = "oracle" }, "got the string 'oracle'")
  t.raises(opening { header = true }, "only for format 'csv'")
  t.raises(opening { format = "csv", id = {} }, "number of a column")
  t.raises(opening { format = "csv", id = "key" }, "no column 'key'")
  t.raises(opening { format = "csv", separator = ",," }, "one character")
end)

assert(t.summary())

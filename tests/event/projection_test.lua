local t = require "expect"

-- How far the model is behind after a second in which 50 events came and each takes 10 ms.
local function lag(factor)
  local w = lab.world { seed = 1 }
  local es = w:service("es", { filters = { lab.event.store() } })
  local model = w:service("model", { filters = { lab.event.projection { store = "es", time = 10*ms,
    apply = function(event) return { [event.stream] = event.version } end } } })
  if factor then w:inject(lab.fault.slow { target = "model", factor = factor }) end
  for i = 1, 50 do
    es:call { type = "append", stream = "s" .. i, events = { { type = "Paid" } } }
    w:run(20*ms)
  end
  return model:call { type = "status" }.lag
end

t.test("projection: its time for an event is longer where its node is slow", function()
  t.equal(lag(), 0)
  t.is_true(lag(10) > 20, "ten times as slow, it falls behind")
end)

assert(t.summary())

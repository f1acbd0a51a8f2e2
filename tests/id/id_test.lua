local t = require "expect"

local discord = { epoch = 1420070400, time_bits = 42, worker_bits = 5, process_bits = 5, worker = 1 }

t.test("snowflake: an id is a string, exact where a number would not be", function()
  local ids = lab.id.snowflake(discord)
  t.equal(ids:parse("175928847299117063"),
    { ms = 1462015105796, time = 1462015105.796, worker = 1, process = 0, sequence = 7 })
  for _ = 1, 7 do ids:next(1462015105.796) end
  t.equal(ids:next(1462015105.796), "175928847299117063")
  t.raises(function() ids:parse(175928847299117063) end, "a number is not exact")
end)

t.test("snowflake: a used-up tick gives the time to wait, a clock that went back an error", function()
  local ids = lab.id.snowflake { sequence_bits = 1 }
  ids:next(10.0002)
  ids:next(10.0002)
  local id, err, wait = ids:next(10.0002)
  t.equal({ id, err.code }, { nil, "exhausted" })
  t.near(wait, 0.0008, 1e-12)
  t.is_true(ids:next(10.0002 + wait))
  id, err, wait = ids:next(9)
  t.equal({ id, err.code, err.definite, wait }, { nil, "clock_backwards", true, nil })
end)

t.test("ids: take lets the clock go on where it must", function()
  local list, now = lab.id.snowflake { sequence_bits = 2 }:take(10, 5)
  t.equal(#list, 10)
  t.near(now, 5.002, 1e-9)
  t.equal(lab.id.audit(list).duplicates, 0)
  local _, err = lab.id.snowflake { time_bits = 2, sequence_bits = 1 }:take(100, 0)
  t.equal(err.code, "exhausted")
end)

t.test("ids: the same seed gives the same ids, another one others", function()
  for _, kind in ipairs { "uuid", "ulid" } do
    local make = lab.id[kind]
    t.equal(make { seed = 5 }:next(1), make { seed = 5 }:next(1))
    t.is_true(make { seed = 5 }:next(1) ~= make { seed = 6 }:next(1))
  end
end)

t.test("ids: text that is none comes back as malformed", function()
  for _, ids in ipairs { lab.id.snowflake {}, lab.id.uuid {}, lab.id.ulid {} } do
    for _, text in ipairs { "", "x", "-5", "01ARZ3NDEKTSV4RRFFQ69G5FA!" } do
      local fields, err = ids:parse(text)
      t.equal({ fields, err.code }, { nil, "malformed" })
    end
  end
end)

t.test("ids: mistakes are named", function()
  t.raises(function() lab.id.snowflake { worker = 1024 } end, "bad option 'worker'.*1024 does not fit into 10 bits")
  t.raises(function() lab.id.snowflake { time_bits = 50 } end, "bad option 'time_bits'.*an id has 64")
  t.raises(function() lab.id.snowflake { epoch = 0 / 0 } end, "bad option 'epoch'")
  t.raises(function() lab.id.snowflake { epoch = -1 } end, "bad option 'epoch'")
  t.raises(function() lab.id.snowflake { tick = 0 } end, "bad option 'tick'")
  t.raises(function() lab.id.snowflake { tick = 1e-9 } end, "bad option 'tick'")
  t.raises(function() lab.id.snowflake { wroker = 1 } end, "did you mean 'worker'")
  t.raises(function() lab.id.snowflake {}:next(0 / 0) end, "bad argument 'now'")
  t.raises(function() lab.id.snowflake {}:next(1e300) end, "bad argument 'now'")
  t.raises(function() lab.id.snowflake {}:take(1.5) end, "bad argument 'n'")
  t.raises(function() lab.id.uuid { version = 5 } end, "bad option 'version'.*expected 4 or 7")
  t.raises(function() lab.id.uuid { version = 4, monotonic = "counter" } end, "bad option 'monotonic'")
  t.raises(function() lab.id.ulid { after = "8" } end, "bad option 'after'")
  t.raises(function() lab.id.base62 { alphabet = "abca" } end, "bad option 'alphabet'.*'a' is there twice")
  t.raises(function() lab.id.base62():encode(-1) end, "bad argument 'number'")
  t.raises(function() lab.id.base62():encode(1.5) end, "bad argument 'number'")
  t.raises(function() lab.id.base62():encode(2 ^ 60) end, "larger ones as a string of digits")
  t.raises(function() lab.id.base62():encode("18446744073709551616") end, "is above 18446744073709551615")
  t.raises(function() lab.id.short_codes { length = 12 } end, "bad option 'length'")
  t.raises(function() lab.id.short_codes { length = 0 } end, "bad option 'length'")
  t.raises(function() lab.id.tickets { server = "x", lease = 5, refill = 5 } end, "bad option 'refill'")
  t.raises(function() lab.id.filter { generator = lab.id.ulid {}, worker = "node" } end, "knows no workers")
end)

t.test("base62: decode tells what is wrong", function()
  local b = lab.id.base62()
  t.equal(b:decode("LygHa16AHYF"), "18446744073709551615")
  t.equal(b:encode("18446744073709551615"), "LygHa16AHYF")
  t.equal(b:encode(7, 4), "0007")
  local value, err = b:decode("LygHa16AHYG")
  t.equal({ value, err.code, err.message }, { nil, "malformed", "the number is 2^64 or more" })
end)

t.test("short_codes: measured collisions stand beside those of theory", function()
  local codes = lab.id.short_codes { method = "random", length = 3, seed = 4 }
  t.equal(codes:fill(50000), 50000)
  local s = codes:stats()
  t.equal({ s.size, s.space, s.tries }, { 50000, 62 ^ 3, 50000 + s.collisions })
  t.near(s.collisions / s.expected_collisions, 1, 0.05)
  t.equal(lab.id.short_codes { length = 1 }:fill(62), 62)
  local n, err = lab.id.short_codes { length = 1, method = "counter" }:fill(63)
  t.equal({ n, err.code }, { nil, "exhausted" })
end)

-- A fleet that makes ids, and everything it made.
local function collect(w, nodes, n)
  local ids, errors = {}, {}
  for _ = 1, n do
    for _, node in ipairs(nodes) do
      w:spawn(function()
        local id, err = node:call { type = "id" }
        if id then ids[#ids + 1] = id else errors[err.code] = (errors[err.code] or 0) + 1 end
      end)
    end
    w:run(0.001)
  end
  w:run(1)
  return ids, errors
end

t.test("in a world: workers of one number repeat each other, numbered by their nodes they do not", function()
  for _, numbering in ipairs { "given", "node" } do
    local w = lab.world { seed = 1 }
    local filter = lab.id.filter { generator = lab.id.snowflake {}, worker = numbering }
    local fleet = w:fleet("ids", 3, { filters = { filter }, slots = 8 })
    local ids = collect(w, fleet, 100)
    local audit = lab.id.audit(ids)
    t.equal(audit.ids, 300)
    t.equal(audit.duplicates == 0, numbering == "node")
  end
end)

t.test("in a world: a stepped clock refuses ids, until it is where it was", function()
  local w = lab.world { seed = 1 }
  local node = w:service("ids", { filters = { lab.id.filter { generator = lab.id.snowflake {} } } })
  w:run(5)
  t.is_true(node:call { type = "id" })
  w:inject(lab.fault.clock_step { target = "ids", by = -2 })
  local _, err = node:call { type = "id" }
  t.equal(err.code, "clock_backwards")
  w:run(2)
  t.is_true(node:call { type = "id" })
end)

t.test("in a world: a used-up sequence waits by the node's timer", function()
  local w = lab.world { seed = 1 }
  local generator = lab.id.snowflake { sequence_bits = 0, tick = 10*ms }
  local node = w:service("ids", { slots = 10, filters = { lab.id.filter { generator = generator } } })
  local ids = collect(w, { node }, 5)
  t.equal(#ids, 5)
  t.equal(node:state().filters[1].issued, 5)
  t.is_true(node:state().filters[1].waits > 0)
end)

-- Numbers of three apps that lease from one server, with crashes; how many are lost and how many come twice.
local function ticket_run(options, fault)
  local w = lab.world { seed = 3 }
  w:service("tickets", { filters = { lab.id.ticket_server(options) } })
  local apps = w:fleet("app", 3, { slots = 8, filters = { lab.id.tickets { server = "tickets", lease = 20 } } })
  local ids = collect(w, apps, 50)
  w:inject(fault.crash)
  w:inject(fault.restart)
  for _, id in ipairs(collect(w, apps, 50)) do ids[#ids + 1] = id end
  return lab.id.audit(ids)
end

t.test("tickets: an app that crashes leaves a gap, at most one lease, and nothing comes twice", function()
  local calm = ticket_run({ reserve = 100 }, { crash = lab.fault.heal_all(), restart = lab.fault.heal_all() })
  local crashed = ticket_run({ reserve = 100 },
    { crash = lab.fault.crash("app-1"), restart = lab.fault.restart("app-1") })
  t.equal({ calm.duplicates, crashed.duplicates }, { 0, 0 })
  t.is_true(crashed.missing > calm.missing, "a crash leaves a gap")
  t.is_true(crashed.missing - calm.missing <= 20, "a gap of at most one lease")
end)

t.test("tickets: a server that crashes loses its reserve, and repeats numbers only if it does not sync", function()
  local fault = { crash = lab.fault.crash("tickets"), restart = lab.fault.restart("tickets") }
  local safe = ticket_run({ reserve = 1000 }, fault)
  t.equal(safe.duplicates, 0)
  t.is_true(safe.missing > 500 and safe.missing <= 1000 + 3 * 20)
  local hasty = ticket_run({ reserve = 1000, sync = false }, fault)
  t.is_true(hasty.duplicates > 0, "without a sync the crash makes numbers come twice")
end)

assert(t.summary())

local t = require "expect"

t.test("limiter: admits, refuses, and says when", function()
  local bucket = lab.limit.token_bucket { rate = 10, burst = 2 }
  t.equal({ bucket:admit(0) }, { true, 0, 1, 0 })
  t.equal({ bucket:admit(0) }, { true, 0, 0, 0 })
  t.equal({ bucket:peek(0) }, { false, 0.1, 0, 0 })
  t.equal({ bucket:admit(0.05) }, { false, 0.05, 0.5, 0 })
  t.equal((bucket:admit(0.1)), true)
  t.equal({ bucket:admit(0.1, 3) }, { false, math.huge, 0, 0 })
  bucket:reset()
  t.equal((bucket:admit(0, 2)), true)
  t.equal(tostring(bucket), "Limiter{token_bucket{rate = 10, burst = 2}}")
end)

t.test("limiter: the burst is one second of rate, and at least one token", function()
  t.equal(select(3, lab.limit.token_bucket { rate = 10 }:peek(0, 10)), 0)
  t.equal(select(3, lab.limit.token_bucket { rate = 0.1 }:peek(0, 1)), 0)
end)

t.test("limiter: a bucket for every key, in bounded memory", function()
  local limiter = lab.limit.token_bucket { rate = 1, burst = 1, max_keys = 2 }
  t.equal((limiter:admit("alice", 0)), true)
  t.equal((limiter:admit("alice", 0)), false)
  t.equal((limiter:admit(7, 0)), true)
  t.equal((limiter:peek("7", 0)), true)
  t.equal(limiter:size(), 2)
  t.equal((limiter:admit("carol", 0)), true) -- somebody's empty bucket is forgotten
  t.equal(limiter:size(), 2)
  t.equal(limiter:forgotten(), 1)
  t.equal(tostring(limiter), "KeyedLimiter{token_bucket{rate = 1, burst = 1}, 2 of 2 keys}")
end)

t.test("limiter: mistakes are named", function()
  local bucket = lab.limit.token_bucket { rate = 1 }
  t.raises(function() lab.limit.token_bucket { burst = 1 } end, "missing option 'rate'")
  t.raises(function() lab.limit.token_bucket { rate = 0 } end, "bad option .rate.")
  t.raises(function() lab.limit.token_bucket { rate = 1e-9, burst = 100 } end, "70 years")
  t.raises(function() bucket:admit(0, 0) end, "bad argument 'cost'")
  t.raises(function() bucket:admit(0 / 0) end, "bad argument 'now'")
  t.raises(function() bucket:admit("soon") end, "bad argument 'now'")
  t.raises(function() lab.limit.token_bucket { rate = 1, max_keys = 1 }:admit() end, "bad argument 'key'")
end)

t.test("limiter: the GCRA table of 5 at one a second", function()
  local gcra = lab.limit.gcra { rate = 1, burst = 5 }
  local got = {}
  for _, row in ipairs { { 0, 6 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 0, 1 }, { 3000, 1 }, { 3100, 1 },
    { 4000, 1 }, { 8000, 1 }, { 9500, 1 }, { 9500, 2 }, { 9500, 5 } } do
    local admitted, _, remaining = gcra:admit(row[1] * ms, row[2])
    got[#got + 1] = ("%d,%d->%s,%d"):format(row[1], row[2], admitted and "F" or "T", remaining)
  end
  t.equal(table.concat(got, " "),
    "0,6->T,5 0,1->F,4 0,1->F,3 0,1->F,2 0,1->F,1 0,1->F,0 0,1->T,0 3000,1->F,2 3100,1->F,1 4000,1->F,1 " ..
    "8000,1->F,4 9500,1->F,4 9500,2->F,2 9500,5->T,2")
end)

t.test("limiter: 100 a second normally, a sale at 1000 a second lives on 500 saved tokens", function()
  local bucket = lab.limit.token_bucket { rate = 100, burst = 500 }
  for i = 0, 5999 do assert(bucket:admit(i * 0.01)) end
  t.equal((bucket:peek(60, 500)), true)
  local first_refused
  local passed = { 0, 0, 0 }
  for i = 0, 2999 do
    if bucket:admit(60 + i * 0.001) then
      passed[math.floor(i / 1000) + 1] = passed[math.floor(i / 1000) + 1] + 1
    else
      first_refused = first_refused or i
    end
  end
  t.equal(first_refused, 555)
  t.equal(passed, { 599, 100, 100 })
end)

t.test("limiter: of 150 at once at a leaky bucket of 100 a second exactly 50 are dropped", function()
  for _, options in ipairs { { rate = 100, burst = 100 }, { rate = 100, burst = 100, form = "queue" },
    { rate = 100, burst = 99, form = "openresty" } } do
    local bucket = lab.limit.leaky_bucket(options)
    local dropped, last_delay = 0, nil
    for _ = 1, 150 do
      local admitted, _, _, delay = bucket:admit(1)
      if admitted then last_delay = delay else dropped = dropped + 1 end
    end
    t.equal(dropped, 50)
    t.near(last_delay, options.form and 0.99 or 0, 1e-12)
  end
end)

t.test("limiter: a fixed window admits twice its limit across a boundary, a log does not", function()
  local function across(limiter)
    local passed = 0
    for i = 1, 400 do
      if limiter:admit(i <= 200 and 59.999 or 60.001) then passed = passed + 1 end
    end
    return passed
  end
  t.equal(across(lab.limit.fixed_window { limit = 100, window = 60 }), 200)
  t.equal(across(lab.limit.sliding_log { limit = 100, window = 60 }), 100)
  t.equal(across(lab.limit.sliding_window { limit = 100, window = 60 }), 101) -- 99.997 still count: below 100
end)

t.test("limiter: to OpenResty's leaky bucket a clock that steps back has elapsed", function()
  local function after_step(form)
    local bucket = lab.limit.leaky_bucket { rate = 1, burst = 4, form = form }
    for _ = 1, 10 do bucket:admit(100) end
    local passed = 0
    for _ = 1, 10 do
      if bucket:admit(40) then passed = passed + 1 end
    end
    return passed
  end
  t.equal(after_step("openresty"), 5)
  t.equal(after_step("meter"), 0)
end)

t.test("limiter: Cloudflare's sliding window, 84 * 0.7 and 42 * 0.75 + 18", function()
  local minute = lab.limit.sliding_window { limit = 100, window = 60 }
  for i = 0, 83 do assert(minute:admit(i / 2)) end
  local passed = 0
  for _ = 1, 100 do
    if minute:admit(78) then passed = passed + 1 end
  end
  t.equal(passed, 42) -- 58.8 + 41 is below 100, 58.8 + 42 is not
  local fifty = lab.limit.sliding_window { limit = 50, window = 60 }
  for i = 0, 41 do assert(fifty:admit(i)) end
  for _ = 1, 18 do assert(fifty:admit(74.9)) end
  t.equal((fifty:admit(75)), true) -- 49.5 is below 50
  t.equal((fifty:admit(75)), false)
end)

t.test("limiter: what is inside at once", function()
  local limit = lab.limit.concurrency { limit = 2, burst = 1, unit_delay = 0.1 }
  t.equal({ limit:acquire() }, { true, 0, 2 })
  t.equal({ limit:acquire() }, { true, 0, 1 })
  t.equal({ limit:peek() }, { true, 0.1, 0 })
  t.equal({ limit:acquire() }, { true, 0.1, 0 })
  t.equal({ limit:acquire() }, { false, 0, 0 })
  t.equal(limit:in_flight(), 3)
  limit:release(0.3)
  t.equal({ limit:acquire() }, { true, 0.2, 0 }) -- half way from 0.1 to 0.3
  for _ = 1, 3 do limit:release() end
  t.raises(function() limit:release() end, "release without acquire")
  t.raises(function() limit:release(-1) end, "latency")
  limit:acquire()
  t.raises(function() limit:release(0.1, "lost") end, "'success', 'dropped' or 'ignored'")
  t.equal(tostring(limit), "ConcurrencyLimiter{concurrency{limit = 2, burst = 1, unit_delay = 0.1}, 1 inside}")

  local keyed = lab.limit.concurrency { limit = 1, max_keys = 2 }
  t.equal((keyed:acquire("a")), true)
  t.equal((keyed:acquire("a")), false)
  t.equal((keyed:acquire("b")), true)
  t.equal((keyed:acquire("c")), false) -- two keys are inside, and more are not kept
  keyed:release("b")
  t.equal((keyed:acquire("c")), true)
  t.equal(keyed:size(), 2)
  t.raises(function() keyed:release("b") end, "release without acquire")
end)

t.test("limiter: limits that learn", function()
  local aimd = lab.limit.aimd { initial = 10, backoff = 0.5, timeout = 1 }
  for _ = 1, 10 do aimd:acquire() end
  aimd:release(0.1)
  t.equal(aimd:limit(), 11)
  aimd:release(2)
  t.equal(aimd:limit(), 5)
  aimd:release(0.1, "dropped")
  t.equal(aimd:limit(), 2)
  local gradient = lab.limit.gradient2 { initial = 20, smoothing = 0.5, queue = 4 }
  for _ = 1, 15 do gradient:acquire() end
  gradient:release(0.01)
  t.near(gradient:limit(), 22, 1e-12) -- 20 * 0.5 + (20 + 4) * 0.5
end)

t.test("limiter: keys that are idle take no memory", function()
  local limiter = lab.limit.token_bucket { rate = 10, burst = 1, max_keys = 1e6 }
  for i = 1, 20000 do limiter:admit(i, i * 0.001) end -- each is idle after 100 others
  t.is_true(limiter:size() < 1000)
  t.is_true(limiter:size_bytes() < 100000)
  t.equal(limiter:forgotten(), 0)
end)

t.test("limiter: a limit that nodes share", function()
  local function passed(options)
    local w = lab.world { seed = 3 }
    local store = w:service("store", { time = 0.1 * ms, slots = 4, filters = { lab.limit.store() } })
    if options.form ~= "local" then options.store = store end
    local api = w:fleet("api", 4, { filters = { lab.limit.shared(options) } })
    local loads = {}
    for i, node in ipairs(api) do loads[i] = w:load { to = node, rate = 200, name = "users-" .. i } end
    w:run(10)
    local ok = 0
    for _, load in ipairs(loads) do ok = ok + load:data().ok end
    return ok
  end
  -- 100 a second and 100 saved for ten seconds are 1100.
  t.near(passed { form = "central", rate = 100, burst = 100 }, 1100, 5)
  t.near(passed { form = "local", rate = 100, burst = 100, nodes = 4 }, 1100, 5)
  t.near(passed { form = "local", rate = 100, burst = 100, nodes = 4, share = "full" }, 4400, 20)
  local batched = passed { form = "batched", rate = 100, burst = 100, interval = 0.1 }
  t.is_true(batched > 1000 and batched <= 1100 + 4 * 100 * 0.1)
end)

t.test("limiter: a dry run counts what it would refuse", function()
  local w = lab.world { seed = 1 }
  local filter = lab.limit.filter { limiter = lab.limit.token_bucket { rate = 1, burst = 2 }, dry_run = true }
  local api = w:service("api", { filters = { filter } })
  for _ = 1, 5 do t.equal(api:call().node, "api") end
end)

t.test("limiter: mistakes with the options of all the others are named", function()
  local cases = {
    { function() lab.limit.gcra { rate = -1 } end, "bad option .rate." },
    { function() lab.limit.gcra { rate = 0 / 0 } end, "bad option .rate." },
    { function() lab.limit.gcra { rate = 1, burst = 0 } end, "bad option .burst." },
    { function() lab.limit.leaky_bucket { rate = 1, burst = 0 } end, "bad option .burst." },
    { function() lab.limit.leaky_bucket { rate = 1, form = "meteor" } end, "meter" },
    { function() lab.limit.leaky_bucket { rate = 1e-9, burst = 1e9, form = "openresty" } end, "70 years" },
    { function() lab.limit.fixed_window { limit = 0 } end, "bad option .limit." },
    { function() lab.limit.fixed_window { limit = 1, window = 0 } end, "bad option .window." },
    { function() lab.limit.fixed_window { limit = 1, windw = 1 } end, "window" },
    { function() lab.limit.sliding_window { limit = 1, window = 1e12 } end, "70 years" },
    { function() lab.limit.sliding_log { limit = 1e7 } end, "bad option .limit." },
    { function() lab.limit.sliding_log { limit = 0 / 0 } end, "bad option .limit." },
    { function() lab.limit.token_bucket { rate = 1, max_keys = 0 } end, "bad option .max_keys." },
    { function() lab.limit.concurrency { limit = 0 } end, "bad option .limit." },
    { function() lab.limit.concurrency { limit = 1.5 } end, "bad option .limit." },
    { function() lab.limit.aimd { initial = 5, min = 6 } end, "bad option .min." },
    { function() lab.limit.aimd { initial = 5, max = 4 } end, "bad option .max." },
    { function() lab.limit.aimd { backoff = 1 } end, "bad option .backoff." },
    { function() lab.limit.gradient2 { tolerance = 0.5 } end, "bad option .tolerance." },
    { function() lab.limit.shared { form = "central", rate = 1 } end, "bad option .store." },
    { function() lab.limit.shared { form = "locale", rate = 1 } end, "local" },
    { function() lab.limit.shared { form = "local", rate = 1, store = "db" } end, "bad option .store." },
    { function() lab.limit.shared { form = "local", rate = 1e-9, burst = 1e9 } end, "70 years" },
    { function() lab.limit.filter { limiter = 5 } end, "expected a limiter" },
    { function() lab.limit.store { max_keys = 0 } end, "bad option .max_keys." },
  }
  for _, case in ipairs(cases) do t.raises(case[1], case[2]) end
end)

assert(t.summary())

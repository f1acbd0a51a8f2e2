local t = require "expect"

t.test("bloom: reports its keys, and strangers as often as it says", function()
  local seen = lab.sketch.bloom { capacity = 10000, fp_rate = 0.01 }
  t.equal(seen:add_all(10000), 10000)
  t.equal(seen:size(), 10000)
  for key = 1, 10000, 97 do t.is_true(seen:contains(key)) end
  local reported = 0
  for key = 20001, 70000 do if seen:contains(key) then reported = reported + 1 end end
  t.near(reported / 50000 / seen:fp_rate(), 1, 0.15)
  t.equal(tostring(seen), "MembershipFilter{bloom{bits = 95851, hashes = 7}}")
  t.raises(function() seen:remove(5) end, "cannot forget a key")
end)

t.test("bloom: 5 and \"5\" are different keys", function()
  local seen = lab.sketch.bloom { capacity = 100, fp_rate = 1e-6 }
  seen:add(5)
  t.equal({ seen:contains(5), seen:contains("5") }, { true, false })
end)

t.test("counting and cuckoo filters forget; a full one says so", function()
  for _, filter in ipairs { lab.sketch.bloom { capacity = 100, counting = true, fp_rate = 1e-4 },
    lab.sketch.cuckoo_filter { capacity = 100, fp_rate = 1e-4 } } do
    filter:add("a")
    filter:add("b")
    t.is_true(filter:remove("a"))
    t.equal({ filter:contains("a"), filter:contains("b"), filter:remove("c") }, { false, true, false })
  end
  local filter = lab.sketch.cuckoo_filter { capacity = 100 }
  local n, err = filter:add_all(1000)
  t.equal({ n, err.code, err.definite }, { nil, "full", true })
  t.is_true(filter:size() >= 100 and filter:size() <= 128)
end)

t.test("merge: two halves make the whole, and what differs is refused", function()
  local function halves(make)
    local a, b = make(), make()
    return a, b
  end
  local a, b = halves(function() return lab.sketch.hyperloglog { precision = 12 } end)
  a:add_all(5000)
  for key = 4001, 8000 do b:add(key) end
  t.is_true(a:merge(b))
  t.near((a:estimate()), 8000, 8000 * 0.06)
  local done, err = a:merge(lab.sketch.hyperloglog { precision = 11 })
  t.equal({ done, err.code }, { nil, "conflict" })
  t.raises(function() a:merge(lab.sketch.count_min {}) end, "bad argument 'other'")
  local cuckoo = lab.sketch.cuckoo_filter { capacity = 10 }
  done, err = cuckoo:merge(lab.sketch.cuckoo_filter { capacity = 10 })
  t.equal({ done, err.code }, { nil, "conflict" })
  done, err = cuckoo:merge(lab.sketch.bloom { capacity = 10 })
  t.equal({ done, err.code }, { nil, "conflict" })
end)

t.test("accuracy: measured stands beside theory, bytes beside bytes", function()
  local trace = lab.workload.zipf { count = 20000, skew = 1 }:trace { requests = 100000 }
  for _, sketch in ipairs { lab.sketch.bloom { capacity = 20000 }, lab.sketch.cuckoo_filter { capacity = 20000 },
    lab.sketch.count_min {}, lab.sketch.hyperloglog {}, lab.sketch.space_saving {} } do
    local a = sketch:accuracy(trace)
    t.equal({ a.items, a.memory }, { 100000, sketch:memory() })
    t.is_true(a.keys > 1000 and a.keys <= 20000)
    t.near(a.quotient, a.measured / a.theory, 1e-12)
    t.near(a.memory_quotient, a.memory / a.theory_memory, 1e-12)
    t.is_true(a.quotient > 0 and a.quotient < 1.3, tostring(sketch) .. " " .. a.quotient)
    t.is_true(type(a.error) == "string" and a.exact_memory > 0)
  end
end)

t.test("count_min and space_saving: counts, and what they may be off", function()
  local counts = lab.sketch.count_min { width = 1000, depth = 4 }
  for i = 1, 100 do counts:add("k" .. i, i) end
  t.equal(counts:total(), 5050)
  t.is_true(counts:estimate("k50") >= 50)
  local epsilon, delta = counts:bounds()
  t.near(epsilon, math.exp(1) / 1000, 1e-12)
  t.near(delta, math.exp(-4), 1e-12)
  local top = lab.sketch.space_saving { places = 3 }
  for _, key in ipairs { "a", "b", "a", 7, "a", "b", "c" } do top:add(key) end
  t.equal(top:top(2), { { key = "a", count = 3, error = 0 }, { key = "b", count = 2, error = 0 } })
  t.equal({ top:estimate("c") }, { 2, 1 })
  t.equal({ top:estimate(8) }, { 2, 2 })
  t.equal(top:total(), 7)
end)

t.test("sketches: mistakes are named", function()
  local s = lab.sketch
  t.raises(function() s.bloom {} end, "bad option 'capacity'.*give it, or bits")
  t.raises(function() s.bloom { capacity = 0 } end, "bad option 'capacity'")
  t.raises(function() s.bloom { capacity = 0 / 0 } end, "bad option 'capacity'")
  t.raises(function() s.bloom { capacity = 10, fp_rate = 0 } end, "bad option 'fp_rate'")
  t.raises(function() s.bloom { capacity = 10, fp_rate = 1 } end, "bad option 'fp_rate'")
  t.raises(function() s.bloom { capacity = 10, fp_rate = 0 / 0 } end, "bad option 'fp_rate'")
  t.raises(function() s.bloom { capacity = 1e12 } end, "would take .* GB")
  t.raises(function() s.bloom { bits = 0 } end, "bad option 'bits'")
  t.raises(function() s.bloom { bits = 10, capacity = 10 } end, "give either it or bits")
  t.raises(function() s.bloom { capacity = 10, hashes = 3 } end, "bad option 'hashes'")
  t.raises(function() s.bloom { capcity = 10 } end, "did you mean 'capacity'")
  t.raises(function() s.cuckoo_filter { capacity = 0 } end, "bad option 'capacity'")
  t.raises(function() s.cuckoo_filter { capacity = 2 ^ 36, fingerprint_bits = 32 } end, "would take .* GB")
  t.raises(function() s.cuckoo_filter { capacity = 5, fingerprint_bits = 3 } end, "bad option 'fingerprint_bits'")
  t.raises(function() s.count_min { epsilon = 1 } end, "bad option 'epsilon'")
  t.raises(function() s.count_min { epsilon = 1e-300 } end, "would take .* GB")
  t.raises(function() s.count_min { epsilon = 0.1, width = 5 } end, "give either it or epsilon")
  t.raises(function() s.count_min {}:add("a", 0) end, "bad argument 'count'")
  t.raises(function() s.count_min {}:add("a", 0 / 0) end, "bad argument 'count'")
  t.raises(function() s.count_min {}:add("a", 1.5) end, "bad argument 'count'")
  t.raises(function() s.count_min {}:add(0 / 0) end, "NaN is no key")
  t.raises(function() s.count_min {}:add({}) end, "bad argument 'key'")
  t.raises(function() s.hyperloglog { precision = 3 } end, "bad option 'precision'")
  t.raises(function() s.hyperloglog { error = 1e-6 } end, "the largest precision, 18, reaches 0.00203")
  t.raises(function() s.space_saving { places = 0 } end, "bad option 'places'")
  t.raises(function() s.space_saving { epsilon = 1e-9 } end, "bad option 'epsilon'")
  t.raises(function() s.space_saving {}:add(-1) end, "bad argument 'key'")
  t.raises(function() s.bloom { capacity = 1 }:accuracy(0) end, "bad argument 'keys'")
  t.raises(function() s.bloom { capacity = 1 }:accuracy("x") end, "bad argument 'keys'")
  t.raises(function() s.bloom { capacity = 1 }:add_all(1e9) end, "bad argument 'keys'")
end)

t.test("sketches: ten million keys", function()
  local seen, visitors = lab.sketch.bloom { capacity = 1e7 }, lab.sketch.hyperloglog {}
  t.equal(seen:add_all(1e7), 1e7)
  visitors:add_all(1e7)
  local n, err = visitors:estimate()
  t.near(n / 1e7, 1, 3 * err)
  t.is_true(seen:contains(1e7) and seen:contains(1))
end)

assert(t.summary())

local t = require "expect"

t.test("limiter: admits, refuses, and says when", function()
  local bucket = lab.limit.token_bucket { rate = 10, burst = 2 }
  t.equal({ bucket:admit(0) }, { true, 0, 1 })
  t.equal({ bucket:admit(0) }, { true, 0, 0 })
  t.equal({ bucket:peek(0) }, { false, 0.1, 0 })
  t.equal({ bucket:admit(0.05) }, { false, 0.05, 0.5 })
  t.equal((bucket:admit(0.1)), true)
  t.equal({ bucket:admit(0.1, 3) }, { false, math.huge, 0 })
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

assert(t.summary())

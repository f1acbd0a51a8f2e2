-- Write a token bucket for every client: savings, refusals that say when, a clock that steps back, bounded memory.

-- Times and rates of the checks are such that the sums of a correct bucket are exact in floating point: times are
-- multiples of 1/64 s, rates and bursts whole numbers. So a decision is right or wrong, never a matter of rounding.
local function ticks(n) return n / 64 end

local function bucket_of(submission, options)
  return submission:load().new(options)
end

-- admit(), with its results checked for their types.
local function admit(t, bucket, key, now, cost)
  local admitted, retry_after = bucket:admit(key, now, cost)
  t.that(type(admitted) == "boolean", ("admit(%q, %g, %g) returns true or false first"):format(key, now, cost),
    "it returned " .. tostring(admitted))
  t.that(type(retry_after) == "number" and retry_after >= 0,
    ("admit(%q, %g, %g) returns seconds to wait as its second result"):format(key, now, cost),
    "it returned " .. tostring(retry_after))
  return admitted, retry_after
end

local function text_of(options)
  return ("a bucket of %g a second that holds %g"):format(options.rate, options.burst)
end

local function passes_text(passes) return passes and "passes" or "is refused" end

return {
  title = "Build it: a token bucket",
  minutes = 45,
  summary = [[
You write the limiter that most APIs have: a bucket of tokens for every client. It takes some forty lines; the parts
ask for what is usually forgotten in them.]],
  after = { "rate-limiting" },

  parts = {
    {
      name = "burst",
      title = "A full bucket at first, and a refusal takes nothing",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local options = { rate = math.random(1, 20), burst = math.random(3, 30), max_keys = 10 }
        local bucket = bucket_of(submission, options)
        local now = ticks(math.random(0, 6400))
        local left = options.burst
        -- Takes 1 to 3 at a time until nothing is left; what is too much must not make it less.
        for step = 1, 200 do
          local cost = math.random(1, 3)
          local expected = cost <= left
          local passes = admit(t, bucket, "a", now, cost)
          t.that(passes == expected,
            ("at %s, all in one moment, request %d, which costs %d of %d left, %s"):format(text_of(options), step, cost,
              left, passes_text(expected)), "it " .. passes_text(passes))
          if passes then left = left - cost end
          if left == 0 then break end
        end
        t.that(not admit(t, bucket, "a", now, 1), "an empty bucket refuses", "it admits")
      end,
    },
    {
      name = "refill",
      title = "It fills at its rate, and never beyond its burst",
      points = 25,
      seeds = 10,
      check = function(t, submission)
        local options = { rate = math.random(1, 40), burst = math.random(2, 40), max_keys = 10 }
        local bucket = bucket_of(submission, options)
        local ours = lab.limit.token_bucket { rate = options.rate, burst = options.burst }
        local now = 0
        for step = 1, 250 do
          -- Rush and calm in turn, and sometimes nothing for long, so that it gets full.
          local most = math.floor(step / 50) % 2 == 0 and 1 or 4
          now = now + ticks(math.random(0, math.max(1, math.floor(most * 64 / options.rate))))
          if math.random() < 0.03 then now = now + math.ceil(2 * options.burst / options.rate) end
          local cost = math.random(1, math.min(3, options.burst))
          local expected, _, left = ours:admit(now, cost)
          local passes = admit(t, bucket, "a", now, cost)
          t.that(passes == expected,
            ("at %s, request %d at %g s, which costs %d, %s (there are %g tokens afterwards)"):format(text_of(options),
              step, now, cost, passes_text(expected), left), "it " .. passes_text(passes))
        end
      end,
    },
    {
      name = "retry",
      title = "A refusal says when to come back",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local options = { rate = 2 ^ math.random(0, 4), burst = math.random(2, 20), max_keys = 10 }
        local bucket = bucket_of(submission, options)
        local ours = lab.limit.token_bucket { rate = options.rate, burst = options.burst }
        local now, refused = 0, 0
        for _ = 1, 120 do
          now = now + ticks(math.random(0, 12))
          local cost = math.random(1, options.burst + 1)
          local expected, wait = ours:admit(now, cost)
          local passes, retry_after = admit(t, bucket, "a", now, cost)
          t.that(passes == expected, ("at %s, a request at %g s that costs %d %s"):format(text_of(options), now, cost,
            passes_text(expected)), "it " .. passes_text(passes))
          t.that(wait == retry_after or math.abs(wait - retry_after) < 1e-9,
            ("at %s, a request at %g s that costs %d and %s may come back after %g s"):format(text_of(options), now,
              cost, passes_text(passes), wait), ("it says %g s"):format(retry_after))
          if not passes and wait < math.huge and refused < 20 then
            refused = refused + 1
            now = now + wait
            ours:admit(now, cost)
            t.that((admit(t, bucket, "a", now, cost)), "who comes back when he was told to passes",
              "he is refused again")
          end
        end
      end,
    },
    {
      name = "clock",
      title = "A clock that steps back gives nothing and takes nothing",
      points = 15,
      seeds = 10,
      check = function(t, submission)
        local options = { rate = math.random(1, 10), burst = math.random(2, 10), max_keys = 10 }
        local bucket = bucket_of(submission, options)
        local ours = lab.limit.token_bucket { rate = options.rate, burst = options.burst }
        local now = 100
        for step = 1, 120 do
          now = now + ticks(math.random(0, 20))
          -- A step back by up to a minute, for a few requests; then the clock is right again.
          local seen = step % 10 < 3 and now - math.random(1, 60) or now
          local expected = ours:admit(seen, 1)
          local passes = admit(t, bucket, "a", seen, 1)
          t.that(passes == expected,
            ("at %s, a request at %g s, after one at %g s, %s"):format(text_of(options), seen, now,
              passes_text(expected)), "it " .. passes_text(passes))
        end
      end,
    },
    {
      name = "keys",
      title = "A bucket for each client, in bounded memory",
      points = 20,
      seeds = 10,
      memory = 8 * 2 ^ 20,
      check = function(t, submission)
        local options = { rate = 10, burst = 2, max_keys = math.random(50, 100) }
        local bucket = bucket_of(submission, options)
        local busy = lab.limit.token_bucket { rate = options.rate, burst = options.burst }
        local now, used, empty = 0, 0, 0
        -- One client that always wants more, among strangers that each come once and are idle again after 0.1 s, that
        -- is after some ten others: so there is always an idle one to forget.
        for i = 1, 600 do
          now = now + ticks(1)
          local stranger = ("s-%d"):format(i)
          t.that((admit(t, bucket, stranger, now, 1)), ("%s, who never came before, passes"):format(stranger),
            "he is refused")
          local expected = busy:admit(now, 1)
          local passes = admit(t, bucket, "busy", now, 1)
          t.that(passes == expected, ("the busy client %s at %g s, after %d strangers"):format(passes_text(expected),
            now, i), ("he %s: was his bucket forgotten?"):format(passes_text(passes)))
          if passes then used = used + 1 else empty = empty + 1 end
          if i % 100 == 0 then
            local size = bucket:size()
            t.that(type(size) == "number" and size >= 2 and size <= options.max_keys,
              ("after %d clients it holds at most max_keys = %d buckets"):format(i, options.max_keys),
              "size() is " .. tostring(size))
          end
        end
        t.that(used > 0 and empty > 0, "the busy client passes at times and is refused at times", "he does not")
      end,
    },
  },
}

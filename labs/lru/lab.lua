-- Build an LRU cache: correct first, then in constant time.

-- What the submission made, or a sentence why it cannot be used.
local function cache_of(t, submission, capacity)
  local m = submission:load()
  t.that(type(m) == "table", "the file returns a table with a function `new`", "it returned " .. type(m))
  local cache = m.new(capacity)
  t.that(cache ~= nil, ("new(%d) returns a cache"):format(capacity), "it returned nil")
  return cache
end

local function shown(value) return type(value) == "string" and ("%q"):format(value) or tostring(value) end

-- Says what came before, for messages: the last few operations.
local function history(log)
  return "after " .. table.concat(log, "; ", math.max(1, #log - 7))
end

return {
  title = "Build an LRU cache",
  minutes = 45,
  summary = [[
You write the cache that is in everything, from processors to browsers: a table of limited size that throws out what
was not used for the longest time. Getting it right takes a list; getting it fast takes a second idea.]],
  after = { "cache-eviction" },

  parts = {
    {
      name = "keeps",
      title = "It gives back what was put in",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local cache = cache_of(t, submission, 100)
        t.equal(cache:get("nothing"), nil, 'get("nothing") before any put')
        local model = {}
        for step = 1, 150 do
          local key = "key-" .. math.random(60)
          if math.random(2) == 1 then
            cache:put(key, step)
            model[key] = step
          else
            t.equal(cache:get(key), model[key], ("get(%s) in a cache that is not full"):format(shown(key)))
          end
        end
        cache:put("no", false)
        t.equal(cache:get("no"), false, 'get("no") after put("no", false)')
      end,
    },
    {
      name = "bound",
      title = "It never holds more than its capacity",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local capacity = math.random(1, 20)
        local cache = cache_of(t, submission, capacity)
        for i = 1, 3 * capacity do cache:put(i, i) end
        local held = 0
        for i = 1, 3 * capacity do
          if cache:get(i) ~= nil then held = held + 1 end
        end
        t.that(held <= capacity, ("at most %d keys after %d puts"):format(capacity, 3 * capacity), held .. " are there")
        t.that(held == capacity, ("no room is wasted: %d of %d keys"):format(capacity, 3 * capacity),
          held .. " are there")
        cache:put(3 * capacity, "again")
        held = 0
        for i = 1, 3 * capacity do
          if cache:get(i) ~= nil then held = held + 1 end
        end
        t.that(held == capacity, "a put of a key that is there throws nobody out",
          ("%d of %d keys are left"):format(held, capacity))
      end,
    },
    {
      name = "order",
      title = "The key that was not used for the longest time leaves",
      points = 30,
      seeds = 20,
      check = function(t, submission)
        local capacity = math.random(2, 8)
        local cache = cache_of(t, submission, capacity)
        local ours = lab.cache.lru { capacity = capacity }
        local log = { ("new(%d)"):format(capacity) }
        for step = 1, 120 do
          local key = string.char(96 + math.random(capacity + 3))
          if math.random(3) == 1 then
            local got, expected = cache:get(key), ours:get(key)
            t.that(got == expected, ("get(%s) is %s"):format(shown(key), shown(expected)),
              ("it is %s, %s"):format(shown(got), history(log)))
            log[#log + 1] = ("get(%s)"):format(shown(key))
          else
            cache:put(key, step)
            ours:put(key, step)
            log[#log + 1] = ("put(%s, %d)"):format(shown(key), step)
          end
        end
      end,
    },
    {
      name = "fast",
      title = "A call costs the same, however much is in it",
      points = 30,
      seeds = 2,
      budget = 3000, -- instructions for one call: plenty for some table accesses, too little to look at every key
      check = function(t, submission)
        local capacity = 2000
        local cache = cache_of(t, submission, capacity)
        for i = 1, capacity do cache:put(i, i) end
        for i = 1, 300 do
          cache:put(capacity + i, i)
          t.equal(cache:get(capacity - i), capacity - i, ("get(%d) in a cache of %d"):format(capacity - i, capacity))
        end
        for _ = 1, 300 do cache:put(math.random(3 * capacity), 1) end
      end,
    },
  },
}

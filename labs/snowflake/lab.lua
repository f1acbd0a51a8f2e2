-- Build a snowflake generator. What an id should say is asked of our own: lab.id.snowflake.

local first, last = 1420070400000, 1420070400000 + 2 ^ 41 - 1  -- the epoch of the checks, and the end of 41 bits

local function reader(epoch) return lab.id.snowflake { epoch = epoch / 1000 } end

local function shown(x) return type(x) == "string" and ("%q"):format(x) or tostring(x) end

-- The fields of an id, which must be there.
local function fields(t, id, epoch, what)
  t.that(type(id) == "string", what .. " is a text of digits", "it is " .. shown(id))
  local read, err = reader(epoch):parse(id)
  t.that(read ~= nil, what .. " is a 63-bit number in decimal digits",
    ("it is %s: %s"):format(shown(id), err and err.message or ""))
  return read
end

-- The generator's next id at a time, and that it says what it should.
local function expect_id(t, generator, now, worker, sequence, what)
  local id, why = generator:next(now)
  t.that(id ~= nil, what .. " is an id", "next returned nil, " .. shown(why))
  local read = fields(t, id, first, what)
  t.equal(read.ms, now, ("the time in %s, which is %s"):format(what, id))
  t.equal(read.worker, worker, ("the worker in %s, which is %s"):format(what, id))
  t.equal(read.sequence, sequence, ("the sequence in %s, which is %s"):format(what, id))
  return id
end

local function expect_refusal(t, generator, now, reason, what)
  local id, why = generator:next(now)
  t.that(id == nil and why == reason, ("%s: nil, %q"):format(what, reason),
    ("next returned %s, %s"):format(shown(id), shown(why)))
end

return {
  title = "Snowflake: ids without asking anybody",
  minutes = 40,
  summary = [[
You write a generator of 64-bit ids that sort by time, which a thousand workers can use without talking to each other.
It is short, and it has three traps.]],
  after = { "quickstart" },

  parts = {
    {
      name = "layout",
      title = "Time, worker and sequence are in their places, to the last bit",
      points = 25,
      seeds = 10,
      check = function(t, submission)
        local m = submission:load()
        local corners = { { first, 0 }, { first + 1, 1 }, { first, 1023 }, { last, 1023 }, { first + 2 ^ 31, 512 } }
        for _ = 1, 20 do corners[#corners + 1] = { first + math.random(0, 2 ^ 31) * 1024, math.random(0, 1023) } end
        for _, corner in ipairs(corners) do
          local now, worker = corner[1], corner[2]
          local generator = m.new { worker = worker, epoch = first }
          local what = ("the first id of worker %d at %.0f"):format(worker, now)
          local id = expect_id(t, generator, now, worker, 0, what)
          t.that(id == "0" or id:sub(1, 1) ~= "0", what .. " has no leading zeros", "it is " .. id)
        end
      end,
    },
    {
      name = "sequence",
      title = "A millisecond has 4096 ids, and then it says wait",
      points = 20,
      seeds = 4,
      check = function(t, submission)
        local generator = submission:load().new { worker = 7, epoch = first }
        local now = first + math.random(1e12)
        for i = 0, math.random(5) do expect_id(t, generator, now, 7, i, ("id %d of a millisecond"):format(i + 1)) end
        now = now + 1
        expect_id(t, generator, now, 7, 0, "the first id of the next millisecond")
        for _ = 1, 4094 do generator:next(now) end
        expect_id(t, generator, now, 7, 4095, "the 4096th id of a millisecond")
        for _ = 1, 3 do expect_refusal(t, generator, now, "wait", "after the 4096th id of a millisecond") end
        expect_id(t, generator, now + 1, 7, 0, "the first id after waiting")
      end,
    },
    {
      name = "clock",
      title = "A clock that went back is refused, and does no harm",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local generator = submission:load().new { worker = 1, epoch = first }
        local now = first + math.random(1e12)
        expect_id(t, generator, now, 1, 0, "the first id")
        local back = math.random(1000)
        expect_refusal(t, generator, now - back, "clock_backwards", ("the clock %d ms back"):format(back))
        expect_refusal(t, generator, now - 1, "clock_backwards", "the clock 1 ms back")
        expect_id(t, generator, now, 1, 1, "the id when the clock has caught up")
        expect_id(t, generator, now + 5, 1, 0, "the id 5 ms later")
        expect_refusal(t, generator, first - 1, "clock_backwards", "the clock before the epoch")
        local unused = submission:load().new { worker = 1, epoch = first }
        expect_refusal(t, unused, first - 1, "clock_backwards", "a generator's first id before the epoch")
      end,
    },
    {
      name = "parse",
      title = "Ids are read to the last bit",
      points = 20,
      seeds = 10,
      check = function(t, submission)
        local m = submission:load()
        local function expect_parsed(id, epoch)
          local wanted = reader(epoch):parse(id)
          local got = m.parse(id, epoch)
          t.that(type(got) == "table", ("parse(%q) returns a table"):format(id), "it returned " .. shown(got))
          for _, name in ipairs { "ms", "worker", "sequence" } do
            t.equal(got[name], wanted[name], ("%s of %s"):format(name, id))
          end
        end
        expect_parsed("1541815603606036480", 1288834974657)  -- a well-known one of Twitter's: machine 378, sequence 0
        expect_parsed("0", first)
        expect_parsed("9223372036854775807", first)
        for _ = 1, 20 do
          local maker = lab.id.snowflake { worker = math.random(0, 1023), epoch = first / 1000 }
          local now = first / 1000 + math.random(1, 2 ^ 31) / 1000 * math.random(1, 900)
          for _ = 1, math.random(50) do maker:next(now) end
          expect_parsed(maker:next(now), first)
        end
      end,
    },
    {
      name = "fleet",
      title = "Twenty workers and their clocks: no id twice, and each worker's ids grow",
      points = 15,
      seeds = 10,
      hidden = true,
      check = function(t, submission)
        local m = submission:load()
        local generators, seen, latest = {}, {}, {}
        for worker = 1, 20 do
          generators[worker] = { next = m.new { worker = worker, epoch = first }, now = first + 1e12 }
        end
        for _ = 1, 600 do
          local worker = math.random(20)
          local g = generators[worker]
          g.now = g.now + (math.random() < 0.1 and -math.random(3) or math.random(0, 1))
          local id = g.next:next(g.now)
          if id ~= nil then
            local read = fields(t, id, first, ("an id of worker %d"):format(worker))
            t.that(not seen[id], "no id twice", ("%s came from worker %s and from worker %d"):format(id,
              tostring(seen[id]), worker))
            seen[id] = worker
            local order = (read.ms - first) * 4096 + read.sequence  -- below 2^53, unlike the id
            t.that(order > (latest[worker] or 0), ("the ids of worker %d grow"):format(worker),
              ("%s is not above the one before"):format(id))
            latest[worker] = order
          end
        end
      end,
    },
  },
}

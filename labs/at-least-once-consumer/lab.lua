-- Build a consumer: receive, book, delete, in that order; and what crashes, duplicates and slow work ask of it.

-- A broker with the queue `orders`, a ledger that books, the submission as `consumer`, and senders.
local function bank(submission, seed, options)
  local w = lab.world { seed = seed }
  local dead = lab.queue.standard()
  local orders = lab.queue.standard {
    visibility = options.visibility or 10, dead_letter = dead, max_receives = options.max_receives or 20,
    duplicates = options.duplicates, seed = seed,
  }
  local queues = { orders = orders, dead = dead }
  local mq = w:service("mq", { slots = 16, filters = { lab.queue.broker { queues = queues } } })
  local booked, keys = {}, {}  -- by order: the times at which it was booked
  local function malformed(text) return nil, { code = "malformed", message = text } end
  w:service("ledger", {
    time = options.time or lab.dist.exp { mean = 50*ms }, slots = 16,
    handler = function(request)
      if request.type ~= "book" then return malformed "the ledger has requests of type book" end
      if request.key == nil then return malformed "a booking needs a key" end
      if type(request.amount) ~= "number" then return malformed "the amount is no number" end
      if keys[request.key] then return "booked before" end
      keys[request.key] = true
      local times = booked[request.order] or {}
      booked[request.order] = times
      times[#times + 1] = w:now()
      return "booked"
    end,
  })
  submission:node(w, "consumer", {
    options = { broker = "mq", queue = "orders", ledger = "ledger", visibility = options.visibility or 10 },
  })
  return w, mq, booked
end

-- Sends so many orders, at random moments of the first `seconds`, each until the broker has taken it; of some, the
-- sender does not hear that it has, and sends again.
local function send(w, mq, count, seconds, again)
  local sent = 0
  for i = 1, count do
    w:at(w:now() + math.random() * seconds, function()
      local body = { order = ("order-%d"):format(i), amount = i }
      for _ = 1, math.random() < (again or 0) and 2 or 1 do
        while not mq:call { type = "send", queue = "orders", body = body, timeout = 5 } do w:sleep(1) end
        sent = sent + 1
        w:sleep(2)
      end
    end)
  end
end

-- Where an order went that was not booked: the first delete of a message about it, or else the last receive of one.
local function lost(w, order)
  local ours, seen = {}, nil
  for _, event in ipairs(w:trace_events()) do
    local detail = type(event.detail) == "table" and event.detail or {}
    if event.node == "mq" and event.kind == "send" and event.label == "receive" then
      for _, message in ipairs(detail) do
        if type(message) == "table" and type(message.body) == "table" and message.body.order == order then
          ours[message.receipt], seen = true, { at = event.at, node = "consumer" }
        end
      end
    elseif event.node == "consumer" and event.kind == "send" and event.label == "delete" and ours[detail.receipt] then
      local at = event.at
      return { at = at, node = "consumer" }, ("it never was, but a message about it was deleted at %.3f s"):format(at)
    end
  end
  return seen, "it never was"
end

-- When the first message came back, `visibility` seconds after it was received. Nil where some were extended: then it
-- is not known which.
local function came_back(w, visibility)
  local first
  for _, event in ipairs(w:trace_events()) do
    if event.label == "change_visibility" then return nil end
    if not first and event.node == "mq" and event.kind == "send" and event.label == "receive"
        and type(event.detail) == "table" and event.detail[1] then
      first = { at = event.at + visibility, node = "mq" }
    end
  end
  return first
end

local function check_booked(t, w, booked, count, once)
  for i = 1, count do
    local name = ("order-%d"):format(i)
    local times = booked[name] or {}
    if #times == 0 then
      local where, happened = lost(w, name)
      t.that(false, name .. " is booked", happened, where)
    end
    if once then
      t.that(#times == 1, name .. " is booked once", ("it was booked %d times"):format(#times),
        { at = times[2], node = "ledger" })
    end
  end
end

local function counts(mq, queue) return mq:call { type = "attributes", queue = queue or "orders", timeout = 5 } end

local function check_empty(t, mq)
  local c = counts(mq)
  local left = c.visible + c.in_flight
  t.that(left == 0, "the queue is empty at the end", left == 1 and "a message is still there: is it deleted?"
    or left .. " messages are still there: are they deleted?")
end

return {
  title = "Build a consumer that loses nothing and books nothing twice",
  minutes = 40,
  after = { "queues", "dead-letters" },
  summary = [[
You write the consumer of a queue: a node that takes orders, has them booked, and deletes them. Then it crashes, gets
orders twice, gets orders that cannot be booked, and has to wait for a slow ledger.]],

  parts = {
    {
      name = "books",
      title = "It books all orders and empties the queue",
      points = 30,
      seeds = 5,
      check = function(t, submission, seed)
        local w, mq, booked = bank(submission, seed, {})
        send(w, mq, 20, 10)
        w:run(60)
        check_booked(t, w, booked, 20)
        check_empty(t, mq)
      end,
    },
    {
      name = "crash",
      title = "Whatever crashes or is cut off in mid-work, no order is lost",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, mq, booked = bank(submission, seed, { time = lab.dist.constant { value = 0.5 } })
        send(w, mq, 20, 10)
        -- Two crashes of the consumer or the ledger at least; the others are of any kind.
        for i = 1, 6 do
          local at, kind = w:now() + 1 + math.random() * 20, math.random(i <= 2 and 2 or 5)
          if kind <= 3 then
            local who = ({ "consumer", "ledger", "mq" })[kind]
            w:at(at, lab.fault.crash(who))
            w:at(at + 1, lab.fault.restart(who))
          elseif kind == 4 then
            w:at(at, lab.fault.partition { isolate = "consumer" }, 5)
          else
            w:at(at, lab.fault.clock_skew { target = "consumer", by = 3600 * (math.random() - 0.5) }, 10)
          end
        end
        w:run(240)
        check_booked(t, w, booked, 20)
        check_empty(t, mq)
      end,
    },
    {
      name = "once",
      title = "What is delivered twice, or was sent twice, is booked once",
      points = 25,
      seeds = 10,
      check = function(t, submission, seed)
        local w, mq, booked = bank(submission, seed, { duplicates = 0.3 })
        send(w, mq, 20, 10, 0.3)
        for _ = 1, 3 do
          local at = w:now() + 1 + math.random() * 20
          w:at(at, lab.fault.crash "consumer")
          w:at(at + 1, lab.fault.restart "consumer")
        end
        w:run(180)
        check_booked(t, w, booked, 20, true)
        check_empty(t, mq)
      end,
    },
    {
      name = "poison",
      title = "An order that cannot be booked holds up nobody and is kept",
      points = 15,
      seeds = 5,
      check = function(t, submission, seed)
        local w, mq, booked = bank(submission, seed, { max_receives = 3 })
        w:run(1)
        mq:call { type = "send", queue = "orders", body = { order = "bad", amount = "much" }, timeout = 5 }
        send(w, mq, 10, 5)
        w:run(120)
        check_booked(t, w, booked, 10)
        t.that(counts(mq, "dead").visible == 1, "the bad order is in the dead-letter queue at the end",
          "it is not there: was it deleted?")
      end,
    },
    {
      name = "slow",
      title = "While it works, the message stays hidden",
      points = 10,
      seeds = 3,
      check = function(t, submission, seed)
        local w, mq, booked = bank(submission, seed, { time = lab.dist.constant { value = 35 }, visibility = 10 })
        send(w, mq, 3, 1)
        w:run(400)
        check_booked(t, w, booked, 3)
        local where = came_back(w, 10)
        local late = counts(mq).timed_out
        t.that(late == 0, "no message comes back while the ledger (35 s) is at work on it",
          ("messages came back %d times"):format(late), where)
        check_empty(t, mq)
      end,
    },
  },
}

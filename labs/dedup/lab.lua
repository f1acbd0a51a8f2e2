-- Build an idempotent consumer: ids, answers and effects, in one write.

local function till(submission, seed, options)
  options = options or {}
  local w = lab.world { seed = seed, latency = options.latency }
  local node = submission:node(w, "till", { options = { window = options.window or 300 } })
  w:run(0.1)
  return w, node
end

-- A client that asks until it hears something.
local function insist(w, node, request, tries)
  request.timeout = 0.2
  for _ = 1, tries or 50 do
    local answer = node:call(request)
    if answer ~= nil then return answer end
    w:sleep(0.1)
  end
end

local function pay(id, account, amount)
  return { type = "pay", id = id, account = account, amount = amount, timeout = 1 }
end

local function check_balance(t, node, account, expected, when)
  local balance, err = node:call { type = "balance", account = account }
  t.that(balance == expected, ("the balance of %s is %g %s"):format(account, expected, when),
    balance == nil and tostring(err) or "it is " .. tostring(balance))
end

local function check_answer(t, answer, err, expected, what)
  t.that(answer == expected, ("%s is answered with %s"):format(what, tostring(expected)),
    answer == nil and tostring(err) or "the answer is " .. tostring(answer))
end

-- Payments by several clients that insist, while `trouble` happens; then the sums have to be right.
local function check_sums(t, submission, seed, count, trouble)
  local w, node = till(submission, seed)
  local sums, heard = { ann = 0, bob = 0 }, 0
  for i = 1, count do
    local account, amount = i % 2 == 0 and "ann" or "bob", math.random(9)
    sums[account] = sums[account] + amount
    w:at(w:now() + math.random() * 3, function()
      if insist(w, node, pay("p" .. i, account, amount)) then heard = heard + 1 end
    end)
  end
  trouble(w)
  w:run(12)
  w:inject(lab.fault.heal_all())
  w:run(3)
  t.that(heard == count, ("all %d payments are answered in the end"):format(count), heard .. " are")
  for account, sum in pairs(sums) do check_balance(t, node, account, sum, "at the end") end
  w:inject(lab.fault.restart "till")
  w:run(0.5)
  for account, sum in pairs(sums) do check_balance(t, node, account, sum, "after one more crash") end
end

return {
  title = "Build an idempotent consumer: each payment once",
  minutes = 35,
  after = { "fifo-and-dedup" },
  summary = [[
You write a till: a node that takes payments. Its clients ask again when they hear nothing, the network doubles
messages, and the process crashes. Each payment counts once all the same, and its answer never changes.]],

  parts = {
    {
      name = "pays",
      title = "It takes payments and tells balances",
      points = 20,
      seeds = 5,
      check = function(t, submission, seed)
        local _, node = till(submission, seed)
        check_balance(t, node, "ann", 0, "before all payments")
        local sum = 0
        for i = 1, 10 do
          local amount = math.random(20)
          sum = sum + amount
          local answer, err = node:call(pay("p" .. i, "ann", amount))
          check_answer(t, answer, err, sum, "payment " .. i)
        end
        check_balance(t, node, "ann", sum, "after ten payments")
        check_balance(t, node, "bob", 0, "as bob paid nothing")
      end,
    },
    {
      name = "once",
      title = "A payment that comes again counts once, and has the same answer",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w, node = till(submission, seed)
        local sum, answers = 0, {}
        for i = 1, 12 do
          local amount = math.random(20)
          sum = sum + amount
          answers[i] = node:call(pay("p" .. i, "ann", amount))
          local again = math.random(i)
          local answer, err = node:call(pay("p" .. again, "ann", amount))
          check_answer(t, answer, err, answers[again], ("payment %d, when it comes again"):format(again))
        end
        check_balance(t, node, "ann", sum, "after twelve payments, each of which came twice or more")
        w:run(1)
      end,
    },
    {
      name = "crash",
      title = "What it has answered it still knows after a crash",
      points = 25,
      seeds = 10,
      check = function(t, submission, seed)
        local w, node = till(submission, seed)
        local sum = 0
        for i = 1, 8 do
          local amount = math.random(20)
          sum = sum + amount
          local first = insist(w, node, pay("p" .. i, "ann", amount))
          t.that(first == sum, ("payment %d is answered with %g"):format(i, sum), "the answer is " .. tostring(first))
          if i % 2 == 0 then
            w:inject(lab.fault.crash "till")
            w:run(0.2)
            w:inject(lab.fault.restart "till")
            w:run(0.2)
            check_balance(t, node, "ann", sum, "after a crash")
          end
          local answer, err = node:call(pay("p" .. i, "ann", amount))
          check_answer(t, answer, err, first, ("payment %d, when it comes again"):format(i))
        end
      end,
    },
    {
      name = "one_write",
      title = "Wherever it crashes, a payment has counted and is known, or neither",
      points = 15,
      seeds = 15,
      check = function(t, submission, seed)
        check_sums(t, submission, seed, 30, function(w)
          for _ = 1, 6 do
            local at = w:now() + math.random() * 3
            w:at(at, lab.fault.crash("till", { disk = "prefix" }))
            w:at(at + 0.15, lab.fault.restart "till")
          end
        end)
      end,
    },
    {
      name = "window",
      title = "An id counts for `window` seconds, whatever crashes and whatever the wall clock says",
      points = 10,
      seeds = 5,
      check = function(t, submission, seed)
        local window = 10 + math.random(50)
        local w, node = till(submission, seed, { window = window, latency = lab.dist.constant { value = 0 } })
        local begun = w:now()
        t.equal(node:call(pay("p1", "ann", 5)), 5, "the answer to the first payment")
        w:run_until(begun + window / 2)
        w:inject(lab.fault.clock_step { target = "till", by = math.random() < 0.5 and 3600 or -3600 })
        w:inject(lab.fault.restart "till")
        w:run_until(begun + window - 0.1)
        t.equal(node:call(pay("p1", "ann", 5)), 5, ("the answer to the same, %g s later"):format(window - 0.1))
        w:run_until(begun + window + 0.1)
        t.equal(node:call(pay("p1", "ann", 5)), 10, ("the answer to the same, %g s later"):format(window + 0.1))
        t.equal(node:call(pay("p1", "ann", 5)), 10, "the answer to the same, at once")
        w:run_until(begun + window + 0.2)
        w:inject(lab.fault.restart "till")
        w:run(0.1)
        check_balance(t, node, "ann", 10, "after a crash, with two payments of one id, a window apart")
        t.equal(node:call(pay("p1", "ann", 5)), 10, "the answer to the same after the crash")
      end,
    },
    {
      name = "at_once",
      title = "Copies that come at the same moment, over a bad network, count once",
      points = 10,
      seeds = 10,
      hidden = true,
      check = function(t, submission, seed)
        local w, node = till(submission, seed)
        local answers = {}
        for _ = 1, 4 do
          w:spawn(function()
            local answer = node:call(pay("p0", "bob", 7))
            answers[#answers + 1] = answer or "none"
          end)
        end
        w:run(1.5)
        t.equal(answers, { 7, 7, 7, 7 }, "the answers to four copies of one payment")
        check_sums(t, submission, seed, 20, function(other)
          other:inject(lab.fault.duplicate { probability = 0.5 })
          other:inject(lab.fault.loss { probability = 0.2 })
          for _ = 1, 2 do
            local at = other:now() + math.random() * 3
            other:at(at, lab.fault.crash("till", { disk = "prefix" }))
            other:at(at + 0.15, lab.fault.restart "till")
          end
        end)
      end,
    },
  },
}

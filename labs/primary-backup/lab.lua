-- Build a primary and its backup: copy before you acknowledge, take over, keep quiet when you are cut off, and do once
-- what is asked twice.

-- Names a primary and a backup, in views that are numbered: after `patience` seconds of silence, or when one has
-- forgotten its view, there is another view. A view is only left after its primary has pinged with its number.
local function monitor(w, patience)
  local view, agreed, heard = { number = 0 }, true, {}
  local function alive(name) return name and heard[name] and w:now() - heard[name] < patience end
  local function idle()
    for name in pairs(heard) do
      if alive(name) and name ~= view.primary and name ~= view.backup then return name end
    end
  end
  local function next_view(primary, backup)
    view, agreed = { number = view.number + 1, primary = primary, backup = backup }, false
  end
  local function look(restarted)
    if view.number == 0 then
      if idle() then next_view(idle()) end
    elseif agreed then
      if not alive(view.primary) or restarted == view.primary then
        if alive(view.backup) and restarted ~= view.backup then next_view(view.backup) end
      elseif view.backup and (not alive(view.backup) or restarted == view.backup) then
        next_view(view.primary)
      elseif not view.backup and idle() then
        next_view(view.primary, idle())
      end
    end
  end
  w:service("monitor", { slots = 10, handler = function(request)
    if request.type ~= "ping" or type(request.name) ~= "string" then
      return nil, { code = "malformed", message = "the monitor takes { type = \"ping\", name =, view = }" }
    end
    heard[request.name] = w:now()
    if request.name == view.primary and request.view == view.number then agreed = true end
    look(request.view == 0 and request.name or nil)
    return view
  end })
  w:spawn(function()
    while true do w:sleep(0.05) look() end
  end)
  return function() return view, agreed end
end

-- Two servers of the submission, the monitor, and `ask`, which asks one and then the other until one answers.
local function cluster(submission, w)
  local view = monitor(w, 0.5)
  for _, name in ipairs { "a", "b" } do
    submission:node(w, name, { options = { monitor = "monitor", ping = 0.1 } })
  end
  local numbers, target = {}, {}
  local function ask(client, request, patience)
    local deadline = w:now() + (patience or 30)
    numbers[client] = (numbers[client] or 0) + 1
    request.client, request.seq, request.timeout = client, numbers[client], 0.5
    while w:now() < deadline do
      local name = target[client] or "a"
      local answer, err = w:find(name):call(request)
      if err == nil then return answer, nil, name end
      target[client] = name == "a" and "b" or "a"
      w:sleep(0.05)
    end
    return nil, "no answer"
  end
  return ask, view
end

local function must(t, w, ask, client, request, what)
  local answer, err = ask(client, request, 10)
  t.that(err == nil, what .. " is answered within 10 s", "it was not", { at = w:now(), node = "a" })
  return answer
end

-- The primary of the view that the monitor names.
local function primary(t, view)
  t.that(view().primary, "a server pings the monitor, and so there is a primary", "none has pinged")
  return view().primary
end

-- Whether the monitor would let the backup take over.
local function covered(view)
  local now, agreed = view()
  return agreed and now.backup ~= nil
end

local function put(key, value) return { type = "put", key = key, value = value } end
local function get(key) return { type = "get", key = key } end
local function add(key, amount) return { type = "add", key = key, amount = amount } end

-- All that was acknowledged must be there.
local function check_kept(t, w, ask, acked)
  for _, write in ipairs(acked) do
    local value, err = ask("reader", get(write.key), 10)
    t.that(err == nil and value == write.value,
      ("get(%q) is %d, which was acknowledged at %.3f s"):format(write.key, write.value, write.at),
      err and "nobody answers" or "it is " .. tostring(value), { at = w:now() })
  end
end

-- A task that writes keys one after the other until `finish`, and what of it was acknowledged.
local function writer(w, ask, name, finish)
  local acked = {}
  w:spawn(function()
    local n = 0
    while w:now() < finish do
      n = n + 1
      local key, value = name .. n, math.random(1000)
      local _, err = ask(name, put(key, value), 5)
      if not err then acked[#acked + 1] = { key = key, value = value, at = w:now() } end
      w:sleep(math.random() * 0.1)
    end
  end)
  return acked
end

return {
  title = "Build a primary and a backup that lose nothing",
  minutes = 120,
  after = { "failover-and-split-brain", "echo" },
  summary = [[
You write a server that is run twice. A monitor says who is the primary and who the backup. You copy every write before
it is acknowledged, hand everything to a new backup, take over when you are told to, do once what is asked twice, and
answer nothing when you may have been deposed.]],

  parts = {
    {
      name = "serves",
      title = "The primary answers put, get and add",
      points = 20,
      seeds = 5,
      check = function(t, submission, seed)
        local w = lab.world { seed = seed }
        local ask = cluster(submission, w)
        w:run(2)
        for i = 1, 5 do
          local value = math.random(1000)
          must(t, w, ask, "c", put("k" .. i, value), "a put")
          t.equal(must(t, w, ask, "c", get("k" .. i), "a get"), value, "what get finds after put")
          t.equal(must(t, w, ask, "c", add("k" .. i, 7), "an add"), value + 7, "what add answers")
          t.equal(must(t, w, ask, "c", get("k" .. i), "a get"), value + 7, "what get finds after add")
        end
      end,
    },
    {
      name = "copies",
      title = "When the primary crashes, the backup has all that was acknowledged",
      points = 25,
      seeds = 10,
      check = function(t, submission, seed)
        local w = lab.world { seed = seed }
        local ask, view = cluster(submission, w)
        w:run(2)
        w:inject(lab.fault.loss { probability = 0.1 }, 4)
        local acked = writer(w, ask, "w", 5)
        w:run(1 + math.random() * 2)
        w:run_until(function() return #acked > 0 and covered(view) end, w:now() + 5)
        t.that(#acked > 0, "writes are acknowledged while both are up", "none was")
        w:inject(lab.fault.crash(primary(t, view)))
        w:run(3)
        check_kept(t, w, ask, acked)
      end,
    },
    {
      name = "joins",
      title = "A server that comes back is a backup with everything, before it counts as one",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w = lab.world { seed = seed, latency = lab.dist.uniform { low = 1*ms, high = 20*ms } }
        local ask, view = cluster(submission, w)
        w:run(2)
        local acked = writer(w, ask, "w", 9)
        local gone
        for _ = 1, 2 do
          w:run(0.5 + math.random())
          gone = primary(t, view)
          w:inject(lab.fault.crash(gone))
          w:run(0.8)
          w:inject(lab.fault.restart(gone))
          -- The two do not reach each other for a while. The next one goes when there is a backup again that the
          -- monitor would let take over.
          w:inject(lab.fault.partition { sides = { { "a" }, { "b" } } }, 0.5 + math.random())
          w:run_until(function()
            local now, agreed = view()
            return agreed and now.backup == gone
          end, w:now() + 5)
          w:run(math.random() * 0.1)
        end
        w:run(2)
        check_kept(t, w, ask, acked)
      end,
    },
    {
      name = "once",
      title = "What is asked twice is done once, also when another primary answers the second time",
      points = 20,
      seeds = 10,
      check = function(t, submission, seed)
        local w = lab.world { seed = seed }
        local ask, view = cluster(submission, w)
        w:run(2)
        w:inject(lab.fault.loss { probability = 0.1 }, 4)
        local done = { 0, 0 }
        for i = 1, 2 do
          w:spawn(function()
            for _ = 1, 12 do
              local _, err = ask("c" .. i, add("n" .. i, 1), 30)
              if not err then done[i] = done[i] + 1 end
            end
          end)
        end
        w:run(math.random())
        w:run_until(function() return covered(view) end, w:now() + 5)
        w:inject(lab.fault.crash(primary(t, view)))
        w:run_until(function() return done[1] + done[2] == 24 end, w:now() + 30)
        for i = 1, 2 do
          t.equal(done[i], 12, "adds that are answered in the end")
          t.equal(must(t, w, ask, "reader", get("n" .. i), "a get"), 12, "the sum of 12 adds of 1")
        end
      end,
    },
    {
      name = "fenced",
      title = "A primary that is cut off acknowledges nothing and answers nothing old",
      points = 15,
      seeds = 10,
      check = function(t, submission, seed)
        local w = lab.world { seed = seed }
        local ask, view = cluster(submission, w)
        w:run(2)
        must(t, w, ask, "c", put("x", 1), "a put")
        local old = primary(t, view)
        local other = old == "a" and "b" or "a"
        w:inject(lab.fault.partition { sides = { { old }, { other, "monitor" } } }, 4)
        w:run(1 + math.random())
        local _, err = w:find(other):call { type = "put", key = "x", value = 2, client = "d", seq = 1, timeout = 1 }
        t.that(err == nil, "the backup has taken over 1 s after the primary was cut off", tostring(err))
        local value, refused = w:find(old):call { type = "get", key = "x", client = "e", seq = 1, timeout = 1 }
        t.that(refused ~= nil or value == 2, "the old primary answers no get with the value from before",
          "it answered " .. tostring(value), { at = w:now(), node = old })
        _, refused = w:find(old):call { type = "put", key = "y", value = 3, client = "e", seq = 2, timeout = 1 }
        local acknowledged = refused == nil
        w:run(6)
        local y = must(t, w, ask, "c", get("y"), "a get")
        t.that(not acknowledged or y == 3, "what the old primary acknowledges is kept", "y is " .. tostring(y),
          { at = w:now(), node = old })
        t.equal(must(t, w, ask, "c", get("x"), "a get"), 2, "x, after the partition is healed")
      end,
    },
  },

  steps = {
    {
      name = "ordeal",
      title = "What it is up against",
      text = [[
The store of this program, under every fault in turn: 60 additions of 1, each to a key of its own, each asked again
until it is answered. `ordeal` strikes at 3 s for 4 s; a key that is 0 in the end was never done, 2 is twice.]],
      code = [[
ordeal = require "ordeal"
function store(w)
  local kv = w:replicas("kv", lab.replicate.primary_backup{ count = 2, fencing = "lease" })
  local sent, done = {}, {}
  for i = 1, 60 do
    w:at(1 + i / 10, function()
      local key, turn = "key " .. i, 0
      repeat
        turn = turn + 1
        local _, err = kv[turn % 2 + 1]:call{ type = "cas", key = key, value = 1, client = key, seq = 1, timeout = 0.5 }
        if err then w:sleep(0.05) end
      until not err
      sent[key] = w:now()
    end)
  end
  w:at(25, function()
    for key in pairs(sent) do done[key] = kv[1]:call{ type = "read", key = key, timeout = 1 } or 0 end
  end)
  return { consumer = "kv-1", broker = "kv-monitor", sent = sent, done = done }
end
results = ordeal.run{ build = store, at = 3, lasting = 4, finish = 30 }
print(ordeal.table(results))
results["partition"].missing]],
      predict = {
        question = "How many additions are missing after the partition?",
        unit = "additions",
        tolerance = 0.5,
        answer = function(env) return env.results["partition"].missing end,
      },
      hints = {
        "`results` is what `ordeal.run` returns.",
        "What is acknowledged is on both, or the monitor has agreed that there is one.",
        "None.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        for _, row in ipairs(results) do
          t.that(row.missing == 0 and row.twice == 0 and row.sent == 60, "nothing is lost or done twice: " .. row.fault,
            ("%d sent, %d missing, %d twice"):format(row.sent, row.missing, row.twice))
        end
      end,
      explain = [[
A compare-and-set from nothing to 1 that was done twice would have been refused the second time, and asked for ever.
It is answered, because the answer to a number is remembered, in the copy as well. Yours is graded by the same means.]],
    },
  },
}

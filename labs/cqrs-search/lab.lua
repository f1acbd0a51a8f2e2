-- CQRS: users are written in one service and searched in another, which learns of them by events.

return {
  title = "Write here, search there",
  minutes = 25,
  after = { "event-sourcing" },
  summary = [[
Users are written to a user service, by key. They are searched by the words of their names, which is not what its
tables are good at. So a search service keeps an index of its own and learns of users by events. You will see what it
knows and when, cut it off, crash it, feed it poison, and give it a second index while it runs.]],

  steps = {
    {
      name = "two_models",
      title = "Two models of one thing",
      text = [[
The user service changes its row and its outbox in one write; a relay brings the event to the event store. The search
service is a projection of it: for each word of a name a row with the users who have it. It takes 20 ms an event.]],
      code = [[
function users_service(w, options)
  return w:service("users", { slots = 16, filters = { lab.event.outbox{ name = "user-log", to = { store = "es" },
    publishing = options and options.publishing, retry = 0.2, timeout = 0.5,
    handle = function(m, rows)
      if m.type ~= "save" then return nil, { code = "malformed", message = "save { key =, name = }" } end
      local before = rows:get(m.key)
      return { rows = { [m.key] = { name = m.name, city = m.city } },
        events = { { type = "Saved", data = { key = m.key, name = m.name, city = m.city, before = before } } } }
    end } } })
end
function words(event, rows)
  local changes = {}
  local function change(name, put)
    for word in (name or ""):lower():gmatch("%a+") do
      local list = changes["word " .. word] or rows:get("word " .. word) or {}
      list[event.data.key] = put
      changes["word " .. word] = next(list) and list or false
    end
  end
  if event.data.before then change(event.data.before.name, nil) end
  change(event.data.name, true)
  return changes
end
function build(options)
  options = options or {}
  w = lab.world{ seed = 1 }
  history = lab.history()
  es = w:service("es", { slots = 16, filters = { lab.event.store{ history = history } } })
  users = users_service(w, options)
  search = w:service("search", { slots = 16, filters = { lab.event.projection{ store = "es", name = "search",
    apply = options.apply or words, time = 20*ms, batch = 10, retry = 0.2, wait = 1, history = history,
    checkpoint = options.checkpoint, checkpoint_every = options.checkpoint and 50 or nil,
    on_error = options.on_error } } })
end
function find(word) return (search:call{ type = "get", key = "word " .. word }) end
build()
users:call{ type = "save", key = "u1", name = "Ada Lovelace", city = "London" }
written = w:now()
first = find("ada")
while not find("ada") do w:run(1*ms) end
took = w:now() - written
first, took]],
      predict = {
        question = "The user service has just said that Ada is saved. Does a search for her, right away, find her?",
        choices = { "yes", "no" },
        answer = function(env) return env.first and "yes" or "no" end,
      },
      hints = {
        "`first` is what the search finds at once, `took` how long it takes until it finds her.",
        "The save was answered when the row and the outbox were on the disk of the user service.",
        "The event still has to go to the store, and through the projection.",
      },
      check = function(t, env)
        t.has(env, "search", "Node")
        t.that(env.first == nil, "the first search finds nothing", tostring(env.first))
        t.that(type(env.took) == "number" and env.took > 0.02, "it takes a while until she is found",
          tostring(env.took))
      end,
      explain = function(env)
        return ([[
No: she is found after %.0f ms. The save waited for its own disk and for nobody else, so it is fast and works while the
search is down; the price is that the two models agree only in the end.]]):format(1000 * env.took)
      end,
    },
    {
      name = "own_writes",
      title = "She looks for herself",
      text = [[
Grace saves herself in a form and is sent to the search page. She should be there. A search can say which position of
the log it needs at least; it then waits for that. The client learns the position by asking the store.]],
      code = [[
users:call{ type = "save", key = "u2", name = "Grace Hopper", city = "New York" }
w:run(5*ms)
position = es:call{ type = "read_all" }.head
blind = find("grace")
asked = w:now()
found = search:call{ type = "get", key = "word grace", at_least = position }
waited = w:now() - asked
blind, found, waited]],
      predict = {
        question = "For how long does the search that needs the position wait?",
        unit = "ms",
        tolerance = 12,
        answer = function(env) return 1000 * env.waited end,
      },
      hints = {
        "`blind` is what a search finds that does not wait, `found` and `waited` are of the one that does.",
        "The event is in the store already.",
        "The projection takes 20 ms for it, and writes.",
      },
      check = function(t, env)
        t.that(env.blind == nil, "the blind search does not find her", tostring(env.blind))
        t.that(type(env.found) == "table" and env.found.u2, "the other one does", tostring(env.found))
        t.that(type(env.waited) == "number" and env.waited > 0.005, "and waits for it", tostring(env.waited))
      end,
      explain = function(env)
        return ([[
%.0f ms, and only those who ask for it wait. "Read your own writes" needs no lock and no common database: the position
in the log is a clock that all models share.]]):format(1000 * env.waited)
      end,
    },
    {
      name = "cut_off",
      title = "The search is cut off",
      text = [[
20 users are saved a second, for half a minute; an event takes 20 ms, so 50 a second are the most. From 10 s to 20 s
there is no connection between the search and the store.]],
      code = [[
build()
w:spawn(function()
  for i = 1, 600 do
    users:call{ type = "save", key = "u" .. i, name = "User Number" .. i % 26, city = "Rome" }
    w:sleep(50*ms)
  end
end)
w:at(10*s, lab.fault.partition{ sides = { { "search" }, { "es" } } }, 10*s)
behind, asked_ok = {}, 0
for second = 1, 40 do
  w:run_until(second * s)
  behind[second] = es:call{ type = "read_all" }.head - search:call{ type = "status" }.position
  if find("user") then asked_ok = asked_ok + 1 end
end
chart = require "chart"
print(chart.timeline{ rows = { { label = "events behind", values = behind, reduce = "max" } }, from = 0, to = 40 })
for second = 21, 40 do
  if behind[second] < 5 then caught_up = second; break end
end
caught_up]],
      predict = {
        question = "At which second has the search caught up?",
        unit = "s",
        tolerance = 2.5,
        answer = function(env) return env.caught_up end,
      },
      hints = {
        "`behind` has, for each second, how many events of the store the search has not seen.",
        "200 events are missing at 20 s, and 20 more come each second.",
        "It catches up by 50 - 20 = 30 a second.",
      },
      check = function(t, env)
        local behind = t.has(env, "behind", "table")
        t.that(behind[20] > 150, "it falls behind while it is cut off", behind[20] .. " events")
        t.that(behind[40] < 10, "and catches up", behind[40] .. " events behind at the end")
        t.that(env.asked_ok >= 38, "and it answers all the time", env.asked_ok .. " of 40 searches")
      end,
      explain = function(env)
        return ([[
At %d s. %d events were missing, and it works off 30 more than come in. All the time it answered (%d of 40 searches),
with what it had: old, and never wrong about what it says. A search that called the user service would have been down
for ten seconds. The number to watch, and to be woken by, is the lag.]]):format(env.caught_up, env.behind[20],
          env.asked_ok)
      end,
    },
    {
      name = "crashes",
      title = "Everything crashes once",
      text = [[
While 200 users are saved, the user service, the store and the search crash, each in mid-work; a client that hears
nothing saves again, with the same request id. Then: is the index what the events say, and was each event taken once?
The same with a checkpoint that comes later than the rows.]],
      code = [[
LETTERS = "abcdefghijklmnopqrstuvwxyz"
function crashed(checkpoint, apply)
  build{ checkpoint = checkpoint, apply = apply }
  for i = 1, 200 do
    w:at(i * 20*ms, function()
      local name = "User " .. LETTERS:sub(i % 26 + 1)
      local request = { type = "save", id = "r" .. i, key = "u" .. i, name = name, timeout = 0.3 }
      while not users:call(request) do w:sleep(0.2) end
    end)
  end
  for name, at in pairs{ users = 1, es = 2, search = 2.7 } do
    w:at(at * s, lab.fault.crash(name)); w:at((at + 0.3) * s, lab.fault.restart(name))
  end
  w:at(3.6*s, lab.fault.crash("search")); w:at(3.7*s, lab.fault.restart("search"))
  w:run(30*s)
  local events = es:call{ type = "read_all" }.events
  return lab.check.projection(events, search:call{ type = "query" }, apply or words), #events
end
function count(event, rows) return { users = (rows:get("users") or 0) + 1 } end
good, events = crashed()
index = crashed("after")
sums = crashed("after", count)
print(good.message); print(index.message); print(sums.message)
good.verdict, index.verdict, sums.verdict]],
      predict = {
        question = "With the late checkpoint some events are applied twice. Which read model does that hurt?",
        choices = { "the index of words", "the count of users", "both", "neither" },
        answer = function(env)
          local index, sums = env.index.verdict ~= "ok", env.sums.verdict ~= "ok"
          if index and sums then return "both" end
          return index and "the index of words" or sums and "the count of users" or "neither"
        end,
      },
      hints = {
        "`good`, `index` and `sums` are verdicts of `lab.check.projection`.",
        "What does it do to put `u7` under the word `user`, when it is there already?",
        "Putting in again changes nothing; adding 1 again does.",
      },
      check = function(t, env)
        t.that(t.has(env, "good", "table").verdict == "ok", "the index is right after the crashes", env.good.message)
        t.equal(env.events, 200, "the events of 200 users")
        t.that(env.index.verdict == "ok" and env.sums.verdict == "violated",
          "the index does not mind events that come twice, and the count does",
          env.index.verdict .. " and " .. env.sums.verdict)
      end,
      explain = function(env)
        return ([[
The count: %s. The index is idempotent by nature, since "u7 is under user" is true however often it is said; a count is
not. %d users, %d events: the outbox lost none and the request ids kept the repetitions out. A checkpoint in the same
write as the rows makes any model right.]]):format(env.sums.message, 200, env.events)
      end,
    },
    {
      name = "dual_write",
      title = "Without the outbox",
      text = [[
The same without an outbox: the user service writes its row and then sends the event itself. It crashes every 0.7 s, and
its disk is slow. Users who were saved and cannot be found are not found by anybody; so the script counts them.]],
      code = [[
function lost(publishing)
  build{ publishing = publishing }
  for i = 1, 200 do
    w:at(i * 20*ms, function()
      local request = { type = "save", id = "r" .. i, key = "u" .. i, name = "Name " .. i, timeout = 0.3 }
      while not users:call(request) do w:sleep(0.2) end
    end)
  end
  for i = 1, 5 do
    w:at(i * 0.7*s, lab.fault.crash("es")); w:at((i * 0.7 + 0.2) * s, lab.fault.restart("es"))
    w:at((i * 0.7 + 0.1) * s, lab.fault.crash("users")); w:at((i * 0.7 + 0.3) * s, lab.fault.restart("users"))
  end
  w:run(30*s)
  local known, missing = {}, 0
  for _, event in ipairs(es:call{ type = "read_all" }.events) do known[event.data.key] = true end
  for i = 1, 200 do
    if users:call{ type = "get", key = "u" .. i } and not known["u" .. i] then missing = missing + 1 end
  end
  return missing
end
with, without = lost("outbox"), lost("commit_first")
with, without]],
      predict = {
        question = "Users who are in the table, and of whom no event ever came: how many with the outbox?",
        unit = "users",
        tolerance = 0.5,
        answer = function(env) return env.with end,
      },
      hints = {
        "`with` and `without` count rows without an event.",
        "With the outbox the event is in the same write as the row.",
        "So there is none without the other: 0.",
      },
      check = function(t, env)
        t.equal(env.with, 0, "users without an event, with the outbox")
        t.that(type(env.without) == "number" and env.without > 0, "and some without it", tostring(env.without))
      end,
      explain = function(env)
        return ([[
%d, against %d without it. No order of two writes is right: the row first, and a crash (or a store that does not answer)
loses the event; the event first, and the world hears of a user who was never saved. One write, and a relay that tries
until it is done, is right.]]):format(env.with, env.without)
      end,
    },
    {
      name = "poison",
      title = "A name that is no name",
      text = [[
An old client saves a user whose name is a number. The words of a number are an error in `words`. 20 more users follow.
First the projection stops at what it cannot apply, then (`on_error = "skip"`) it puts it aside.]],
      code = [[
function poisoned(on_error)
  build{ on_error = on_error }
  for i = 1, 30 do
    users:call{ type = "save", key = "u" .. i, name = i == 10 and { "?" } or "User Number" .. i }
  end
  w:run(10*s)
  local found = find("user")
  local n = 0
  for _ in pairs(found) do n = n + 1 end
  return n
end
stopped = poisoned("stop")
print(search:call{ type = "status" }.failure)
passed = poisoned("skip")
aside = search:call{ type = "skipped" }
stopped, passed, #aside]],
      predict = {
        question = "Of the 30 users, how many does the search find that stops at the bad one?",
        unit = "users",
        tolerance = 0.5,
        answer = function(env) return env.stopped end,
      },
      hints = {
        "`stopped` and `passed` count the users under the word `user`.",
        "It keeps the order, so it cannot pass over the tenth.",
        "Nine.",
      },
      check = function(t, env)
        t.equal(env.stopped, 9, "users found by the one that stops")
        t.equal(env.passed, 29, "users found by the one that skips")
        t.that(type(env.aside) == "table" and #env.aside == 1, "the bad event is kept aside", tostring(env.aside))
      end,
      explain = function(env)
        return ([[
%d, and %d with `skip`. Stopping is right where a gap would make all later rows wrong (balances), and somebody must be
woken; skipping is right where one row more or less does no harm (a search), and somebody must look at what was put
aside. Then mend `words`, and rebuild.]]):format(env.stopped, env.passed)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
The three services, and two users a second for half a minute; nine faults in turn, from 10 s to 25 s. The index now also
counts how often it has taken each user. What is poison here: a user whose name is a list.]],
      code = [[
ordeal = require "ordeal"
function both(event, rows)
  local changes, key = words(event, rows), "count " .. event.data.key
  changes[key] = (rows:get(key) or 0) + 1
  return changes
end
function system(world)
  w = world
  local sent, finished = {}, {}
  es = w:service("es", { slots = 16, filters = { lab.event.store() } })
  users = users_service(w)
  local search = w:service("search", { slots = 8, filters = { lab.event.projection{ store = "es", time = 20*ms,
    batch = 5, retry = 0.5, wait = 2, on_error = "skip", apply = function(event, rows)
      local changes = both(event, rows)
      finished[event.data.key] = finished[event.data.key] or world:now()
      return changes
    end } } })
  local function save(key, name)
    local begun, request = world:now(), { type = "save", id = "r " .. key, key = key, name = name }
    while not users:call(request) do world:sleep(0.5) end
    if type(name) == "string" then sent[key] = begun end
  end
  w:spawn(function() for i = 1, 60 do world:spawn(save, "u" .. i, "User " .. i); world:sleep(0.5) end end)
  local count = { __index = function(_, key) return (search:call{ type = "get", key = "count " .. key }) end }
  return { consumer = "search", broker = "es", sent = sent, finished = finished, done = setmetatable({}, count),
    dead = function() return #search:call{ type = "skipped" } end,
    poison = function() save("bad", { "?" }) end }
end
results = ordeal.run{ build = system, at = 10, lasting = 15, finish = 90 }
print(ordeal.table(results))]],
      predict = {
        question = "The event store is down for 15 s. What do those notice who save users meanwhile?",
        choices = { "nothing", "they wait until it is back", "an error" },
        answer = function(env)
          -- Saves are answered by the user service alone.
          return env.results["broker loss"].missing == 0 and "nothing" or "an error"
        end,
      },
      hints = {
        "`results` has a row for each fault; `late` is how long a user could not be found.",
        "What does the user service need to answer a save?",
        "Its own disk.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.sent == 60 and row.missing == 0, "all 60 users are saved and found",
            ("%d are saved and %d of them not found after %s"):format(row.sent, row.missing, row.fault))
          t.that(row.twice == 0, "each event is taken once", row.twice .. " were taken twice after " .. row.fault)
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
Nothing: the outbox keeps the events until the store is back, and users are found up to %.0f s later than they were
saved. A search that is cut off is %.0f s behind, one that was down %.0f s. Nobody was lost and nobody counted twice, in
nine runs.]]):format(r["broker loss"].late, r.partition.late, r["consumer crash"].late)
      end,
    },
  },
  finish = [[
Two models, one log between them: writes are checked where they belong, reads are answered where they are cheap, and
the lag is a number you know. Next: transactions over services (order-saga), or the projector itself, by hand
(ordered-projector).]],
}

-- Event sourcing: the log is the truth, states are folds; what that gives, and what it costs.

return {
  title = "Keep what happened, not what is",
  minutes = 25,
  after = { "queues" },
  summary = [[
An account is usually a number that is overwritten. Here it is a list of what happened to it. You will look at the
past, take a mistake back without erasing it, race two tellers, crash the store, crash a read model in mid-work, and
build a new view of old events.]],

  steps = {
    {
      name = "fold",
      title = "A balance is a sum",
      text = [[
An event log keeps events in streams, in order, and never changes one. A state is a fold over them: `apply` says what
one event does to a state. So there is a state for every version: the one after that many events.]],
      code = [[
function apply(account, event)
  account.balance = (account.balance or 0) + event.data.amount
  return account
end
log = lab.event.log{ apply = apply }
for _, amount in ipairs{ 100, -30, 50, -70, 25 } do
  log:append("ann", { { type = amount > 0 and "Paid" or "Drawn", data = { amount = amount } } })
end
now = log:state("ann").balance
before = log:state("ann", { version = 3 }).balance
chart = require "chart"
history = {}
for version = 1, 5 do history[version] = log:state("ann", { version = version }).balance end
print(chart.timeline{ rows = { { label = "balance", values = history } }, from = 1, to = 5 })]],
      predict = {
        question = "Ann has 75 now. What did she have after the third event?",
        unit = "in her account",
        tolerance = 0.5,
        answer = function(env) return env.before end,
      },
      hints = {
        "`log:state(\"ann\", { version = 3 })` is the state after three events.",
        "It is the sum of the first three amounts.",
        "100 - 30 + 50.",
      },
      check = function(t, env)
        local log = t.has(env, "log", "EventLog")
        t.that(log:version("ann") >= 5, "the stream `ann` has five events", log:version("ann") .. " events")
        t.equal(env.before, log:state("ann", { version = 3 }).balance, "`before`")
      end,
      explain = function(env)
        return ([[
%d. Nothing had to be kept for this question; it was not even known when the events were written. A table row would
say %d, and not how it came to that.]]):format(env.before, env.now)
      end,
    },
    {
      name = "undo",
      title = "Take it back",
      text = [[
The fourth event was booked on the wrong account. An event is never erased: `undo` appends one that takes it back.
The fold of Ann's account sets a balance, though, and a later event has built on the one that was wrong.]],
      code = [[
done, err = log:undo("ann", 4)
print(err)
last = log:undo("ann", 5)
both = log:undo("ann", 4)
corrected = log:state("ann").balance
length = log:version("ann")
log:diff("ann", 3)]],
      predict = {
        question = "The first undo, of event 4 while event 5 stands on it, does what?",
        choices = { "it works", "conflict", "it also undoes event 5" },
        answer = function(env) return env.done and "it works" or "conflict" end,
      },
      hints = {
        "`err` is what the first `log:undo` says; then undo 5, and then 4.",
        "The undo wants to set the balance from what it was after event 4 to what it was before.",
        "After event 5 the balance is not what it was after event 4, so the undo would erase event 5, too.",
      },
      check = function(t, env)
        local log = t.has(env, "log", "EventLog")
        t.that(type(env.err) == "table" and env.err.code == "conflict", "the first undo says conflict",
          tostring(env.err))
        t.equal(log:state("ann").balance, log:state("ann", { version = 3 }).balance, "the balance, as after event 3")
        t.that(log:version("ann") >= 7, "and the wrong events are still in the log", log:version("ann") .. " events")
      end,
      explain = function(env)
        return ([[
%s. So it is undone in the reverse order, and the log has %d events: what went wrong, and that it was taken back. The
diff to version 3 is empty. Where the change is a sum and not a value, one would append an event of +70 instead; that
needs to know what an event means, and an `undo` of states does not.]]):format(env.err.code, env.length)
      end,
    },
    {
      name = "race",
      title = "Two tellers, one account",
      text = [[
The log moves into a service. Ten tellers at once draw 30 from an account with 100: each reads it, looks whether there
is enough, and appends. First they do not say which version they have seen (`expected = "any"`), then they do, and who
is too late reads again.]],
      code = [[
function bank(expects)
  w = lab.world{ seed = 1 }
  es = w:service("es", { slots = 16, filters = { lab.event.store{ apply = apply } } })
  es:call{ type = "append", stream = "ann", events = { { type = "Paid", data = { amount = 100 } } } }
  refused, wrong = 0, 0
  for teller = 1, 10 do
    w:spawn(function()
      while true do
        local account = es:call{ type = "state", stream = "ann" }
        if account.state.balance < 30 then refused = refused + 1; return end
        local done, err = es:call{ type = "append", stream = "ann", expected = expects and account.version or "any",
          events = { { type = "Drawn", data = { amount = -30 } } } }
        if done then return end
        wrong = wrong + 1
      end
    end)
  end
  w:run(1*s)
  return es:call{ type = "state", stream = "ann" }.state.balance
end
careless = bank(false)
careful = bank(true)
careless, careful, wrong]],
      predict = {
        question = "What is the balance when nobody says which version they have seen?",
        unit = "in the account",
        tolerance = 5,
        answer = function(env) return env.careless end,
      },
      hints = {
        "`careless` and `careful` are the balances after the tellers, without and with an expected version.",
        "All ten read before anybody has written.",
        "All ten see 100, so all ten draw 30.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(type(env.careless) == "number" and env.careless < 0, "the careless account is overdrawn",
          tostring(env.careless))
        t.equal(env.careful, 10, "the careful one has")
        t.that(env.wrong > 0, "and some tellers were told WrongExpectedVersion", env.wrong .. " were")
      end,
      explain = function(env)
        return ([[
%d: ten decisions on the same old state. With the expected version the store lets one of them win; the others were told
WrongExpectedVersion, %d times in all, and looked again: %d is left and %d of them were refused their money. Nobody held
a lock.]]):format(env.careless, env.wrong, env.careful, env.refused)
      end,
    },
    {
      name = "snapshots",
      title = "A long life",
      text = [[
An account that is ten years old has 10 000 events. The store folds a state for every question; with
`snapshot_every = 250` it keeps one now and then.]],
      code = [[
w = lab.world{ seed = 1 }
es = w:service("es", { slots = 16, filters = { lab.event.store{ apply = apply, snapshot_every = 250 } } })
for batch = 1, 100 do
  local events = {}
  for i = 1, 100 do events[i] = { type = "Paid", data = { amount = 1 } } end
  es:call{ type = "append", stream = "ann", events = events }
end
es:call{ type = "append", stream = "ann", events = { { type = "Drawn", data = { amount = -1 } } } }
short = es:call{ type = "state", stream = "ann" }
full = es:call{ type = "state", stream = "ann", replay = true }
short.applied, full.applied]],
      predict = {
        question = "100 appends of 100 events, then one more event. How many events does the next state fold, at most?",
        unit = "events",
        tolerance = 210,
        answer = function(env) return env.short.applied end,
      },
      hints = {
        "`short` is the state as the store gives it, `full` the same with `replay = true`.",
        "It begins at the newest snapshot.",
        "A snapshot is due when 250 events have come since the last one; appends bring 100 at a time.",
      },
      check = function(t, env)
        local short, full = t.has(env, "short", "table"), t.has(env, "full", "table")
        t.equal(short.state, full.state, "the state, with and without snapshots")
        t.that(short.applied < full.applied, "the snapshot saves work", short.applied .. " and " .. full.applied)
      end,
      explain = function(env)
        return ([[
%d instead of %d, and the state is the same. A snapshot is a cache: it may be thrown away, and it has to be when `apply`
changes, because it holds what the old one made of the events.]]):format(env.short.applied, env.full.applied)
      end,
    },
    {
      name = "crash",
      title = "What the store has answered",
      text = [[
The store crashes while five clients write, three times; each time, what was not synced is gone. Then the same with a
disk that lies: it says "synced" and is not.]],
      code = [[
function crashes(lie)
  w = lab.world{ seed = 3 }
  es = w:service("es", { slots = 16, filters = { lab.event.store() } })
  if lie then w:inject(lab.fault.disk_lying("es")) end
  answered = 0
  for client = 1, 5 do
    w:spawn(function()
      for i = 1, 100 do
        local e = { type = "Paid", data = { amount = i } }
        if es:call{ type = "append", stream = "c-" .. client, events = { e } } then answered = answered + 1 end
        w:sleep(20*ms)
      end
    end)
  end
  for _, at in ipairs{ 0.5, 0.9, 1.3 } do
    w:at(at, lab.fault.crash("es")); w:at(at + 0.1, lab.fault.restart("es"))
  end
  w:run(10*s)
  return answered, es:call{ type = "read_all" }.head
end
told, there = crashes(false)
lied, left = crashes(true)
told, there, lied, left]],
      predict = {
        question = "With the honest disk: of the events that were answered, how many are lost?",
        choices = { "none", "the last one of each client", "all since the last second" },
        answer = function(env)
          return env.there >= env.told and "none" or "the last one of each client"
        end,
      },
      hints = {
        "`told` counts the appends that were answered, `there` the events that the store has.",
        "When does the store answer?",
        "After the sync.",
      },
      check = function(t, env)
        t.that(type(env.told) == "number" and env.told > 300, "some hundred appends were answered", tostring(env.told))
        t.that(env.there >= env.told, "all of them are there", env.there .. " are")
        t.that(env.left < env.lied, "and not with the disk that lies", env.left .. " of " .. env.lied)
      end,
      explain = function(env)
        return ([[
None: %d answered, %d there. (More may be there than were answered: the answer was lost, not the event. A client that
asks again should give its event an id.) With the lying disk %d of %d are left: no log is better than the disk below.]])
          :format(env.told, env.there, env.left, env.lied)
      end,
    },
    {
      name = "rebuild",
      title = "A new question about old events",
      text = [[
A projection follows the store and keeps rows: here, how often money was drawn. It takes 2 ms an event. It has a
mistake, which you find after 2000 events; it is mended, and the rows are built again, from the first event on. The
old rows are shown until the new ones have caught up.]],
      code = [[
w = lab.world{ seed = 1 }
es = w:service("es", { slots = 16, filters = { lab.event.store() } })
limit = 0
view = w:service("view", { slots = 4, filters = { lab.event.projection{ store = "es", time = 2*ms,
  apply = function(event, rows)
    if event.data.amount > limit then return end
    return { drawn = (rows:get("drawn") or 0) + 1 }
  end } } })
for batch = 1, 20 do
  local events = {}
  for i = 1, 100 do events[i] = { type = "Moved", data = { amount = i % 4 - 1 } } end
  es:call{ type = "append", stream = "s-" .. batch, events = events }
end
w:run(10*s)
mistaken = view:call{ type = "get", key = "drawn" }
limit = -1
view:call{ type = "rebuild" }
lag = {}
for tenth = 1, 60 do
  w:run(0.1*s)
  lag[tenth] = view:call{ type = "get", key = "drawn" }
  if not swapped and lag[tenth] ~= mistaken then swapped = tenth / 10 end
end
print(chart.timeline{ rows = { { label = "drawn", values = lag } }, from = 0, to = 6 })
mistaken, lag[60], swapped]],
      predict = {
        question = "After how many seconds are the new rows shown?",
        unit = "s",
        tolerance = 1.2,
        answer = function(env) return env.swapped end,
      },
      hints = {
        "`swapped` is when the row changed, in seconds after the rebuild.",
        "2000 events, 2 ms each.",
        "4 s, and a little for reading them, 100 at a time.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        local view = t.has(env, "view", "Node")
        local rows = view:call { type = "query" }
        t.that(env.mistaken == 1000, "the mistaken row counts zeros, too: 1000", tostring(env.mistaken))
        local verdict = lab.check.projection(env.es:call { type = "read_all" }.events, rows, function(event, r)
          if event.data.amount >= 0 then return nil end
          return { drawn = (r:get "drawn" or 0) + 1 }
        end)
        t.that(verdict.verdict == "ok", "the rows are what the log gives", verdict.message)
      end,
      explain = function(env)
        return ([[
After %.1f s. The row went from %d to %d, and nobody saw a half-built one. The mistake cost a rebuild and no data, since
the events were right. That is the bargain: what is derived can be wrong and is mended; what happened is kept.]])
          :format(env.swapped, env.mistaken, env.lag[60])
      end,
    },
    {
      name = "mid_work",
      title = "The projection dies in mid-work",
      text = [[
The projection now crashes three times while it counts 400 payments. Where it stands in the log, the checkpoint, is
kept with the rows (`together`), or every 50 events and after them (`after`), or before them.]],
      code = [[
function counted(checkpoint)
  w = lab.world{ seed = 2 }
  es = w:service("es", { slots = 16, filters = { lab.event.store() } })
  view = w:service("view", { filters = { lab.event.projection{ store = "es", time = 5*ms, batch = 10, retry = 0.1,
    checkpoint = checkpoint, checkpoint_every = checkpoint == "after" and 50 or nil,
    apply = function(event, rows) return { count = (rows:get("count") or 0) + 1 } end } } })
  w:spawn(function()
    for i = 1, 400 do es:call{ type = "append", stream = "s", events = { { type = "Paid" } } }; w:sleep(5*ms) end
  end)
  for _, at in ipairs{ 0.7, 1.4, 2.1 } do
    w:at(at, lab.fault.crash("view")); w:at(at + 0.1, lab.fault.restart("view"))
  end
  w:run(20*s)
  return view:call{ type = "get", key = "count" }
end
counts = {}
for _, checkpoint in ipairs{ "together", "after", "before" } do counts[checkpoint] = counted(checkpoint) end
counts]],
      predict = {
        question = "Of 400 payments, how many does the projection count whose checkpoint comes after the rows?",
        choices = { "fewer than 400", "400", "more than 400" },
        answer = function(env)
          local n = env.counts.after
          return n < 400 and "fewer than 400" or n > 400 and "more than 400" or "400"
        end,
      },
      hints = {
        "`counts` has the three counts, by the name of the checkpoint.",
        "After a crash it goes on where the checkpoint says.",
        "Events whose rows were written and whose checkpoint was not come again.",
      },
      check = function(t, env)
        local counts = t.has(env, "counts", "table")
        t.equal(counts.together, 400, "the count with the checkpoint together with the rows")
        t.that(counts.after > 400, "with a late checkpoint it is too high", tostring(counts.after))
        t.that(counts.before < 400, "and with an early one too low", tostring(counts.before))
      end,
      explain = function(env)
        return ([[
%d: at least once. With the checkpoint first it is %d: at most once. Together, in one write, it is %d. Where the
rows are somewhere else and cannot be written with the checkpoint, keep the version of the event in the row, and
pass over what is not newer (`labs/ordered-projector`).]]):format(env.counts.after,
          env.counts.before, env.counts.together)
      end,
    },
    {
      name = "poison",
      title = "An event that nobody can handle",
      text = [[
A mailer is subscribed: the store sends it each event until it answers, one after the other. The third event has no
address, so the mailer fails for it. The store tries again after 1 s, ten times, and then parks it.]],
      code = [[
w = lab.world{ seed = 1 }
es = w:service("es", { slots = 16, filters = { lab.event.store() } })
sent = {}
mailer = w:service("mailer", { handler = function(r)
  if not r.event.data.to then return nil, { code = "malformed", message = "no address" } end
  sent[#sent + 1] = { at = w:now(), to = r.event.data.to }
  return true
end })
for i = 1, 6 do
  local data = { to = i ~= 3 and "m" .. i or nil }
  es:call{ type = "append", stream = "mails", events = { { type = "Ordered", data = data } } }
end
es:call{ type = "subscribe", name = "mails", to = "mailer" }
w:run(30*s)
waited = sent[3].at - sent[2].at
parked = es:call{ type = "parked", name = "mails" }
#sent, #parked, waited]],
      predict = {
        question = "How long does the fourth mail wait for the third?",
        unit = "s",
        tolerance = 1,
        answer = function(env) return env.waited end,
      },
      hints = {
        "`sent` has the mails that were sent, with their times; `parked` what the store has put aside.",
        "The first attempt, and ten more, a second apart.",
        "10 s.",
      },
      check = function(t, env)
        local sent, parked = t.has(env, "sent", "table"), t.has(env, "parked", "table")
        t.that(#sent == 5, "five mails are sent", #sent .. " are")
        t.that(#parked == 1, "and one event is parked", #parked .. " are")
      end,
      explain = function(env)
        return ([[
%.0f s: it keeps the order, so a poisonous event holds up all behind it, for as long as it is tried. Then it is parked,
not lost: `replay_parked` tries it again when the mailer is mended. Without a limit, event 3 would have been the last
one of all.]]):format(env.waited)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
A store, a projection that counts each payment, and a client that pays twice a second and asks until it is answered,
with the same id for the event. Nine faults in turn, from 10 s to 25 s: crashes of both, a slow projection, a poisonous
event, a partition, a network that doubles half of its messages, clocks that are wrong.]],
      code = [[
ordeal = require "ordeal"
function build(w)
  local sent, finished = {}, {}
  local es = w:service("es", { slots = 16, filters = { lab.event.store() } })
  local view = w:service("view", { slots = 4, filters = { lab.event.projection{ store = "es", time = 20*ms, batch = 5,
    retry = 0.5, wait = 2, on_error = "skip", apply = function(event, rows)
      local name = event.data.name
      finished[name] = finished[name] or w:now()
      return { [name] = (rows:get(name) or 0) + 1 }
    end } } })
  local function pay(i)
    local name, begun = "payment " .. i, w:now()
    local events = { { type = "Paid", id = name, data = { name = name } } }
    while not es:call{ type = "append", stream = "ann", events = events } do w:sleep(0.5) end
    sent[name] = begun
  end
  w:spawn(function() for i = 1, 70 do w:spawn(pay, i); w:sleep(0.5) end end)
  local count = { __index = function(_, name) return (view:call{ type = "get", key = name }) end }
  return { consumer = "view", broker = "es", sent = sent, finished = finished, done = setmetatable({}, count),
    dead = function() return #view:call{ type = "skipped" } end,
    poison = function() es:call{ type = "append", stream = "ann", events = { { type = "Odd", data = {} } } } end }
end
results = ordeal.run{ build = build, at = 10, lasting = 15, finish = 90 }
print(ordeal.table(results))]],
      predict = {
        question = "630 payments in nine runs: how many of them does the projection miss, or count twice?",
        unit = "payments",
        tolerance = 0.5,
        answer = function(env)
          local n = 0
          for _, row in ipairs(env.results) do n = n + row.missing + row.twice end
          return n
        end,
      },
      hints = {
        "`results` has a row for each fault: `missing` and `twice` are what you look for.",
        "The id keeps a repeated append out; the checkpoint lies with the rows.",
        "None.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.sent == 70, "70 payments are answered", row.sent .. " were, at: " .. row.fault)
          t.that(row.missing == 0 and row.twice == 0, "each is counted once",
            ("%d are missing and %d count twice after %s"):format(row.missing, row.twice, row.fault))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
None. What differs is how late they are counted: %.0f s while the projection is down, %.0f s while it is cut off (its
read of the store has to time out first), %.0f s while the store is down. The poisonous event is put aside (%d). The
clocks change nothing: order comes from positions, and not from times.]]):format(r["consumer crash"].late,
          r.partition.late, r["broker loss"].late, r["poison message"].dead)
      end,
    },
  },
  finish = [[
The log is what happened; states, read models and caches can be made from it again. Next: a read model of its own for
searching (cqrs-search), transactions over several services (order-saga), and a projector to build
(ordered-projector).]],
}

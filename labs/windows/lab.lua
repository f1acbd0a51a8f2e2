return {
  title = "When is a minute over?",
  minutes = 30,
  summary = [[
Events are counted by the time at which they happened, and they arrive late and out of order. You choose windows and a
watermark, and see what waiting costs and what not waiting costs.]],
  after = { "log-streams" },
  steps = {
    {
      name = "tumbling",
      title = "The clock of the events",
      text = [[
Windows of 60 s. Events at 5, 20, 59, 60, 70 and 130 s. There is no other clock than the events: a window is over when
one of a later window has been seen.]],
      code = [[
function show(results)
  for _, r in ipairs(results) do
    print(("[%d, %d) %s: %d%s"):format(r.from, r.to, r.key or "", r.count,
      r.correction and "  (corrected)" or r.retraction and "  (taken back)" or ""))
  end
end
minutes = lab.stream.windows{ kind = "tumbling", size = 60 }
results = {}
for _, time in ipairs{ 5, 20, 59, 60, 70, 130 } do
  local due = minutes:add{ time = time }
  show(due)
  for _, r in ipairs(due) do results[#results + 1] = r end
end]],
      predict = {
        question = "The event at exactly 60 s: which window is it in?",
        choices = { "the first, [0, 60]", "the second, [60, 120)", "both" },
        answer = function(env) return env.results[1].count == 3 and "the second, [60, 120)" or "the first, [0, 60]" end,
      },
      hints = {
        "`results` has the windows that are over.",
        "A window holds its start and not its end.",
        "Add the six times to `lab.stream.windows{ kind = \"tumbling\", size = 60 }`.",
      },
      check = function(t, env)
        t.has(env, "minutes", "Windows")
        local results = t.has(env, "results", "table")
        t.that(#results == 2, "two windows are over", #results .. " are")
        t.equal(results[1].count, 3, "events of the first minute")
      end,
      explain = [[
The second: windows hold their start and not their end, so each event is in exactly one. The third window is still open:
nothing has shown yet that its time is over.]],
    },
    {
      name = "late",
      title = "It was on its way for long",
      text = "A phone in a tunnel sends its click of 50 s when the others are at 70 s.",
      code = [[
strict = lab.stream.windows{ kind = "tumbling", size = 60 }
for _, time in ipairs{ 10, 30, 70 } do show((strict:add{ time = time })) end
_, taken = strict:add{ time = 50 }
taken, strict:counts().late]],
      predict = {
        question = "What becomes of the click?",
        choices = { "it is counted in the first minute", "it is counted in the second minute",
          "it is late, and not counted" },
        answer = function(env)
          return env.taken and "it is counted in the first minute" or "it is late, and not counted"
        end,
      },
      hints = {
        "`taken` says whether it was counted.",
        "The first minute's result was given when 70 s came.",
        "The watermark was at 70 s, so the window was closed.",
      },
      check = function(t, env)
        t.has(env, "strict", "Windows")
        t.equal(env.taken, false, "whether it was taken")
        t.equal(env.strict:counts().late, 1, "late events")
      end,
      explain = [[
Late, and not counted, but told: a result that was given is given. Counting it in the second minute would be worse than
losing it: a wrong number that looks right.]],
    },
    {
      name = "watermark",
      title = "Waiting",
      text = [[
The watermark says: nothing older than this will come. Here it stays so many seconds behind the newest event. 20 000
clicks in 1000 s, each on its way for 2 s on average (exponential), some for much longer.]],
      code = [[
function clicks(seed)
  local w = lab.world{ seed = seed }
  local out = {}
  for i = 1, 20000 do
    local happened = i / 20
    out[i] = { happened = happened, arrives = happened - 2 * math.log(1 - w:random(2^40) / (2^40 + 1)) }
  end
  table.sort(out, function(a, b) return a.arrives < b.arrives end)
  return out
end
arrivals = clicks(1)
function late_share(wait)
  local windows = lab.stream.windows{ kind = "tumbling", size = 60, out_of_order = wait }
  for _, click in ipairs(arrivals) do windows:add{ time = click.happened } end
  return windows:counts().late / #arrivals
end
shares = {}
for _, wait in ipairs{ 0, 2, 5, 10, 20 } do
  shares[wait] = late_share(wait)
  print(("waits %2d s: %6.3f %% late"):format(wait, 100 * shares[wait]))
end]],
      predict = {
        question = "What percentage is late with a watermark that does not wait at all?",
        unit = "%",
        tolerance = 6,
        answer = function(env) return 100 * env.shares[0] end,
      },
      hints = {
        "`shares[wait]` is the share that was late.",
        "Only what crosses the end of a window on its way is late: windows of 60 s, delays of 2 s.",
        "The newest event arrives nearly at once, so what takes 2 s crosses with a chance of 2 / 60.",
      },
      check = function(t, env)
        local s = t.has(env, "shares", "table")
        t.that(s[0] and s[20], "shares for 0 to 20 s", "some are missing")
        t.that(s[0] > s[5] and s[5] > s[20], "waiting longer, less is late", ("%g, %g, %g"):format(s[0], s[5], s[20]))
      end,
      explain = function(env)
        return ([[
%.1f %%; with 5 s %.2f %%, with 20 s %.4f %%. Each second of waiting is a second by which every result is later. There
is no right value, only a price: how wrong may it be, how late may it be?]])
          :format(100 * env.shares[0], 100 * env.shares[5], 100 * env.shares[20])
      end,
    },
    {
      name = "lateness",
      title = "Say it now, correct it later",
      text = [[
One can have both: give a result early, and correct it while late events come, for 30 s (`lateness`). Whoever uses the
results has to be able to take a correction.]],
      code = [[
correcting = lab.stream.windows{ kind = "tumbling", size = 60, lateness = 30 }
first, corrections = 0, 0
for _, click in ipairs(arrivals) do
  for _, r in ipairs((correcting:add{ time = click.happened })) do
    if r.correction then corrections = corrections + 1 else first = first + 1 end
  end
end
first, corrections, correcting:counts().late]],
      predict = {
        question = "16 windows are over. What has come out for each, roughly?",
        choices = { "one result", "two results", "one result, and a correction for each late click" },
        answer = function(env)
          return env.corrections > 5 * env.first and "one result, and a correction for each late click" or "two results"
        end,
      },
      hints = {
        "`first` and `corrections` count results.",
        "Each late click that is still taken changes a number that was told.",
        "Hundreds of corrections.",
      },
      check = function(t, env)
        t.has(env, "correcting", "Windows")
        t.that((env.first or 0) >= 15, "a result for each window", tostring(env.first))
        t.that((env.corrections or 0) > 100, "many corrections", tostring(env.corrections))
      end,
      explain = function(env)
        return ([[
%d results and %d corrections; %d clicks were too late even for that. Right in the end and early in the beginning, for
the price of a stream of changes. A table with one row a window takes them well; an e-mail does not.]])
          :format(env.first, env.corrections, env.correcting:counts().late)
      end,
    },
    {
      name = "hopping",
      title = "The last minute, every ten seconds",
      text = "Windows of 60 s that begin every 10 s overlap. One event at 125 s.",
      code = [[
hopping = lab.stream.windows{ kind = "hopping", size = 60, advance = 10 }
hopping:add{ time = 125 }
open = hopping:counts().open
show(hopping:advance{ watermark = 1000 })
open]],
      predict = {
        question = "In how many windows is it?",
        unit = "windows",
        tolerance = 0.5,
        answer = function(env) return env.open end,
      },
      hints = {
        "`open` counts the windows that hold it.",
        "They begin at 70, 80, 90 ...",
        "size / advance: six.",
      },
      check = function(t, env)
        t.equal(env.open, 6, "windows that hold the event")
      end,
      explain = "Six, size / advance; and six times the memory and six times the results. A fine advance is expensive.",
    },
    {
      name = "sliding",
      title = "More than three in ten seconds",
      text = [[
An alarm: more than three failed log-ins of one account within *any* ten seconds. Attempts at 8, 9, 11, 12 s. Tumbling
windows of 10 s, and sliding ones, which look back from each event.]],
      code = [[
function alarm(windows)
  local most = 0
  local function look(results) for _, r in ipairs(results) do most = math.max(most, r.count) end end
  for _, time in ipairs{ 8, 9, 11, 12 } do look((windows:add{ time = time, key = "eve" })) end
  look(windows:advance{ watermark = 100 })
  return most
end
most_tumbling = alarm(lab.stream.windows{ kind = "tumbling", size = 10 })
most_sliding = alarm(lab.stream.windows{ kind = "sliding", size = 10 })
most_tumbling, most_sliding]],
      predict = {
        question = "What is the highest count that the tumbling windows see?",
        unit = "attempts",
        tolerance = 0.5,
        answer = function(env) return env.most_tumbling end,
      },
      hints = {
        "`most_tumbling` and `most_sliding`.",
        "The four fall on both sides of 10 s.",
        "Two and two.",
      },
      check = function(t, env)
        t.equal(env.most_tumbling, 2, "the most in a tumbling window")
        t.equal(env.most_sliding, 4, "the most in a sliding window")
      end,
      explain = [[
Two, and no alarm; the sliding windows see all four. It is the same edge as with fixed-window rate limits: twice the
limit fits around a boundary. Sliding windows keep every event for a while, so they cost memory.]],
    },
    {
      name = "sessions",
      title = "How long was the visit?",
      text = [[
A visit ends when nothing was clicked for 30 minutes. Ann clicks at 0, 10, 35 and 100 min. A click of 70 min arrives
after the result for the first visit was given; corrections are allowed for two hours.]],
      code = [[
visits = lab.stream.windows{ kind = "session", gap = 30*min, lateness = 120*min }
for _, m in ipairs{ 0, 10, 35, 100 } do show((visits:add{ time = m * min, key = "ann" })) end
show(visits:advance{ watermark = 131*min })
print("the click of 70 min:")
after = visits:add{ time = 70*min, key = "ann" }
show(after)
#after]],
      predict = {
        question = "Two visits were told: 0 to 65 min and 100 to 130 min. What does the click of 70 min do?",
        choices = { "it is a visit of its own, 70 to 100 min, which touches the second: they become one",
          "it is dropped", "all three become one visit" },
        answer = function(env)
          local last = env.after[#env.after]
          return last.count == 2
            and "it is a visit of its own, 70 to 100 min, which touches the second: they become one"
            or "all three become one visit"
        end,
      },
      hints = {
        "`after` is what comes out for the late click.",
        "Its own window is 70 to 100 min. The first visit's ends at 65, the second's begins at 100.",
        "What was told about 100 to 130 is taken back, and 70 to 130 told.",
      },
      check = function(t, env)
        t.has(env, "visits", "Windows")
        local after = t.has(env, "after", "table")
        t.that(#after == 2 and after[1].retraction, "one result is taken back, one told", #after .. " results")
        t.equal(after[2].count, 2, "clicks of the new visit")
      end,
      explain = [[
Sessions grow and merge, so a correction may have to take back what does not exist any more: retraction and result. A
sum downstream that does not understand retractions counts the visit twice.]],
    },
    {
      name = "idle",
      title = "The source falls silent",
      text = [[
The watermark comes from the events. At 100 s the last click of the night arrives. Nothing comes until the morning.]],
      code = [[
night = lab.stream.windows{ kind = "tumbling", size = 60, out_of_order = 5 }
told = 0
for _, time in ipairs{ 10, 70, 100 } do told = told + #(night:add{ time = time }) end
until_morning = night:counts().open
by_hand = #night:advance{ watermark = 8*h }
told, until_morning, by_hand]],
      predict = {
        question = "When is the count for 60 to 120 s told?",
        choices = { "at 120 s", "at 125 s",
          "not before the first click of the morning, unless somebody moves the watermark" },
        answer = function(env)
          return env.until_morning > 0
            and "not before the first click of the morning, unless somebody moves the watermark" or "at 125 s"
        end,
      },
      hints = {
        "`until_morning` is the number of windows that are still open after the last click.",
        "Who tells the windows that time goes on?",
        "Only events, or `advance` by a source that says \"nothing until now\".",
      },
      check = function(t, env)
        t.has(env, "night", "Windows")
        t.equal(env.until_morning, 1, "open windows after the last click")
        t.equal(env.by_hand, 1, "results when the watermark is moved by hand")
      end,
      explain = [[
Not before something moves the watermark. With many partitions it is worse: the watermark is that of the slowest one,
and one silent partition holds up all. So idle sources have to be marked as such.]],
    },
    {
      name = "skew",
      title = "A clock that is ahead",
      text = [[
1000 devices report once a second, as the world's clock says. One of them has a clock that is 10 minutes ahead (a fault:
clock skew). Events carry the device's own time.]],
      code = [[
function lost_with(ahead)
  local w = lab.world{ seed = 8 }
  local windows = lab.stream.windows{ kind = "tumbling", size = 60, out_of_order = 5 }
  local collector = w:service("collector", { slots = 8,
    handler = function(r) windows:add{ time = r.at } return true end })
  for i = 1, 10 do
    w:node("device-" .. i, { code = function(node)
      local function report(env)
        env:call("collector", { type = "report", at = env:wall_now() })
        env:after(1, function() report(env) end)
      end
      function node.on_start(env) report(env) end
    end })
  end
  if ahead > 0 then w:inject(lab.fault.clock_skew{ target = "device-3", by = ahead }) end
  w:run(300)
  return windows:counts()
end
right_clocks = lost_with(0)
one_ahead = lost_with(600)
right_clocks.late, one_ahead.late, one_ahead.events]],
      predict = {
        question = "Ten devices here, one is 10 minutes ahead. What percentage of all reports is late?",
        unit = "%",
        tolerance = 6,
        answer = function(env) return 100 * env.one_ahead.late / env.one_ahead.events end,
      },
      hints = {
        "`one_ahead.late` of `one_ahead.events`.",
        "The watermark follows the newest event. Whose is that?",
        "The one ahead moves the watermark 10 minutes ahead, and the other nine are late from then on.",
      },
      check = function(t, env)
        t.equal(t.has(env, "right_clocks", "table").late, 0, "late reports with right clocks")
        t.that(t.has(env, "one_ahead", "table").late > 1000, "one wrong clock makes the others late",
          tostring(env.one_ahead.late))
      end,
      explain = function(env)
        return ([[
%.0f %%: one clock that is ahead makes all the right ones late. A clock that is behind only loses its own. So a
watermark should not follow the maximum blindly: cap it at the time of arrival, or follow a percentile.]])
          :format(100 * env.one_ahead.late / env.one_ahead.events)
      end,
    },
    {
      name = "crash",
      title = "The aggregator crashes",
      text = [[
Clicks come from a log; a consumer counts them per minute in its memory and commits every 5 s. It crashes in the middle
and its successor begins at the last commit, with an empty memory.]],
      code = [[
w = lab.world{ seed = 8 }
kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, rebalance_delay = 0, topics = { clicks = {} } })
w:run(6)
told, state = {}, nil
w:service("counter", { filters = { lab.stream.consumer{ from = kafka, group = "count", topics = { "clicks" },
    session = 6, heartbeat = 2 } },
  handler = function(r)
    if r.type ~= "record" then return true end
    state = state or lab.stream.windows{ kind = "tumbling", size = 60 }
    for _, result in ipairs((state:add{ time = r.value })) do told[#told + 1] = result end
    return true
  end })
w:run(5)
start = w:now()
for i = 0, 180 do
  kafka[1]:call{ type = "produce", topic = "clicks", partition = 0, value = i, acks = "all", timeout = 5 }
  w:run_until(math.max(w:now(), start + i))
  if i == 90 then
    w:inject(lab.fault.crash("counter")); state = nil
    w:inject(lab.fault.restart("counter"))
  end
end
w:run(30)
for _, r in ipairs(told) do print(("[%d, %d): %d"):format(r.from, r.to, r.count)) end
second_minute = 0
for _, r in ipairs(told) do if r.from == 60 then second_minute = r.count end end
second_minute]],
      predict = {
        question = "60 clicks happened between 60 and 120 s. It crashes at 90 s. How many does the result for " ..
          "that minute say?",
        unit = "clicks",
        tolerance = 8,
        answer = function(env) return env.second_minute end,
      },
      hints = {
        "`second_minute` is the count that was told for [60, 120).",
        "What it had counted was in its memory; what it had committed it does not read again.",
        "It begins again with some click before 90, at the last commit: so some 30 to 35 are counted.",
      },
      check = function(t, env)
        t.that((env.second_minute or 0) > 0 and env.second_minute < 55, "the minute of the crash is wrong",
          tostring(env.second_minute))
      end,
      explain = function(env)
        return ([[
%d of 60. Offsets were committed, the counts were not: the two have to be kept together. Real engines write a snapshot
of state *and* offsets at once (a checkpoint), and on a crash go back to it with both.]]):format(env.second_minute)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
An event every half second goes through a log to two workers, who count into one table of windows: 5 s each, by the
events' own times, waiting 2 s. Each of ten faults in turn, from 20 s to 40 s. The last column is what came after its
window was told.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
results = ordeal.run{ at = 20, lasting = 20, finish = 150, more = stream_shop.faults,
  build = function(w)
    local windows = lab.stream.windows{ kind = "tumbling", size = 5, out_of_order = 2 }
    local system = stream_shop.log(w, { done = function(_, r) windows:add{ time = r.time } end })
    system.windows = windows
    return system
  end,
  judge = function(system) return system.windows:counts().late end }
print(ordeal.table(results, "late"))]],
      predict = {
        question = "After which of these are most events late?",
        choices = { "a poison message", "the loss of a broker", "a worker that is cut off",
          "a broker whose clock is ahead" },
        answer = function(env)
          local named = { ["poison message"] = "a poison message", ["broker loss"] = "the loss of a broker",
            partition = "a worker that is cut off", ["clock skew"] = "a broker whose clock is ahead" }
          local most = "poison message"
          for _, fault in ipairs { "broker loss", "partition", "clock skew" } do
            if env.results[fault].verdict > env.results[most].verdict then most = fault end
          end
          return named[most]
        end,
      },
      hints = {
        "`results[fault].verdict` is the number of late events.",
        "An event is late when the others have gone on for long enough to close its window.",
        "Whose partitions stand still, while those of the other worker go on?",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 10, "ten rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every event reaches a worker",
            ("%d do not after %s"):format(row.missing, row.fault))
        end
        t.equal(results.nothing.verdict, 0, "late events where nothing breaks")
        t.that(results.partition.verdict > 0, "a worker that is cut off makes events late",
          tostring(results.partition.verdict))
      end,
      explain = function(env)
        local r = env.results
        return ([[
Nothing is lost in any row, and yet the counts are wrong: %d late with a worker cut off, %d with a crashed one, %d with
a lost broker. What one worker cannot read stays where it is, while the other worker's events move the watermark on. So
engines keep a watermark for each partition and take the least; then all wait. And the %d events that were done twice
when messages came twice are counted twice: windows need an idempotent consumer, too.]]):format(r.partition.verdict,
          r["consumer crash"].verdict, r["broker loss"].verdict, r.duplicates.twice)
      end,
    },
  },
  finish = [[
A window is over when the watermark says so, and the watermark is a bet. Say early and correct, or wait; never count in
the wrong window. Next: clickstream puts log, windows and delivery together.]],
}

return {
  title = "From a click to a chart",
  minutes = 35,
  summary = [[
Clicks go into a log, one group counts them per minute, another one archives them through a delivery stream. You build
it, then take a broker, a controller, a consumer and a clock away, and look at the chart each time.]],
  after = { "consumer-groups", "windows", "delivery-streams" },
  steps = {
    {
      name = "pipeline",
      title = "The whole of it",
      text = [[
Three web servers produce clicks; `chart` counts them per minute (tumbling windows, 10 s of patience), `archive` hands
them to a delivery stream. 600 clicks in two minutes; then some quiet time until everything has come through.]],
      code = [[
function shop(options)
  options = options or {}
  w = lab.world{ seed = 11 }
  history = lab.history()
  kafka = w:replicas("kafka", lab.stream.log{ brokers = 3, history = history, rebalance_delay = 1, session = 6,
    topics = { clicks = { partitions = 4, min_insync = 2 }, broken = {} } })
  minutes, stored, archived = {}, 0, 0
  w:service("store", { handler = function(r) stored = stored + #r.records return true end })
  w:service("lake", { slots = 16, filters = { lab.stream.delivery{ to = "store", buffer_time = 20 } } })
  for i = 1, 3 do
    w:service("web-" .. i, { slots = 64, filters = { lab.stream.producer{ to = kafka, request_timeout = 1 } } })
  end
  w:run(6)
  local windows
  w:service("chart", { filters = { lab.stream.consumer{ from = kafka, group = "chart", topics = { "clicks" },
      history = history, commit = options.commit or "after", session = 9, heartbeat = 1, failed = options.failed,
      dead_letter = options.failed == "dead_letter" and "broken" or nil, retries = 1 } },
    handler = function(r)
      if r.type ~= "record" then return true end
      if type(r.value) ~= "table" then return nil, { code = "malformed", message = "that is no click" } end
      windows = windows or lab.stream.windows{ kind = "tumbling", size = 60, out_of_order = 10, lateness = 3600 }
      for _, result in ipairs((windows:add{ time = r.time, key = options.by_page and r.value.page or nil })) do
        minutes[result.from] = result.count
      end
      counter = windows
      return true
    end })
  forget = function() windows = nil end
  w:service("archive", { filters = { lab.stream.consumer{ from = kafka, group = "archive", topics = { "clicks" },
      history = history, session = 9, heartbeat = 1, poll_interval = 20, poll_records = 20 } },
    calls = "lake", call_timeout = 10,
    handler = function(r, context)
      if r.type ~= "record" then return true end
      if options.slow then context:sleep(options.slow) end
      local ok, err = context:call("lake", { type = "put_record", data = r.value, timeout = 10 })
      if not ok then return nil, err end
      archived = archived + 1
      return true
    end })
  w:run(8)
  began = w:now()
end
function click(i, page)
  w:spawn(function()
    local put = w:find("web-" .. i % 3 + 1):call{ type = "produce", topic = "clicks", key = page or "page " .. i % 50,
      value = { page = page or "page " .. i % 50, visitor = i % 37 }, timeout = 100 }
    if put then acknowledged = acknowledged + 1 end
  end)
end
function visitors(count, rate, page_of)
  acknowledged = 0
  for i = 1, count do
    click(i, page_of and page_of(i))
    w:run(1 / rate)
  end
  w:run(60)
end
function on_the_chart()
  for _, result in ipairs(counter:advance{ watermark = w:now() + 1000 }) do minutes[result.from] = result.count end
  local sum = 0
  for _, count in pairs(minutes) do sum = sum + count end
  return sum
end
shop()
visitors(600, 5)
shown, in_store = on_the_chart(), stored
acknowledged, shown, in_store]],
      predict = {
        question = "600 clicks were acknowledged. How many are on the chart?",
        unit = "clicks",
        tolerance = 0.5,
        answer = function(env) return env.shown end,
      },
      hints = {
        "`shown` is the sum over all minutes, `in_store` what the archive has.",
        "Each group reads everything.",
        "600, and 600 in the store.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.equal(env.shown, 600, "clicks on the chart")
        t.equal(env.in_store, 600, "clicks in the store")
      end,
      explain = "All of them, and all in the archive: two groups, two positions, neither knows of the other.",
    },
    {
      name = "hot_page",
      title = "A page that everybody reads",
      text = [[
Clicks are keyed by page, so that each page's clicks are in order. Today four of five clicks are on one page.]],
      code = [[
shop{ by_page = true }
visitors(300, 10, function(i) return i % 5 > 0 and "sale" or "page " .. i end)
ends = {}
for p = 0, 3 do
  ends[p] = kafka[1]:call{ type = "list_offsets", topic = "clicks", partition = p }.offset
  print("partition " .. p, ("#"):rep(ends[p] / 5), ends[p])
end
hottest = math.max(ends[0], ends[1], ends[2], ends[3])]],
      predict = {
        question = "What percentage of the clicks is in the fullest of four partitions?",
        unit = "%",
        tolerance = 6,
        answer = function(env) return 100 * env.hottest / 300 end,
      },
      hints = {
        "`ends[p]` are the lengths of the partitions.",
        "One key, one partition: 80 %. And some of the others fall there, too.",
        "80 + 20 / 4: about 85.",
      },
      check = function(t, env)
        t.that((env.hottest or 0) > 200, "one partition has most of the clicks", tostring(env.hottest))
      end,
      explain = function(env)
        return ([[
%.0f %%: four consumers would not help, one would do most of the work. Keyed by visitor it would be even, but then a
page is counted in four places, and the counts have to be added up: two stages. See shards-and-hot-keys.]])
          :format(100 * env.hottest / 300)
      end,
    },
    {
      name = "broker_loss",
      title = "A broker dies in the peak",
      text = "The first pipeline again; at 40 s one broker crashes, and comes back a minute later.",
      code = [[
shop()
w:at(began + 40, lab.fault.crash("kafka-2"), 60)
visitors(600, 5)
w:run(60)
shown_loss = on_the_chart()
loss = lab.check.stream{ history = history, groups = { chart = "at_least_once" } }
acknowledged, shown_loss, loss.lost, loss.verdict]],
      predict = {
        question = "How many acknowledged clicks are lost?",
        unit = "clicks",
        tolerance = 0.5,
        answer = function(env) return env.loss.lost end,
      },
      hints = {
        "`loss.lost`, as the checker counts.",
        "Producers wait for all in-sync replicas, and try again.",
        "None.",
      },
      check = function(t, env)
        local loss = t.has(env, "loss", "table")
        t.equal(loss.verdict, "ok", "the verdict: " .. loss.message)
        t.equal(loss.lost, 0, "clicks lost")
        t.equal(env.acknowledged, 600, "clicks acknowledged")
      end,
      explain = function(env)
        return ([[
None; all %d are acknowledged, some a few seconds late, and the producers' numbers keep the repeated ones from being in
the log twice. The chart shows %d.]]):format(env.acknowledged, env.shown_loss)
      end,
    },
    {
      name = "controller",
      title = "Cut off from the controller",
      text = [[
This time the leader of partition 0 is cut off from the other brokers for 30 s, not from the web servers. It still
believes that it leads.]],
      code = [[
shop()
leader = kafka[1]:call{ type = "metadata" }.topics.clicks.partitions[1].leader
rest = {}
for i = 1, 3 do if kafka[i]:name() ~= leader then rest[#rest + 1] = kafka[i]:name() end end
w:at(began + 40, lab.fault.partition{ sides = { { leader }, rest } }, 30)
visitors(600, 5)
w:run(60)
cut = lab.check.stream{ history = history, groups = { chart = "at_least_once" } }
acknowledged, cut.lost, cut.verdict]],
      predict = {
        question = "Does the cut-off leader acknowledge clicks that are lost afterwards?",
        choices = { "yes, some", "no: it cannot without the others, and the producers go elsewhere" },
        answer = function(env)
          return env.cut.lost == 0 and "no: it cannot without the others, and the producers go elsewhere" or "yes, some"
        end,
      },
      hints = {
        "`cut.lost` and `cut.verdict`.",
        "The producers use acks = all. Who may shrink the ISR?",
        "Only the controller: so its answers are timeouts, and the next broker that is asked knows the new leader.",
      },
      check = function(t, env)
        local cut = t.has(env, "cut", "table")
        t.equal(cut.verdict, "ok", "the verdict: " .. cut.message)
        t.equal(cut.lost, 0, "clicks lost")
      end,
      explain = function(env)
        return ([[
No. %d of 600 clicks are acknowledged, those of the first seconds after some attempts. With acks = 1 the web servers
beside it would have been told "done" for 30 s, and all of that would have been cut off (see log-streams).]])
          :format(env.acknowledged)
      end,
    },
    {
      name = "slow_archive",
      title = "A slow archive",
      text = [[
The archive's consumer needs 0.5 s a click; five come a second. What about the chart, which reads the same log?]],
      code = [[
shop{ slow = 0.5 }
visitors(600, 5)
lag_chart = kafka[1]:call{ type = "lag", group = "chart", timeout = 5 }.lag
lag_archive = kafka[1]:call{ type = "lag", group = "archive", timeout = 5 }.lag
lag_chart, lag_archive]],
      predict = {
        question = "What is the lag of the chart, a minute after the last click?",
        unit = "clicks",
        tolerance = 5,
        answer = function(env) return env.lag_chart end,
      },
      hints = {
        "`lag_chart` and `lag_archive`.",
        "Do readers of a log wait for each other?",
        "No: 0.",
      },
      check = function(t, env)
        t.equal(env.lag_chart, 0, "the chart's lag")
        t.that((env.lag_archive or 0) > 50, "the archive lags behind", tostring(env.lag_archive))
      end,
      explain = function(env)
        return ([[
None, and %d for the archive, which will never catch up at this speed. As long as retention is longer than its lag,
nothing is lost; when it is not, a group silently jumps over what is gone. So lag is what one watches.]])
          :format(env.lag_archive)
      end,
    },
    {
      name = "crash",
      title = "The counter crashes",
      text = [[
The chart's consumer crashes in mid-work, at 90 s, and its windows with it. Its offsets are committed after each
click.]],
      code = [[
shop()
w:at(began + 90, lab.fault.crash("chart"), 2)
w:at(began + 90, function() forget() end)
visitors(600, 5)
shown_crash = on_the_chart()
crashed = lab.check.stream{ history = history, groups = { chart = "at_least_once" } }
shown_crash, crashed.skipped, crashed.verdict]],
      predict = {
        question = "No record was skipped. Are all 600 on the chart?",
        choices = { "yes", "no: what was in the open windows is missing", "more than 600" },
        answer = function(env)
          return env.shown_crash < 600 and "no: what was in the open windows is missing" or "yes"
        end,
      },
      hints = {
        "`shown_crash` is the sum over all minutes.",
        "What was committed is not read again. Where was it counted?",
        "In the memory of the dead process.",
      },
      check = function(t, env)
        t.equal(t.has(env, "crashed", "table").skipped, 0, "records skipped")
        t.that((env.shown_crash or 600) < 600, "clicks are missing on the chart", tostring(env.shown_crash))
      end,
      explain = function(env)
        return ([[
%d of 600: every record was processed, and the result of it forgotten. Processing is not done when the handler returns
but when its result is somewhere safe; so state and offsets have to be kept together.]]):format(env.shown_crash)
      end,
    },
    {
      name = "poison",
      title = "A click that cannot be read",
      text = [[
An old app sends a click that is a bare text. The chart's handler fails on it. First `failed = "block"`, then
`"dead_letter"`: after one more attempt it goes into the topic `broken`.]],
      code = [[
function with_poison(failed)
  shop{ failed = failed }
  w:at(began + 20, function()
    kafka[1]:call{ type = "produce", topic = "clicks", partition = 0, value = "page=7", timeout = 5, acks = "all" }
  end)
  visitors(300, 5)
  return on_the_chart(), kafka[1]:call{ type = "list_offsets", topic = "broken", partition = 0 }.offset
end
blocked = with_poison("block")
set_aside, letters = with_poison("dead_letter")
blocked, set_aside, letters]],
      predict = {
        question = "With `block`: about how many of the 300 clicks reach the chart?",
        unit = "clicks",
        tolerance = 30,
        answer = function(env) return env.blocked end,
      },
      hints = {
        "`blocked`, `set_aside` and `letters`.",
        "One partition of four stands still from 20 s of 60 s on.",
        "Three quarters, and a third of the last one: some 250.",
      },
      check = function(t, env)
        t.that((env.blocked or 300) < 300, "a partition stands still", tostring(env.blocked))
        t.equal(env.set_aside, 300, "clicks on the chart when the poison is set aside")
        t.equal(env.letters, 1, "dead letters")
      end,
      explain = function(env)
        return ([[
%d: one bad click and a quarter of the chart freezes, and nothing crashes, so nobody is paged. Set aside, all 300 are
there, and the bad one can be looked at.]]):format(env.blocked)
      end,
    },
    {
      name = "skew",
      title = "A clock that is ahead",
      text = "The clock of `web-2` is ten minutes ahead. It stamps a third of the clicks. Corrections are not " ..
        "allowed here.",
      code = [[
shop()
strict = lab.stream.windows{ kind = "tumbling", size = 60, out_of_order = 10 }
w:inject(lab.fault.clock_skew{ target = "web-2", by = 600 })
visitors(600, 5)
for p = 0, 3 do
  for _, r in ipairs(kafka[1]:call{ type = "fetch", topic = "clicks", partition = p, offset = 0,
    max = 1000 }.records) do
    strict:add{ time = r.time }
  end
end
late = strict:counts().late
late]],
      predict = {
        question = "A third of the clicks is stamped wrongly. What percentage of all is late, and not counted?",
        unit = "%",
        tolerance = 6,
        answer = function(env) return 100 * env.late / 600 end,
      },
      hints = {
        "`late` of 600 clicks.",
        "The wrong ones are counted, ten minutes ahead. And the right ones?",
        "After the first wrong click nearly all right ones are late: two thirds of all.",
      },
      check = function(t, env)
        t.that((env.late or 0) > 300, "most clicks with the right time are late", tostring(env.late))
      end,
      explain = function(env)
        return ([[
%.0f %%: the right ones. One bad clock moved the watermark. Let the brokers stamp (the time of arrival), or refuse
stamps that are too far ahead.]]):format(100 * env.late / 600)
      end,
    },
    {
      name = "rebuild",
      title = "Put it right",
      text = [[
The counter crashed as above and the chart is wrong. But the log still has all clicks: a new group begins at the
earliest offset and counts again.]],
      code = [[
shop()
w:at(began + 90, lab.fault.crash("chart"), 2)
w:at(began + 90, function() forget() end)
visitors(600, 5)
wrong = on_the_chart()
recount = lab.stream.windows{ kind = "tumbling", size = 60, out_of_order = 120 }
w:service("recount", { filters = { lab.stream.consumer{ from = kafka, group = "recount", topics = { "clicks" },
    start = "earliest" } },
  handler = function(r) if r.type == "record" then recount:add{ time = r.time } end return true end })
w:run(30)
right = 0
for _, result in ipairs(recount:advance{ watermark = w:now() + 1000 }) do right = right + result.count end
wrong, right]],
      predict = {
        question = "How many clicks has the recount?",
        unit = "clicks",
        tolerance = 0.5,
        answer = function(env) return env.right end,
      },
      hints = {
        "`wrong` and `right`.",
        "A group that has committed nothing begins at the earliest offset.",
        "600.",
      },
      check = function(t, env)
        t.that((env.wrong or 600) < 600, "the first chart is wrong", tostring(env.wrong))
        t.equal(env.right, 600, "clicks in the recount")
      end,
      explain = [[
All 600. This is why the log comes first and everything else is derived from it: a view that is wrong is thrown away and
made anew, while the old one still answers.]],
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
The web server, the log, three counters, and each of ten faults in turn, from 20 s to 40 s. A checker reads what the
brokers and the counters did.]],
      code = [[
ordeal, stream_shop = require "ordeal", require "stream_shop"
results = ordeal.run{ at = 20, lasting = 20, finish = 150, more = stream_shop.faults,
  build = function(w) return stream_shop.log(w, { partitions = 6, count = 3 }) end,
  judge = function(system) return system.judge().verdict end }
print(ordeal.table(results))]],
      predict = {
        question = "The leader is cut off from the controller for 20 s. How many of the 60 clicks are lost?",
        choices = { "none", "those of 20 s", "those of the first seconds" },
        answer = function(env)
          return env.results["controller cut off"].missing == 0 and "none" or "those of 20 s"
        end,
      },
      hints = {
        "`results[\"controller cut off\"]` is that row.",
        "The producer waits for all in-sync replicas, and asks another broker when it gets no answer.",
        "None; some are late.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 10, "ten rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "all is done, whatever breaks", ("%d are not after %s"):format(row.missing,
            row.fault))
          t.that(row.verdict == "ok", "the promises hold after " .. row.fault, tostring(row.verdict))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
None, and the longest wait is %.1f s. All rows are complete; %d clicks were counted twice where the network doubled
messages, which a counter that remembers what it has counted would not do.]]):format(
          r["controller cut off"].late, r.duplicates.twice)
      end,
    },
  },
  finish = [[
Log first; one group for each use; count by the event's time; keep state and offset together; watch lag and the age of
dead letters. You have built a small version of what many companies call their data platform.]],
}

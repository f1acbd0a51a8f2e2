-- Data types that need no agreement: what they are, what they do with what happens at once, and what they cost.

return {
  title = "Data that merges by itself",
  minutes = 35,
  after = { "multi-primary-conflicts" },
  summary = [[
A counter, a set, a map and a text that every copy changes at once, without asking, and that come to the same when the
copies hear of each other. You cut copies off, deliver their messages twice and in the wrong order, and weigh what
they carry along for it.]],
  steps = {
    {
      name = "counter",
      title = "A counter through a partition",
      text = [[
Three copies of a counter, each counting ten times a second. From 2 s to 6 s `kv-3` hears nobody. First the counter is a
number (read it, write one more; the last write wins), then a `pn_counter`.]],
      code = [[
function count_with(options, more)
  w = lab.world{ seed = 2 }
  options.count = 3
  kv = w:replicas("kv", lab.replicate.multi_primary(options))
  w:at(2, lab.fault.partition{ sides = { { "kv-1", "kv-2" }, "kv-3" } }, 4)
  counted, lines = 0, { {}, {}, {} }
  for i = 1, 3 do
    w:spawn(function()
      w:sleep(0.01 * i)
      for _ = 1, 80 do
        if more(kv[i]) then counted = counted + 1 end
        w:sleep(0.1)
      end
    end)
  end
  for tick = 1, 20 do
    w:run(0.5)
    for i = 1, 3 do lines[i][tick] = { w:now(), kv[i]:call{ type = "read", key = "likes" } or 0 } end
  end
  w:run(2)
  return kv[1]:call{ type = "read", key = "likes" }
end
function one_more(node)
  local n = node:call{ type = "read", key = "likes", timeout = 1 } or 0
  return node:call{ type = "write", key = "likes", value = n + 1, timeout = 1 }
end
function increment(node) return node:call{ type = "update", key = "likes", op = "increment", timeout = 1 } end
as_number = count_with({}, one_more)
as_counter = count_with({ data = lab.replicate.pn_counter() }, increment)
chart = require "chart"
series = { { label = "kv-1", points = lines[1] }, { label = "kv-3", points = lines[3] } }
print(chart.line{ series = series, height = 10 })
print("counted " .. counted, "as a number " .. as_number, "as a pn_counter " .. as_counter)]],
      predict = {
        question = "240 times somebody counted. What does the *number* say in the end?",
        unit = "likes",
        tolerance = 25,
        answer = function(env) return env.as_number end,
      },
      hints = {
        "`as_number`. It does not need the partition to go wrong.",
        "Three copies count at the same time, and a write is under way for 50 ms.",
        "About as many as one copy alone has counted.",
      },
      check = function(t, env)
        t.equal(env.as_counter, env.counted, "what the pn_counter says in the end")
        t.that(t.has(env, "as_number", "number") < env.counted / 2, "the number loses more than half",
          tostring(env.as_number))
      end,
      explain = function(env)
        return ([[
%d of %d: three nodes that read 7 and write 8 have counted one. A counter that is *replicated* has a number for each
copy, which only this copy raises; a merge takes the larger of two, and the value is the sum: %d. In the picture the
copies drift apart while they are cut off, and meet afterwards. Redis Enterprise and Riak count like this.]])
          :format(env.as_number, env.counted, env.as_counter)
      end,
    },
    {
      name = "any_order",
      title = "In any order, as often as you like",
      text = [[
Why that works: merging must not care about order, grouping or repetition. `a` makes 20 changes, and each has a
*delta*, a
small state. `b` gets them shuffled, a third of them twice. Then the same with a counter whose merge adds (`bug =
"sums_counters"`).]],
      code = [[
function shuffled(kind, bug, change)
  local a, b = kind{ replica = "a" }, kind{ replica = "b", bug = bug }
  local deltas = {}
  for i = 1, 20 do
    deltas[#deltas + 1] = change(a, i)
    if i % 3 == 0 then deltas[#deltas + 1] = deltas[#deltas] end
  end
  for i = #deltas, 2, -1 do
    local j = math.random(i)
    deltas[i], deltas[j] = deltas[j], deltas[i]
  end
  for _, delta in ipairs(deltas) do b:merge(delta) end
  return a:value(), b:value()
end
function count(c) return c:increment() end
sent, received = shuffled(lab.replicate.g_counter, nil, count)
sent_sum, received_sum = shuffled(lab.replicate.g_counter, "sums_counters", count)
function change_set(c, i) if i % 4 == 0 then return c:remove(i - 1) else return c:add(i) end end
set_sent, set_received = shuffled(lab.replicate.or_set, nil, change_set)
print("counter", sent, received)
print("counter that adds", sent_sum, received_sum)
print("set", table.concat(set_sent, " "), " | ", table.concat(set_received, " "))]],
      predict = {
        question = "A removal comes before the add that it removes. What does the set do?",
        choices = { "the element stays for ever", "the add finds that it was removed", "it waits for the add" },
        answer = function() return "the add finds that it was removed" end,
      },
      hints = {
        "Compare `set_sent` and `set_received`.",
        "A removal says which adds it removes, by their names (replica and number).",
        "So an add that comes later is known, and gone.",
      },
      check = function(t, env)
        t.equal(env.received, env.sent, "what the counter received")
        t.that(env.received_sum ~= env.sent_sum, "the counter that adds is wrong", tostring(env.received_sum))
        t.equal(env.set_received, env.set_sent, "the elements that the set received")
      end,
      explain = function(env)
        return ([[
%d and %d; but %d where a merge adds. States that grow in one direction only, and a merge that takes the least state
above both: commutative, associative, idempotent. Then the network may do what it likes. Our test runs every
type under thousands of such shuffles against its specification.]]):format(env.sent, env.received, env.received_sum)
      end,
    },
    {
      name = "at_once",
      title = "Add and remove at once",
      text = [[
Two phones share a shopping list with milk on it. One removes milk, the other one adds it again, at the same time. Three
sets have three opinions: `or_set`, `two_phase_set`, and a `lww_map` with times (the remove at 10 s, the add at 9 s by a
slow clock, though it was later).]],
      code = [[
function phones(kind, remove, add)
  local a, b = kind{ replica = "a" }, kind{ replica = "b" }
  add(a, 1); b:merge(a)
  remove(a); add(b, 9)
  a:merge(b); b:merge(a)
  local value = a:value()
  return (value.milk or value[1]) ~= nil
end
milk = {
  or_set = phones(lab.replicate.or_set, function(c) c:remove("milk") end, function(c) c:add("milk") end),
  two_phase_set = phones(lab.replicate.two_phase_set, function(c) c:remove("milk") end, function(c) c:add("milk") end),
  lww_map = phones(lab.replicate.lww_map, function(c) c:remove("milk", 10) end,
    function(c, time) c:put("milk", true, time) end),
}
milk]],
      predict = {
        question = "On which list is milk in the end?",
        choices = { "or_set", "two_phase_set", "lww_map", "on all" },
        answer = function(env)
          local m = env.milk
          return m.or_set and not m.two_phase_set and not m.lww_map and "or_set" or "on all"
        end,
      },
      hints = {
        "`milk` has the answers.",
        "An or_set's remove takes away the adds that its writer saw.",
        "The second add was not seen by the remove. The two others know only: removed for ever; removed at 10.",
      },
      check = function(t, env)
        local milk = t.has(env, "milk", "table")
        t.that(milk.or_set == true and milk.two_phase_set == false and milk.lww_map == false,
          "milk is on the or_set only", "it is not so")
      end,
      explain = [[
All copies agree, in each of the three; agreeing is not yet being right. An *observed-remove* set removes what was seen,
so an add at the same time wins. A two-phase set removes for ever. With times, the clock decides. Which of them suits
you
is a question about milk, not about databases.]],
    },
    {
      name = "text",
      title = "Two writers, one text",
      text = [[
Both have `efecte`. One inserts the missing `f` at place 2, the other one deletes the last `e` at place 6. Sent as
places,
that goes wrong. Then both type a word at the end of `Hello`, onwards; and then one of them writes its two words
backwards (first the last one).]],
      code = [[
function text(start)
  local a, b = lab.replicate.rga_text{ replica = "a" }, lab.replicate.rga_text{ replica = "b" }
  b:merge(a:insert(1, start))
  return a, b
end
function meet(a, b) a:merge(b); b:merge(a); assert(a:value() == b:value()); return a:value() end
a, b = text("efecte"); a:insert(2, "f"); b:delete(6)
places = ("effecte"):sub(1, 5) .. ("effecte"):sub(7)
corrected = meet(a, b)
a, b = text("Hello!"); a:insert(6, " dear reader"); b:insert(6, " Alice")
onwards = meet(a, b)
a, b = text("Hello!"); a:insert(6, " reader"); a:insert(6, " dear"); b:insert(6, " Alice")
backwards = meet(a, b)
print("by places: " .. places, "by names: " .. corrected)
print(onwards); print(backwards)]],
      predict = {
        question = "Typed backwards, is \" dear reader\" still in one piece?",
        choices = { "yes", "no: Alice is in between" },
        answer = function(env)
          return env.backwards:find("dear reader", 1, true) and "yes" or "no: Alice is in between"
        end,
      },
      hints = {
        "Look at `backwards`.",
        "Each character hangs on the one it was typed behind.",
        "\" dear\" and \" reader\" both hang on the o of Hello, as \" Alice\" does; so they are sorted.",
      },
      check = function(t, env)
        t.equal(env.corrected, "effect", "the corrected word")
        t.that(tostring(env.onwards):find("dear reader", 1, true) ~= nil, "what is typed onwards stays together",
          tostring(env.onwards))
        t.equal(env.backwards, "Hello dear Alice reader!", "what is typed backwards")
      end,
      explain = [[
`effect` with names, where places deleted the wrong letter. A character has a name for ever, and says behind which it
was
typed; what hangs on one character is sorted, the newest first. Typed onwards a word is a chain and stays whole; typed
backwards its pieces hang side by side, and another writer's may come between. That is known of RGA, and the
reason for younger algorithms (Yjs and Fugue).]],
    },
    {
      name = "weight",
      title = "What they carry along",
      text = [[
How many bytes the state takes on the wire, and how many of them are the value. A list of 100 things, after 0, 1000 and
10000 changes (add one, remove one); a counter of 3, 100 and 1000 copies; a text of 1000 characters, after 0, 1000 and
10000 deletions of what was typed.]],
      code = [[
function list(kind, changes)
  local c = kind{ replica = "phone" }
  for i = 1, 100 do c:add(i) end
  for i = 1, changes do c:add(100 + i); c:remove(100 + i) end
  return (c:size_bytes())
end
function counter(copies)
  local c = lab.replicate.g_counter()
  for i = 1, copies do c:merge(lab.replicate.g_counter{ replica = "server-" .. i }:increment()) end
  return (c:size_bytes())
end
function document(changes)
  local c = lab.replicate.rga_text{ replica = "laptop" }
  c:insert(1, ("x"):rep(1000))
  for i = 1, changes / 10 do c:insert(500, "0123456789"); c:delete(500, 10) end
  return (c:size_bytes())
end
weights = {}
function weigh(name, f, a, b, c) weights[name] = { f(a), f(b), f(c) } end
weigh("or_set", function(n) return list(lab.replicate.or_set, n) end, 0, 1000, 10000)
weigh("two_phase_set", function(n) return list(lab.replicate.two_phase_set, n) end, 0, 1000, 10000)
weigh("g_counter", counter, 3, 100, 1000)
weigh("rga_text", document, 0, 1000, 10000)
rows, bars = {}, {}
for name, w in pairs(weights) do
  rows[#rows + 1] = { name, w[1], w[2], w[3] }
  bars[#bars + 1] = { name, w[3] / w[1] }
end
print(chart.table{ rows = rows, columns = { "bytes", "small", "more", "most" } })
print(chart.bars(bars, { unit = "times as heavy", format = function(x) return ("%.1f"):format(x) end }))
big, one = lab.replicate.or_set{ replica = "a" }, nil
for i = 1, 1000 do one = big:add(i) end
delta_bytes, state_bytes = #require("json").encode(one), #require("json").encode(big:state())]],
      predict = {
        question = "A list of 100 things, and 10000 that came and went. How much heavier is the or_set for it?",
        choices = { "not at all", "twice", "fifty times" },
        answer = function(env)
          local w = env.weights.or_set
          return w[3] / w[1] < 1.1 and "not at all" or w[3] / w[1] < 5 and "twice" or "fifty times"
        end,
      },
      hints = {
        "`weights.or_set` has the bytes after 0, 1000 and 10000 changes.",
        "What was removed is in the version vector: a number.",
        "Not at all; the two-phase set keeps every name.",
      },
      check = function(t, env)
        local w = t.has(env, "weights", "table")
        t.that(w.or_set[3] < 1.1 * w.or_set[1], "the or_set does not grow", w.or_set[1] .. " and " .. w.or_set[3])
        t.that(w.two_phase_set[3] > 20 * w.two_phase_set[1], "the two-phase set grows",
          w.two_phase_set[1] .. " and " .. w.two_phase_set[3])
      end,
      explain = function(env)
        return ([[
The or_set keeps none of what was removed (Bieniusa's, of 2012; its ancestor kept all), the two-phase set everything,
the
text a tombstone for each piece, since somebody might still type behind it. A counter grows with the copies that ever
were: so phones do not count, their server does. And of a state of %d bytes the delta of one add is %d: nobody sends
states all day.]]):format(env.state_bytes, env.delta_bytes)
      end,
    },
    {
      name = "faults",
      title = "Everything at once",
      text = [[
Three copies of each type under crashes, power failures, partitions, loss, duplicates and wrong clocks, for 6 s. Then
all is healed. Do the copies agree; and is what was acknowledged there?]],
      code = [[
function ordeal(data, change)
  w = lab.world{ seed = 11 }
  kv = w:replicas("kv", lab.replicate.multi_primary{ count = 3, data = data })
  w:inject(lab.fault.chaos{ span = 6, every = 0.4, lasting = 0.6, at_once = 3, faults = {
    lab.fault.crash{ target = "one", power = true }, lab.fault.crash{ target = "all", disk = "prefix" },
    lab.fault.partition{ isolate = "one" }, lab.fault.loss{ probability = 0.5 },
    lab.fault.duplicate{ probability = 0.5 }, lab.fault.clock_skew{ target = "one", by = 60 } } })
  local ok = 0
  for i = 1, 3 do
    w:spawn(function()
      for n = 1, 60 do
        local request = change(i * 1000 + n)
        request.type, request.key, request.timeout = "update", "x", 0.3
        if kv[i]:call(request) then ok = ok + 1 end
        w:sleep(0.1)
      end
    end)
  end
  w:run(12)
  local json, same, value = require "json", true, nil
  for i = 1, 3 do
    local read = kv[i]:call{ type = "read", key = "x", timeout = 1 }
    if i > 1 and json.encode(read) ~= json.encode(value) then same = false end
    value = read
  end
  return same, ok, value
end
r = lab.replicate
same_counter, counted_ok, count_in_the_end = ordeal(r.pn_counter(), function() return { op = "increment" } end)
same_set, added_ok, elements = ordeal(r.or_set(), function(n) return { op = "add", value = n } end)
same_map = ordeal(r.or_map(), function(n) return { op = "put", field = "f" .. n % 5, value = n } end)
same_text, typed_ok, typed = ordeal(r.rga_text(), function(n) return { op = "insert", at = 1, text = "x" } end)
print("counter", same_counter, counted_ok .. " acknowledged", count_in_the_end)
print("set", same_set, added_ok .. " acknowledged", #elements)
print("map", same_map)
print("text", same_text, typed_ok .. " acknowledged", #typed)]],
      predict = {
        question = "May there be *more* in the end than was acknowledged?",
        choices = { "no, that would be a bug", "yes: some answers were lost, and some requests" },
        answer = function() return "yes: some answers were lost, and some requests" end,
      },
      hints = {
        "Compare `counted_ok` and `count_in_the_end`.",
        "Who got no answer does not know whether it was counted.",
        "A request may be carried out and its answer be lost.",
      },
      check = function(t, env)
        t.that(env.same_counter and env.same_set and env.same_map and env.same_text, "all copies agree", "some do not")
        t.that(env.count_in_the_end >= env.counted_ok and #env.elements >= env.added_ok and #env.typed >= env.typed_ok,
          "nothing that was acknowledged is missing", "something is")
      end,
      explain = function(env)
        return ([[
They agree, and all that was acknowledged is there: %d of %d counts had an answer. No leader was asked, nothing
waited, and
nobody was ever refused. What they cannot do: promise that a stock never falls below zero, or that a name is
taken once. For that somebody has to be asked.]]):format(env.counted_ok, env.count_in_the_end)
      end,
    },
  },
}

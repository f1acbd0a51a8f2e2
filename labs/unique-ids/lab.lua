-- Unique ids: one counter, leases of it, snowflakes and their clocks, and what an index thinks of random ids.

local function failures(users) return users:errors() end

return {
  title = "Unique ids: a counter, a clock, or luck",
  minutes = 25,
  after = { "quickstart" },
  summary = [[
Every row, message and order needs a name that nothing else has. You will make ids in four ways (ask one counter,
lease from it, use the clock, use chance) and see what each of them costs, and how a crash or a clock that goes back
shows in the ids.]],

  steps = {
    {
      name = "one_counter",
      title = "One counter for all",
      text = [[
The simplest way: a server that knows the last number. So that it does not give a number twice after a crash, it
writes the next one to its disk first: 0.1 ms for the write, 1 ms until it is durable. Four apps ask it for each id.
5000 ids a second are wanted.]],
      code = [[
function ticket_world(server, app)
  w = lab.world{ seed = 1 }
  tickets = w:service("tickets", { filters = { lab.id.ticket_server(server) } })
  app.server = "tickets"
  apps = w:fleet("app", 4, { filters = { lab.id.tickets(app) } })
end
ticket_world({ reserve = 0 }, { lease = 1 })
users = w:load{ to = w:balancer("lb", apps), rate = 5000, mix = { id = 1 }, timeout = 5*s }
w:run(5*s)
single = users:ok() / 5]],
      predict = {
        question = "How many ids a second does the counter give out, at most?",
        unit = "ids/s",
        tolerance = 250,
        answer = function(env) return env.single end,
      },
      hints = {
        "`single` should be the number of answered requests a second.",
        "Each number waits for one write and one sync, and they come one after the other.",
        "1 / 1.1 ms is some 900 a second. `.go` types the code.",
      },
      check = function(t, env)
        local single = t.has(env, "single", "number")
        t.that(single > 500 and single < 1500, "some 900 ids a second: one for each write", ("%.0f"):format(single))
      end,
      explain = function(env)
        return ([[
%.0f a second, and the rest queues: one number, one write. The four apps do not help, as there is one disk behind
them. And when the server is down, nobody gets an id at all.]]):format(env.single)
      end,
    },
    {
      name = "leases",
      title = "Leases",
      text = [[
So let each app lease 100 numbers at a time, and the server write 1000 numbers ahead. That is one call for 100 ids,
and one write for ten calls. Each of the four apps makes 130 ids; then app-1 crashes, and the server as well; then
each makes 130 more. `audit` looks for numbers that came twice, and for those that are missing in between.]],
      code = [[
function collect(nodes, n)
  local ids = {}
  for _ = 1, n do
    for _, node in ipairs(nodes) do
      w:spawn(function()
        local id = node:call{ type = "id", timeout = 5*s }
        ids[#ids + 1] = id
      end)
    end
    w:run(1*ms)
  end
  w:run(1*s)
  return ids
end
ticket_world({ reserve = 1000 }, { lease = 100 })
numbers = collect(apps, 130)
for _, name in ipairs{ "app-1", "tickets" } do
  w:inject(lab.fault.crash(name)); w:inject(lab.fault.restart(name))
end
for _, id in ipairs(collect(apps, 130)) do numbers[#numbers + 1] = id end
leased = lab.id.audit{ ids = numbers }]],
      predict = {
        question = "How many numbers are missing between the smallest and the largest?",
        unit = "numbers",
        tolerance = 200,
        answer = function(env) return env.leased.missing end,
      },
      hints = {
        "`leased` is what `lab.id.audit` says of all ids, in the order in which they were made.",
        "What was leased and not used is in the memory of app-1. What does the server know after its crash: the last "
          .. "number, or the one that it wrote?",
        "App-1 had used 30 of its second lease: 70 are lost. The server had leased out 800 of the 1000 that it wrote. "
          .. "And the other apps still hold some that they will use.",
      },
      check = function(t, env)
        local leased = t.has(env, "leased", "table")
        t.that(leased.ids == 1040, "4 times 260 ids", tostring(leased.ids))
        t.that(leased.duplicates == 0, "no number comes twice", tostring(leased.duplicates) .. " do")
        t.that(leased.missing > 0, "the crashes leave gaps", "there are none; did app-1 crash?")
      end,
      explain = function(env)
        return ([[
%d missing, in %d gaps; and none comes twice, which is what counts. A lease that dies with its app is a gap, and so is
what the server had written ahead (it goes on at what the disk says: it cannot know how much of it was used). And
look: %d ids were smaller than the one before. Leases are not in order of time.]]):format(env.leased.missing,
env.leased.gaps,
          env.leased.descents)
      end,
    },
    {
      name = "snowflake",
      title = "Asking nobody",
      text = [[
Twitter's way (2010): 64 bits are the time in milliseconds, the number of the worker, and a counter within the
millisecond. No call, no disk. Discord's ids are of this kind, and anybody can read when a message was written.

  | 42 bits: ms since 2015 | 5: worker | 5: process | 12: sequence |]],
      code = [[
form = { epoch = 1420070400, time_bits = 42, worker_bits = 5, process_bits = 5, worker = 1 }
discord = lab.id.snowflake(form)
message = discord:parse("175928847299117063")
many, seconds = discord:take(100000, 1700000000)
per_second = 100000 / (seconds - 1700000000)]],
      predict = {
        question = "How many ids can one worker make in a second, in millions?",
        unit = "million",
        tolerance = 0.5,
        answer = function(env) return env.per_second / 1e6 end,
      },
      hints = {
        "`per_second` should be how many ids a second `take` made; it lets the clock go on where it must.",
        "The sequence has 12 bits. What if it is used up?",
        "2^12 in a millisecond, and then it waits for the next one.",
      },
      check = function(t, env)
        local message = t.has(env, "message", "table")
        t.equal(message.ms, 1462015105796, "the time in Discord's message")
        local per_second = t.has(env, "per_second", "number")
        t.that(per_second > 3e6, "about 4 million ids a second", ("%.0f"):format(per_second))
      end,
      explain = function(env)
        return ([[
%.2f million: 4096 in each millisecond; then `next` says how long to wait. The message is of the year %.1f. (Ids are
texts here, for a Lua number is exact up to 2^53 only. JavaScript has the same trap: that is why such ids are strings
in JSON.)]])
          :format(env.per_second / 1e6, 1970 + env.message.time / (365.2425 * 86400))
      end,
    },
    {
      name = "clock_back",
      title = "A clock that goes back",
      text = [[
No call and no disk, but a clock is trusted. Four apps make ids by their own wall clocks, with the number of their
node as the worker. After 2 s somebody puts the clock of app-1 back by half a second. 4000 ids a second are wanted,
and the balancer sends each app its quarter.]],
      code = [[
function snowflake_world(options)
  w = lab.world{ seed = 1 }
  options.generator = options.generator or lab.id.snowflake{}
  apps = w:fleet("app", 4, { filters = { lab.id.filter(options) } })
end
snowflake_world{ worker = "node" }
users = w:load{ to = w:balancer("lb", apps), rate = 4000, mix = { id = 1 }, name = "ids" }
w:at(2*s, lab.fault.clock_step{ target = "app-1", by = -0.5 })
w:run(5*s)
print(users:report())]],
      predict = {
        question = "How many requests for an id fail?",
        unit = "requests",
        tolerance = 150,
        answer = function(env) return failures(env.users) end,
      },
      hints = {
        "Five seconds, with the step of the clock at 2 s.",
        "The generator refuses while the clock is before its last id. How long is that, and how many ask it meanwhile?",
        "Half a second at 1000 a second.",
      },
      check = function(t, env)
        local users = t.has(env, "users", "Load")
        t.that(users:sent() > 15000, "4000 requests a second for five seconds", users:sent() .. " were sent")
        t.that(failures(users) > 200, "requests fail while the clock is behind", failures(users) .. " failed")
      end,
      explain = function(env)
        return ([[
%d: for half a second app-1 refuses with `clock_backwards`, as it may have issued those ids already. Real time
services slew a clock rather than step it, and generators wait for a few milliseconds themselves (`tolerance =
5*ms`).]]):format(
          failures(env.users))
      end,
    },
    {
      name = "restart",
      title = "What a generator forgets",
      text = [[
It refuses because it remembers its last id. Now app-1 crashes, and comes back with a clock that is half a second
behind: another machine, say. It makes one id a millisecond, for a second before and a second after. Once as it is,
and once with a guard: a time on disk, written half a second ahead, before which a restarted process issues
nothing.]],
      code = [[
function restarted(guard)
  snowflake_world{ worker = "node", guard = guard }
  w:run(1*s)
  local ids = collect({ apps[1] }, 1000)
  w:inject(lab.fault.crash("app-1")); w:inject(lab.fault.restart("app-1"))
  w:inject(lab.fault.clock_step{ target = "app-1", by = -1.5 })
  for _, id in ipairs(collect({ apps[1] }, 1000)) do ids[#ids + 1] = id end
  return lab.id.audit{ ids = ids }
end
bare, guarded = restarted(0), restarted(0.5)
bare.duplicates]],
      predict = {
        question = "collect waits a second at its end, so the clock is put back by 1.5 s to be half a second behind "
          .. "the last id. How many ids come twice without the guard?",
        unit = "ids",
        tolerance = 120,
        answer = function(env) return env.bare.duplicates end,
      },
      hints = {
        "`bare` and `guarded` are audits of the ids before and after the crash.",
        "For how many milliseconds is the restarted process in a time that the old one had lived through?",
        "500, and in each there was one id, with the sequence 0. (The requests' way to the app shifts nothing.)",
      },
      check = function(t, env)
        local bare, guarded = t.has(env, "bare", "table"), t.has(env, "guarded", "table")
        t.that(bare.duplicates > 300, "without a guard ids come twice", bare.duplicates .. " do")
        t.that(guarded.duplicates == 0, "with the guard none does", guarded.duplicates .. " do")
        t.that(guarded.ids > 1500, "the guard only makes some wait", guarded.ids .. " ids")
      end,
      explain = function(env)
        return ([[
%d of them, silently; no error, nothing in a log. With the guard none: the restarted process waits until its clock has
passed what its disk says. The other half of the trap is the number of the worker: who gives it out, and can two
containers get the same one? Try `worker = "given"` in a fleet.]]):format(env.bare.duplicates)
      end,
    },
    {
      name = "order",
      title = "Random ids, and an index that suffers",
      text = [[
Or luck: 122 random bits, a UUID of version 4. It needs no clock, no number, nobody. But a database keeps an index in
order. Here are 20 000 rows, 100 to a page of the index, in the order of their ids, and a cache for a tenth of the
pages. Each insert touches the page where its id belongs. Version 7 begins with the time.]],
      code = [[
function index_hits(ids)
  local sorted, page = {}, {}
  for i, id in ipairs(ids) do sorted[i] = id end
  table.sort(sorted)
  for i, id in ipairs(sorted) do page[id] = math.floor((i - 1) / 100) end
  local touched = {}
  for i, id in ipairs(ids) do touched[i] = page[id] end
  return lab.cache.lru{ capacity = 20 }:replay(touched).hit_ratio
end
hits = {}
for _, version in ipairs{ 4, 7 } do
  hits[version] = index_hits(lab.id.uuid{ version = version, seed = 1 }:take(20000, 1))
end
hits]],
      predict = {
        question = "Version 4: how many of the inserts find their page in the cache?",
        unit = "%",
        tolerance = 5,
        answer = function(env) return 100 * env.hits[4] end,
      },
      hints = {
        "`hits[4]` and `hits[7]` are the shares of inserts whose page was in the cache.",
        "A random id belongs on any page, and a tenth of them is in the cache.",
        "10 %. Where does an id belong that begins with the time?",
      },
      check = function(t, env)
        local hits = t.has(env, "hits", "table")
        t.that(type(hits[4]) == "number" and hits[4] < 0.2, "random ids rarely find their page", tostring(hits[4]))
        t.that(type(hits[7]) == "number" and hits[7] > 0.9, "ids by time nearly always do", tostring(hits[7]))
      end,
      explain = function(env)
        return ([[
%.0f %%, against %.1f %% for version 7, whose inserts all go to the last page. On disk, that is a read and a write of
a page for nearly each row, and this is why ULID (2016) and UUID version 7 (2024) put the time in front.]]):format(
          100 * env.hits[4], 100 * env.hits[7])
      end,
    },
    {
      name = "picture",
      title = "Side by side",
      text = [[
All kinds in one table: how long they are, what they tell, and whether they come in order. `descents` counts ids that
are smaller than the one before, of 1000 that were made in a few milliseconds.]],
      code = [[
chart = require "chart"
rows = {}
for _, kind in ipairs{ { "snowflake", lab.id.snowflake{ worker = 5 } }, { "uuid v4", lab.id.uuid{ version = 4 } },
    { "uuid v7", lab.id.uuid{} }, { "uuid v7, none", lab.id.uuid{ monotonic = "none" } }, { "ulid", lab.id.ulid{} } } do
  local ids = kind[2]:take(1000, 1700000000)
  rows[#rows + 1] = { kind[1], ids[1], #ids[1], lab.id.audit{ ids = ids }.descents }
end
print(chart.table{ columns = { "kind", "an id", "characters", "descents" }, rows = rows })
print(chart.bars({ { "index, uuid v4", hits[4] }, { "index, uuid v7", hits[7] } }, { max = 1, format = tostring }))]],
      hints = {
        "`rows` should have a line for each kind.",
        "The fourth column is `lab.id.audit{ ids = ids }.descents`.",
        "`.go` types the code.",
      },
      check = function(t, env)
        local rows = t.has(env, "rows", "table")
        t.that(#rows == 5, "five kinds", #rows .. " rows")
        t.that(rows[1][4] == 0 and rows[2][4] > 300, "snowflakes are in order and uuid v4 is not",
          ("%s and %s descents"):format(rows[1][4], rows[2][4]))
      end,
      explain = [[
Without a method, version 7 sorts by milliseconds only: within one, its ids are in no order. The methods count
(`counter`), grow by random steps (`random`), or take a finer clock (`fraction`); help(lab.id.uuid) has them.]],
    },
  },

  finish = [[
A counter is exact and in order, and a bottleneck. Leases make it cheap, and leave gaps. A snowflake asks nobody, and
trusts a clock and a number. Random bits trust nothing but luck, and cost an index dearly unless the time is in front.

To go on: what does `sync = false` do to the ticket server in a crash? Build a snowflake yourself: the lab
`snowflake`.]],
}

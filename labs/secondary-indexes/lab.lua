-- A table is found by its key. Everything else is an index, which is a second table that somebody has to pay for.

return {
  title = "Secondary indexes: local, global, and who pays",
  minutes = 35,
  after = { "shards-and-hot-keys" },
  summary = [[
Orders lie in a table by user and number. You look for them by date and by city: with a scan, with a local index, with
a global one. You measure what each costs, how late it is, and how an index that is too small or too hot refuses the
writes of the table behind it.]],

  steps = {
    {
      name = "scan",
      title = "Without an index",
      text = [[
A table engine after DynamoDB: the hash of the partition key (`user`) says where an item is, the sort key (`number`)
orders the items of one user. 2000 orders of 200 users in 50 cities, each about 200 bytes. Which orders go to Rome?
That is not a key, so a scan reads everything, a page at a time, and `filter` throws away.]],
      code = [[
function order(i)
  return { user = "u" .. i % 200, number = i, city = "city " .. i % 50, day = (i * 37) % 365,
    text = ("."):rep(140) }
end
function orders(options)
  options.partition_key, options.sort_key = "user", "number"
  options.read_units = options.read_units or 1000
  options.write_units = options.write_units or 4000
  return lab.store.table(options)
end
function fill(t, n)
  for i = 1, n do assert(t:put{ item = order(i), now = i / 2000 }) end
end
function scan_all(t, filter, now)
  local items, units, after = 0, 0, nil
  repeat
    local page = t:scan{ filter = filter, after = after, now = now }
    items, units, after = items + #page.items, units + page.units, page.last
  until not after
  return items, units
end
plain = orders{}
fill(plain, 2000)
found, scan_units = scan_all(plain, { city = "city 7" }, 10)
one_user = plain:query{ partition = "u7", now = 10 }
found, scan_units, one_user.units]],
      predict = {
        question = "40 orders are found. How many read units does that take (4 KiB a unit, eventual reads are half)?",
        unit = "units", tolerance = 12,
        answer = function(env) return env.scan_units end,
      },
      hints = {
        "`scan_units` is what it took.",
        "The filter saves no reading: all 2000 orders are read.",
        "About 2000 x 190 bytes = 380 KB, by 4 KiB a unit, and half of it: between 45 and 50.",
      },
      check = function(t, env)
        t.equal(env.found, 40, "orders found")
        t.that((env.scan_units or 0) > 30, "a scan that costs dozens of units", tostring(env.scan_units))
        t.equal(t.has(env, "one_user", "table").units, 0.5, "units for one user's orders")
      end,
      explain = function(env)
        return ([[
%.1f units for 40 orders; it grows with the table, not with what is found. The orders of one user, which the key is
made for, cost %.1f.]]):format(env.scan_units, env.one_user.units)
      end,
    },
    {
      name = "local_index",
      title = "A local index",
      text = [[
A local index keeps the items of each partition key in a second order: here by `day`. It lies in the same partition as
the items, is made with the table or never, and is written together with the item. The same order is put, with and
without.]],
      code = [[
by_day = orders{ local_indexes = { by_day = { sort = "day", projection = "keys_only" } } }
without = plain:put{ item = order(3000), now = 20 }
with = by_day:put{ item = order(3000), now = 20 }
at_once = by_day:query{ index = "by_day", partition = "u0", strong = true, now = 20 }
moved = by_day:update{ key = { user = "u0", number = 3000 }, set = { day = 1 }, now = 21 }
late, why = by_day:add_index{ name = "by_text", partition = "user", sort = "text", now = 21 }
without.units, with.units, moved.units, #at_once.items]],
      predict = {
        question = "A put without the index costs 1 write unit. How many with it?",
        unit = "units", tolerance = 0.1,
        answer = function(env) return env.with.units end,
      },
      hints = {
        "`with.units`.",
        "The item is written, and the entry of the index is written.",
        "2. And when the day changes, the old entry goes and a new one comes: 3.",
      },
      check = function(t, env)
        t.equal(t.has(env, "without", "table").units, 1, "units without the index")
        t.equal(t.has(env, "with", "table").units, 2, "units with it")
        t.equal(t.has(env, "moved", "table").units, 3, "units of an update that moves the entry")
        t.equal(#t.has(env, "at_once", "table").items, 1, "entries that a strong query sees at once")
      end,
      explain = function(env)
        return ([[
%d, and %d where the entry has to move: taken from the table's own units. In exchange a strong read of it is as fresh
as the item. All of one partition key's items and entries lie together, and may be 10 GiB at most. (`add_index` made a
*global* index just now: a local one cannot be added any more.)]]):format(env.with.units, env.moved.units)
      end,
    },
    {
      name = "late",
      title = "A global index is late",
      text = [[
A global index has any key: `city`. It is a table of its own, which hears of a write a little later (100 ms here, a
default of ours; a vendor promises nothing). 100 orders a second come, and somebody looks how many the index lacks.]],
      code = [[
chart = require "chart"
by_city = orders{ global_indexes = { by_city = { partition = "city", projection = "keys_only" } } }
lacks = {}
for i = 1, 100 do
  local now = i / 100
  by_city:put{ item = { user = "u" .. i, number = i, city = "Rome" }, now = now }
  lacks[i] = i - #by_city:query{ index = "by_city", partition = "Rome", now = now }.items
end
caught_up = #by_city:query{ index = "by_city", partition = "Rome", now = 1.2 }.items
_, strong = by_city:query{ index = "by_city", partition = "Rome", strong = true, now = 2 }
print(chart.timeline{ from = 0, to = 1, rows = { { label = "lacks", values = lacks, reduce = "max",
  note = "at most " .. math.max(unpack(lacks)) } } })
lacks[100], caught_up, strong.message]],
      predict = {
        question = "100 writes a second, 100 ms late: how many orders does the index lack at the end of the second?",
        unit = "orders", tolerance = 2,
        answer = function(env) return env.lacks[100] end,
      },
      hints = {
        "`lacks[100]`.",
        "Little's law: rate times delay.",
        "100 a second x 0.1 s = 10.",
      },
      check = function(t, env)
        local lacks = t.has(env, "lacks", "table")
        t.that(lacks[100] >= 8 and lacks[100] <= 12, "about ten orders are not in the index", tostring(lacks[100]))
        t.equal(env.caught_up, 100, "orders in the index 0.2 s later")
        t.equal(t.has(env, "strong", "table").code, "ValidationException", "the strong query")
      end,
      explain = function(env)
        return ([[
%d. And no strong read helps: it is refused
("%s").
Whatever must be right at once has to be asked of the table by its key.]]):format(env.lacks[100], env.strong.message)
      end,
    },
    {
      name = "twice",
      title = "A name that two people get",
      text = [[
A sign-up looks in the index whether the e-mail address is taken, and then writes the user. Twenty pairs of people
sign up with one address each, 30 ms apart. Then the other way: the address is the key of an item of its own, and a
transaction writes both on the condition that it is not there.]],
      code = [[
users = lab.store.table{ write_units = 1000, global_indexes = { by_mail = { partition = "mail" } } }
function sign_up(id, mail, now)
  if #users:query{ index = "by_mail", partition = mail, now = now }.items > 0 then return false end
  return users:put{ item = { id = id, mail = mail }, now = now }
end
safe = lab.store.table{ write_units = 1000 }
function sign_up_safely(id, mail, now)
  return safe:transact_write{ now = now, writes = {
    { put = { id = "mail#" .. mail }, condition = { id = { not_exists = true } } },
    { put = { id = "user#" .. id, mail = mail } } } }
end
doubles, safe_doubles = 0, 0
for pair = 1, 20 do
  local mail, now = pair .. "@x", pair
  local a, b = sign_up(pair .. "a", mail, now), sign_up(pair .. "b", mail, now + 0.03)
  if a and b then doubles = doubles + 1 end
  a, b = sign_up_safely(pair .. "a", mail, now), sign_up_safely(pair .. "b", mail, now + 0.03)
  if a and b then safe_doubles = safe_doubles + 1 end
end
doubles, safe_doubles]],
      predict = {
        question = "How many of the twenty addresses have two users in the end, when the index is asked?",
        unit = "addresses", tolerance = 1,
        answer = function(env) return env.doubles end,
      },
      hints = {
        "`doubles` and `safe_doubles`.",
        "The second one asks 30 ms later; the index hears after 100 ms.",
        "All twenty.",
      },
      check = function(t, env)
        t.equal(env.doubles, 20, "addresses given twice by the index")
        t.equal(env.safe_doubles, 0, "addresses given twice by the condition")
      end,
      explain = function(env)
        return ([[
%d against %d. An index tells what was; a condition on the key is checked where the write happens. The price is a
second item and the double units of a transaction.]]):format(env.doubles, env.safe_doubles)
      end,
    },
    {
      name = "short",
      title = "An index that is too small",
      text = [[
The table has 400 write units a second, its index only 20. After a quiet minute 100 orders a second come. Unused units
are kept (for 300 s at most), so it goes well at first.]],
      code = [[
short = orders{ write_units = 400,
  global_indexes = { by_city = { partition = "city", projection = "keys_only", write_units = 20 } } }
taken_per_second = {}
for second = 1, 40 do
  taken_per_second[second] = 0
  for i = 1, 100 do
    local n = second * 100 + i
    local put, err = short:put{ item = order(n), now = 60 + second + i / 100 }
    if put then taken_per_second[second] = taken_per_second[second] + 1 else refusal = err end
  end
end
print(chart.timeline{ from = 0, to = 40, rows = { { label = "taken", values = taken_per_second, max = 100,
  note = taken_per_second[40] .. " a second at the end" } } })
used = short:describe{ now = 101 }
refusal.message]],
      predict = {
        question = "How many of the 100 orders a second does the table take in the end?",
        unit = "a second", tolerance = 3,
        answer = function(env) return env.taken_per_second[40] end,
      },
      hints = {
        "`taken_per_second[40]`.",
        "The table could take 400. Who cannot?",
        "A write that the index has no unit for is refused by the table: 20 a second.",
      },
      check = function(t, env)
        local taken = t.has(env, "taken_per_second", "table")
        t.equal(taken[1], 100, "orders taken in the first second")
        t.that(taken[40] >= 18 and taken[40] <= 22, "as many as the index can take", tostring(taken[40]))
        t.matches(t.has(env, "refusal", "table").message, "by_city", "who lacks units")
      end,
      explain = function(env)
        local lasted = 0
        for second, n in ipairs(env.taken_per_second) do if n == 100 then lasted = second end end
        return ([[
%d, with a table that is three quarters idle. For %d s the saved units helped, which is long enough to be sure that
all is well. The error is typed (%s), definite, and does not say when to come
again. Give an index at least what the table writes into it.]])
          :format(env.taken_per_second[40], lasted, env.refusal.code)
      end,
    },
    {
      name = "hot",
      title = "An index that is too hot",
      text = [[
Capacity for 2000 writes a second, table and index alike. But the index is by `status`, and every new order is "open":
one key of the index, one partition. A partition takes 1000 a second. Then the same with the key "open 0"
to "open 9".]],
      code = [[
function by_status(status_of)
  local t = orders{ write_units = 2000,
    global_indexes = { by_status = { partition = "status", projection = "keys_only" } } }
  local taken = 0
  for i = 1, 8000 do                                  -- of four seconds, the last three count
    local item = order(i)
    item.status = status_of(i)
    if t:put{ item = item, now = 10 + i / 2000 } and i > 2000 then taken = taken + 1 end
  end
  return taken / 3
end
open = by_status(function() return "open" end)
spread = by_status(function(i) return "open " .. i % 10 end)
done = by_status(function(i) return i % 10 == 0 and "open" or nil end)
print(chart.bars({ { "one key", open }, { "ten keys", spread }, { "sparse", done } }, { max = 2000, unit = "/s" }))
open, spread]],
      predict = {
        question = "2000 writes a second come. How many are taken with the one status?",
        unit = "a second", tolerance = 200,
        answer = function(env) return env.open end,
      },
      hints = {
        "`open` is what was taken a second.",
        "The hot thing is not in the table: its users are spread.",
        "The index has one hot key, so it gets what one partition takes: 1000 a second.",
      },
      check = function(t, env)
        t.that((env.open or 0) > 900 and env.open < 1100, "one partition's writes", tostring(env.open))
        t.that((env.spread or 0) > 1.5 * env.open, "far more with ten keys", tostring(env.spread))
      end,
      explain = function(env)
        return ([[
%.0f, and %.0f with ten keys (who reads has to ask all ten). The third bar is a *sparse* index: only one order in ten
has the attribute at all, the others are not in the index and cost it nothing (%.0f).]])
          :format(env.open, env.spread, env.done)
      end,
    },
    {
      name = "added",
      title = "Added while it runs",
      text = [[
A global index can be added to a full table. It is filled first (10 000 items a second here), and until then it cannot
be read. A crash in the middle: the table is behind a service, its log on the disk.]],
      code = [[
w = lab.world{ seed = 3 }
db = w:service("db", { slots = 8, filters = { lab.store.database{ holds = {
  orders = orders{ backfill_rate = 200 } } } } })
for i = 1, 300 do db:call{ type = "put", item = order(i) } end
db:call{ type = "add_index", name = "by_city", partition = "city" }
began = w:now()
w:inject(lab.fault.crash("db")); w:inject(lab.fault.restart("db"))
repeat
  w:run(50*ms)
  answer, why_not = db:call{ type = "query", index = "by_city", partition = "city 7" }
  first_answer = first_answer or why_not
until answer
filled = w:now() - began
first_answer.message, filled, #answer.items]],
      predict = {
        question = "The crash came in the middle of it. How many of the six orders of \"city 7\" does the index have?",
        unit = "orders", tolerance = 0.1,
        answer = function(env) return #env.answer.items end,
      },
      hints = {
        "`#answer.items`.",
        "What was answered is in the log: the orders, and that an index was to be made.",
        "All six.",
      },
      check = function(t, env)
        t.equal(#t.has(env, "answer", "table").items, 6, "orders in the index")
        t.that((env.filled or 0) > 1.2, "it takes a while", tostring(env.filled))
        t.matches(t.has(env, "first_answer", "table").message, "backfilling", "what a query is told meanwhile")
      end,
      explain = function(env)
        return ([[
All %d, after %.1f s. An index is derived: whatever happens to it, it can be made again from the table, which is why
it may be late, and why it must never be the only place where something is written.]])
          :format(#env.answer.items, env.filled)
      end,
    },
  },
  finish = [[
A local index: fresh, cheap to reason about, for ever, inside one partition key. A global one: any key, late, paid for
separately, and able to refuse your writes. DynamoDB is the model here; Cassandra's materialized views and every
search index beside a database have the same lateness. Next: sql-or-nosql, cqrs-search.]],
}

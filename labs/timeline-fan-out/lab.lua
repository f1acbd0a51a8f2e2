-- A timeline: fan-out on write, on read, for those who are away, and for those whom everybody follows.

return {
  title = "Timelines: whose work is it, the writer's or the reader's?",
  minutes = 30,
  after = { "fan-out", "queues" },
  summary = [[
Everybody follows some two hundred people and wants to see their latest posts in 100 ms. Either the post is copied to
all followers when it is written, or it is collected when somebody reads. You count both, meet a celebrity, leave out
who never looks, and end with what the large ones do.]],

  steps = {
    {
      name = "on_read",
      title = "Collect when somebody reads",
      text = [[
Each post is stored once, with its author. To read, one asks for the latest posts of each of the 200 people one
follows and merges them. The store does 20 000 lookups a second (20 at a time, 1 ms each), ten lookups go in one
request. Every second 60 people read and 1 writes.]],
      code = [[
function store()
  w = lab.world{ seed = 1, keep = 1000 }
  lookups = 0
  shelf = w:service("shelf", { slots = 20, time = 0, handler = function(request, context)
    local n = request.n or 1
    lookups = lookups + n
    context:sleep(n * 1*ms)
    return true
  end })
end
function read_from(context, people)
  for i = 1, people, 10 do
    local got = context:call(shelf, { type = "get", n = math.min(10, people - i + 1), timeout = 5 })
    if not got then return nil, "timeout" end
  end
  return true
end
store()
reader = w:service("reader", { slots = 500, handler = function(_, context) return read_from(context, 200) end })
writer = w:service("writer", { slots = 500, handler = function(_, context)
  return context:call(shelf, { type = "put" })
end })
reads = w:load{ to = reader, rate = 60, timeout = 5*s, name = "reads" }
writes = w:load{ to = writer, rate = 1, timeout = 5*s, name = "writes" }
w:run(30*s)
pulled = { lookups = lookups / 30, p50 = reads:percentile(50) }
pulled]],
      predict = {
        question = "How many lookups a second does the store do?",
        unit = "lookups",
        tolerance = 1500,
        answer = function(env) return env.pulled.lookups end,
      },
      hints = {
        "`pulled` has the lookups a second and the median of a read.",
        "60 readers, 200 lookups each.",
        "12 000, and one more for the writer.",
      },
      check = function(t, env)
        local pulled = t.has(env, "pulled", "table")
        t.that(t.has(env, "reads", "Load"):ok() > 1000, "half a minute of reads", env.reads:ok() .. " reads")
        t.that(pulled.lookups > 5000, "the store does thousands of lookups a second", ("%.0f"):format(pulled.lookups))
      end,
      explain = function(env)
        return ([[
%.0f a second, for 60 readers, and each waits for %.0f ms: twenty requests one after the other. The store is more than
half busy, and doubling the readers would drown it. Writing costs next to nothing. But people read much more than they
write.]]):format(env.pulled.lookups, 1000 * env.pulled.p50)
      end,
    },
    {
      name = "on_write",
      title = "Copy when somebody writes",
      text = [[
Now everybody has a timeline, ready to be read with one lookup. A post goes into a queue; workers copy it to the
timelines of the author's 200 followers, ten in a request.]],
      code = [[
function copiers(queue, count)
  mq = w:service("mq", { slots = 50, filters = { lab.queue.broker{ queues = { posts = queue }, durable = false } } })
  seen = {}
  w:fleet("copier", count, { handler = function(request, context)
    local post = request.body
    for i = 1, post.followers, 10 do
      if not context:call(shelf, { type = "copy", n = math.min(10, post.followers - i + 1), timeout = 60 }) then
        return nil, "timeout"
      end
    end
    seen[post.id] = math.max(seen[post.id] or 0, w:now() - post.at)
    return true
  end, filters = { lab.queue.consumer{ from = "mq", queue = "posts" } } })
end
posts = 0
function post(followers, context, group)
  posts = posts + 1
  local body = { id = posts, at = w:now(), followers = followers }
  local request = { type = "send", queue = "posts", body = body, group = group }
  if context then return context:call(mq, request) end
  return mq:call(request)
end
store()
copiers(lab.queue.standard{ visibility = 600 }, 20)
reader = w:service("reader", { slots = 500, handler = function(_, context) return read_from(context, 1) end })
writer = w:service("writer", { slots = 500, handler = function(_, context) return post(200, context) end })
reads = w:load{ to = reader, rate = 60, timeout = 5*s, name = "reads" }
writes = w:load{ to = writer, rate = 1, timeout = 5*s, name = "writes" }
w:run(30*s)
pushed = { lookups = lookups / 30, p50 = reads:percentile(50) }
chart = require "chart"
rows = { { "on read", pulled.lookups, 1000 * pulled.p50 }, { "on write", pushed.lookups, 1000 * pushed.p50 } }
print(chart.table{ rows = rows, columns = { "fan-out", { title = "store operations", format = "%.0f /s" },
  { title = "a read", format = "%.1f ms" } } })]],
      predict = {
        question = "How many operations a second does the store do now?",
        unit = "operations",
        tolerance = 60,
        answer = function(env) return env.pushed.lookups end,
      },
      hints = {
        "`pushed` has the same two numbers for fan-out on write.",
        "60 readers at one lookup each, and the copies of one post a second.",
        "60 + 200.",
      },
      check = function(t, env)
        local pushed = t.has(env, "pushed", "table")
        t.that(pushed.lookups < env.pulled.lookups / 10, "a tenth of the operations, or less",
          ("%.0f"):format(pushed.lookups))
        t.that(pushed.p50 < env.pulled.p50 / 10, "reads are ten times faster", ("%.1f ms"):format(1000 * pushed.p50))
      end,
      explain = function(env)
        return ([[
%.0f in place of %.0f, and a read takes %.1f ms. The work of collecting is done once for each post, not once for each
look. It pays because there are %d reads for each post; with more posts than looks it would be the other way round.]])
          :format(env.pushed.lookups, env.pulled.lookups, 1000 * env.pushed.p50, 60)
      end,
    },
    {
      name = "celebrity",
      title = "A post by somebody with a million followers",
      text = [[
The same shop, and at 5 s a singer posts. Her million followers stand here for 100 000: our store is small. All others
post as before. Her post is split into pieces of 1000 followers, as messages of one group. First a plain queue, then a
fair one, in which the group of the singer takes turns with those of the others.]],
      code = [[
function concert(queue, grouped)
  store()
  copiers(queue, 10)
  writer = w:service("writer", { slots = 500, handler = function(_, context)
    return post(200, context, grouped and "others" or nil)
  end })
  w:load{ to = writer, rate = 2, timeout = 5*s, stop = 40*s }
  w:at(5, function()
    star = posts + 1
    posts = star
    local at = w:now()
    for i = 1, 100 do
      mq:call{ type = "send", queue = "posts", body = { id = star, at = at, followers = 1000 },
        group = grouped and "singer" or nil }
    end
  end)
  w:run(120*s)
  local worst = 0
  for id, delay in pairs(seen) do if id ~= star then worst = math.max(worst, delay) end end
  return { star = seen[star], others = worst }
end
plain = concert(lab.queue.standard{ visibility = 600 })
fair = concert(lab.queue.fair{ visibility = 600 }, true)
rows = { { "singer", plain.star }, { "others, plain queue", plain.others }, { "others, fair queue", fair.others } }
print(chart.bars(rows, { unit = "s until all have seen it" }))]],
      predict = {
        question = "How long until the last of the singer's followers has her post (plain queue)?",
        unit = "s",
        tolerance = 2.5,
        answer = function(env) return env.plain.star end,
      },
      hints = {
        "`plain.star` is that time, `plain.others` the longest of anybody else's post.",
        "Ten copiers, 1 ms a copy, one copy at a time each.",
        "100 000 copies at 10 000 a second, and the others' posts and the calls in between.",
      },
      check = function(t, env)
        local plain, fair = t.has(env, "plain", "table"), t.has(env, "fair", "table")
        t.that((plain.star or 0) > 8, "her post takes its time", tostring(plain.star))
        t.that(plain.others > 5, "in a plain queue the others wait behind her", ("%.1f s"):format(plain.others))
        t.that(fair.others < plain.others / 3, "in a fair queue they do not", ("%.1f s"):format(fair.others))
      end,
      explain = function(env)
        return ([[
%.1f s, and in the plain queue a post to 200 friends waits for up to %.1f s behind it, in the fair one for %.1f s.
Fairness saves the others. It does not save the work: a hundred thousand copies of one post, most of which nobody will
look at.]]):format(env.plain.star, env.plain.others, env.fair.others)
      end,
    },
    {
      name = "hybrid",
      title = "Both",
      text = [[
So who has more than 10 000 followers is not copied at all: the reader asks for the posts of the celebrities she
follows, say five of them, and merges them into her timeline. The same rush as before, with readers.]],
      code = [[
store()
copiers(lab.queue.standard{ visibility = 600 }, 10)
reader = w:service("reader", { slots = 500, handler = function(_, context) return read_from(context, 1 + 5) end })
writer = w:service("writer", { slots = 500, handler = function(_, context) return post(200, context) end })
reads = w:load{ to = reader, rate = 60, timeout = 5*s, stop = 40*s }
w:load{ to = writer, rate = 2, timeout = 5*s, stop = 40*s, name = "writes" }
w:at(5, function() shelf:call{ type = "put" } end)
w:run(60*s)
others = 0
for id, delay in pairs(seen) do others = math.max(others, delay) end
hybrid = { lookups = lookups / 40, p50 = reads:percentile(50), others = others }
rows = { { "on write", 1000 * pushed.p50, plain.others }, { "on write, fair", 1000 * pushed.p50, fair.others },
  { "celebrities on read", 1000 * hybrid.p50, hybrid.others } }
print(chart.table{ rows = rows, columns = { "fan-out", { title = "a read", format = "%.1f ms" },
  { title = "the others' posts", format = "%.1f s" } } })]],
      predict = {
        question = "What does a read cost now?",
        unit = "ms",
        tolerance = 2.5,
        answer = function(env) return 1000 * env.hybrid.p50 end,
      },
      hints = {
        "`hybrid.p50` is the median of a read.",
        "One lookup took the time of `pushed.p50`. Six are one request here.",
        "5 ms more.",
      },
      check = function(t, env)
        local hybrid = t.has(env, "hybrid", "table")
        t.that(hybrid.p50 < 0.02, "a read stays below 20 ms", ("%.1f ms"):format(1000 * hybrid.p50))
        t.that(hybrid.others < 2, "nobody's post waits", ("%.1f s"):format(hybrid.others))
      end,
      explain = function(env)
        return ([[
%.1f ms: five more lookups, which all readers share, so that the posts of a singer are the best cache there is. Her
post is there at once for everybody, and no other waits. The price is two ways through the code, and a number (10 000)
at which one becomes the other.]]):format(1000 * env.hybrid.p50)
      end,
    },
    {
      name = "inactive",
      title = "Those who never look",
      text = [[
Of 2000 users each has 200 followers, drawn at random. Two in three have not looked for a month. A post is copied only
to those who have; who comes back has the timeline collected, once, on read: 200 lookups. 5000 posts a day, and ten
users a day come back.]],
      code = [[
w = lab.world{ seed = 3 }
active = {}
for user = 1, 2000 do active[user] = w:random() < 1/3 end
all, some = 0, 0
for i = 1, 5000 do
  for follower = 1, 200 do
    all = all + 1
    if active[w:random(2000)] then some = some + 1 end
  end
end
some = some + 10 * 200
saved = 100 * (1 - some / all)
print(chart.bars({ { "to all", all }, { "to who looks", some } }, { unit = "copies a day" }))]],
      predict = {
        question = "What share of the work is saved?",
        unit = "%",
        tolerance = 4,
        answer = function(env) return env.saved end,
      },
      hints = {
        "`all` and `some` are the copies of a day, `saved` is the share.",
        "Two of three copies would go to somebody who does not look. What do ten returns cost beside a million copies?",
        "Next to nothing: two thirds.",
      },
      check = function(t, env)
        t.that(env.all == 1000000, "5000 posts to 200 followers each", tostring(env.all))
        t.that(type(env.some) == "number" and env.some < env.all / 2, "fewer than half of them are copied",
          tostring(env.some))
      end,
      explain = function(env)
        return ([[
%.0f %%. The %d lookups for those who come back are hardly visible in it; each of them waits for a fifth of a second,
once. It is the same trade as before, user by user: on write for who reads, on read for who does not.]]):format(
          env.saved, 10 * 200)
      end,
    },
    {
      name = "ordeal",
      title = "Everything that breaks",
      text = [[
Fan-out on write, two posts a second for a minute, three copiers; each fault in turn, from 20 s to 50 s. A copy to a
timeline is done under the post's number, so twice does no harm; `twice` counts it all the same.]],
      code = [[
function build(w)
  local sent, done, finished = {}, {}, {}
  local shelf = w:service("shelf", { slots = 20, time = 2*ms })
  local dead = lab.queue.standard()
  local mq = w:service("mq", { slots = 20, filters = { lab.queue.broker{ queues = { dead = dead,
    posts = lab.queue.standard{ visibility = 10, dead_letter = dead, max_receives = 4 } } } } })
  w:fleet("copier", 3, { time = 200*ms, handler = function(request, context)
    local key = request.body
    if key == "poison" then return nil, "crashed" end
    for i = 1, 20 do
      local ok, err = context:call(shelf, { type = "copy", timeout = 1 })
      if not ok then return nil, err.code end
    end
    done[key], finished[key] = (done[key] or 0) + 1, finished[key] or w:now()
    return true
  end, filters = { lab.queue.consumer{ from = "mq", queue = "posts" } } })
  w:spawn(function()
    for i = 1, 120 do
      local key, at = "post " .. i, w:now()
      w:spawn(function()
        while not mq:call{ type = "send", queue = "posts", body = key, timeout = 2 } do w:sleep(1) end
        sent[key] = at
      end)
      w:sleep(0.5)
    end
  end)
  return { consumer = "copier-1", broker = "mq", sent = sent, done = done, finished = finished,
    dead = function() return mq:call{ type = "attributes", queue = "dead" }.visible end,
    poison = function() mq:call{ type = "send", queue = "posts", body = "poison" } end }
end
ordeal = require "ordeal"
results = ordeal.run{ build = build, at = 20, lasting = 30, finish = 240 }
print(ordeal.table(results))]],
      predict = {
        question = "In which case do followers wait longest for a post?",
        choices = { "consumer crash", "slow consumer", "poison message", "broker loss", "duplicates" },
        answer = function(env)
          local worst, most = "", -1
          for _, row in ipairs(env.results) do
            if row.late > most and row.fault ~= "partition" then worst, most = row.fault, row.late end
          end
          return worst
        end,
      },
      hints = {
        "`results` has a row for each fault; look at the longest delay.",
        "Two of three copiers go on when one crashes. Who goes on when the broker is away?",
        "Nobody can post or fetch for half a minute.",
      },
      check = function(t, env)
        local results = t.has(env, "results", "table")
        t.that(#results == 9, "nine rows", #results .. " rows")
        for _, row in ipairs(results) do
          t.that(row.missing == 0, "every post reaches its followers, whatever breaks",
            ("%d do not after %s"):format(row.missing, row.fault))
        end
      end,
      explain = function(env)
        local r = env.results
        return ([[
The broker: %.0f s. A crash of one copier of three delays what it had in its hands by %.0f s; a partition by %.0f s.
Nothing is lost in any case; %d posts were copied twice where the network doubled messages. Readers noticed none of it:
they read timelines, which are a little old at worst. That is the quiet advantage of doing the work on write.]])
          :format(r["broker loss"].late, r["consumer crash"].late, r.partition.late, r.duplicates.twice)
      end,
    },
  },
  finish = [[
Fan-out on write for the many who are read, on read for the few whom everybody reads and for those who never look. A
queue in between makes the writer quick and the copiers patient.]],
}

return {
  title = "Quorums: N, R and W",
  minutes = 40,
  summary = [[
A store without a leader keeps each key at N homes; a write waits for W of them and a read for R. You measure what that
buys: latency, stale reads, what survives a crash; and then what a clock that is wrong costs, and what siblings save.]],
  after = { "quickstart", "consistent-hashing" },
  steps = {
    {
      name = "table",
      title = "The table of N, R and W",
      text = [[
Three homes a key, links of 5 ms on average, now and then much more. A writer writes 1, 2, 3 ... and whoever hears that
a write is done reads at once, at another replica. A read is stale if it answers less. No repair, so that the numbers
alone are seen.]],
      code = [[
chart = require "chart"
-- Writes `count` times and reads `wait` seconds after each acknowledgement. `o`: options of the store.
function measure(o, wait, count)
  local w = lab.world{ seed = 11, latency = lab.dist.exp{ mean = 5*ms }, keep = 0 }
  o.count, o.n, o.repair, o.anti_entropy = 5, 3, o.repair or "none", o.anti_entropy or 0
  local kv = w:replicas("kv", lab.replicate.quorum(o))
  w:run(1)
  local stale, reads, writing, reading = 0, 0, 0, 0
  for i = 1, count or 300 do
    local key, began = "k" .. i % 7, w:now()
    kv[1]:call{ type = "write", key = key, value = i }
    writing = writing + w:now() - began
    if wait and wait > 0 then w:run(wait) end
    began = w:now()
    local seen = kv[3]:call{ type = "read", key = key } or 0
    reading = reading + w:now() - began
    reads, stale = reads + 1, stale + (seen < i and 1 or 0)
    w:run(0.2)
  end
  w:close()
  return { r = o.r, w = o.w, stale = stale / reads, write = 1000 * writing / reads, read = 1000 * reading / reads }
end
rows = {}
for _, q in ipairs{ { 1, 1 }, { 1, 2 }, { 2, 1 }, { 2, 2 }, { 1, 3 }, { 3, 1 } } do
  local row = measure{ r = q[1], w = q[2] }
  row.sum, row.bar = q[1] + q[2] > 3 and "R + W > N" or "", chart.bar(row.stale, 20)
  rows[#rows + 1] = row
end
print(chart.table{ columns = {
  { title = "R", key = "r" }, { title = "W", key = "w" }, { title = "", key = "sum" },
  { title = "stale", key = "stale", format = "%.3f" }, { title = "", key = "bar" },
  { title = "write ms", key = "write", format = "%.1f" }, { title = "read ms", key = "read", format = "%.1f" },
}, rows = rows })]],
      predict = {
        question = "What share of the reads is stale with R = W = 1?",
        unit = "%",
        tolerance = 15,
        answer = function(env) return 100 * env.rows[1].stale end,
      },
      hints = {
        "`rows[1].stale`.",
        "The write is done when the fastest home has it; the read asks all three and takes the fastest answer.",
        "The read itself takes a while, in which the write goes on: less than half is stale.",
      },
      check = function(t, env)
        local rows = t.has(env, "rows", "table")
        t.that(rows[1] and rows[1].stale > 0.02, "R = W = 1 reads stale", tostring(rows[1] and rows[1].stale))
        for i = 4, 6 do t.equal(rows[i].stale, 0, "stale reads with R + W > N") end
      end,
      explain = function(env)
        return ([[
%.0f %%. Where R + W > N none is: any R homes and any W homes have one in common. And somebody has to wait for it: W = 3
writes in %.0f ms where W = 1 takes %.0f, because the slowest of three decides; and one home that is down stops them.]])
          :format(100 * env.rows[1].stale, env.rows[5].write, env.rows[1].write)
      end,
    },
    {
      name = "age",
      title = "How stale is eventual?",
      text = [[
"Eventually" is a matter of milliseconds, or of never. The same R = W = 1, but the read comes 0, 5, 10, 20 or 40 ms
after the write was acknowledged (Bailis et al. call this t-visibility).]],
      code = [[
ages, bars = {}, {}
for _, wait in ipairs{ 0, 5, 10, 20, 40 } do
  ages[wait] = measure({ r = 1, w = 1 }, wait*ms).stale
  bars[#bars + 1] = { label = wait .. " ms", value = 100 * ages[wait] }
end
print(chart.bars(bars, { unit = "%" }))]],
      predict = {
        question = "And 20 ms after the acknowledgement?",
        choices = { "as many as at once", "about half as many", "nearly none" },
        answer = function(env)
          local share = env.ages[20] / env.ages[0]
          return share < 0.25 and "nearly none" or share < 0.8 and "about half as many" or "as many as at once"
        end,
      },
      hints = {
        "`ages[20]` beside `ages[0]`.",
        "The other stores are under way already: with exponential links of 5 ms mean, how many take more than 20 ms?",
        "e^-4 is 2 %, and all three homes have to be late or slow to answer.",
      },
      check = function(t, env)
        local ages = t.has(env, "ages", "table")
        t.that(type(ages[40]) == "number" and ages[40] <= ages[0], "staleness falls with time", "it does not")
      end,
      explain = function(env)
        return ([[
%.1f %% at once, %.1f %% after 20 ms. Most shops can live with that, and Cassandra's and DynamoDB's default reads do.
What they cannot live with is the tail: a home that was down, for which "eventually" comes with repair, and not with
time.]]):format(100 * env.ages[0], 100 * env.ages[20])
      end,
    },
    {
      name = "crash",
      title = "Two homes are down",
      text = [[
N = 3, R = W = 2, and two homes of the key crash. A strict quorum counts homes only. A sloppy one takes the next nodes
of the ring in their place, which keep a hint of whom it was for.]],
      code = [[
function two_down(sloppy)
  local w = lab.world{ seed = 3 }
  local kv = w:replicas("kv", lab.replicate.quorum{ count = 6, sloppy = sloppy, anti_entropy = 0, repair = "none" })
  w:run(1)
  kv[1]:call{ type = "write", key = "cart", value = "old", w = 3 }
  local asked, down = nil, 0
  for _, node in ipairs(kv) do
    if node:state().keys == 1 and down < 2 then
      w:inject(lab.fault.crash(node:name())); down = down + 1
    elseif node:state().keys == 0 then asked = node end
  end
  local written, why = asked:call{ type = "write", key = "cart", value = "new", timeout = 3 }
  w:run(1)
  local hints = 0
  for _, node in ipairs(kv) do hints = hints + (node:up() and node:state().hints or 0) end
  w:inject(lab.fault.heal_all()); w:run(3)
  local have = 0
  for _, node in ipairs(kv) do if node:state().keys == 1 then have = have + 1 end end
  local read = asked:call{ type = "read", key = "cart", r = 3 }
  return { written = written ~= nil, why = why and why.code, hints = hints, read = read, world = w }
end
strict, sloppy = two_down(false), two_down(true)
print("strict", strict.written, strict.why, strict.hints .. " hints", strict.read)
print("sloppy", sloppy.written, sloppy.why, sloppy.hints .. " hints", sloppy.read)
print(sloppy.world:show())]],
      predict = {
        question = "The write to the sloppy quorum: is it taken, and what do all three homes answer in the end?",
        choices = { "refused, old", "refused, new", "taken, old", "taken, new" },
        answer = function(env)
          return (env.sloppy.written and "taken, " or "refused, ") .. tostring(env.sloppy.read)
        end,
      },
      hints = {
        "The two lines that it prints.",
        "Two other nodes have taken it, on disk, and count.",
        "When the homes are back, the hints are delivered.",
      },
      check = function(t, env)
        t.that(env.strict and not env.strict.written, "the strict quorum refuses", "it does not")
        t.that(env.sloppy and env.sloppy.written and env.sloppy.hints >= 2, "the sloppy one takes it and keeps hints",
          tostring(env.sloppy and env.sloppy.hints))
        t.equal(env.sloppy.read, "new", "what is read in the end")
      end,
      explain = [[
Dynamo was built for this: a shopping cart always takes what you put in. The price: until the hints are delivered, a
read from the homes may not see it, though R + W > N. And look at the strict one: the client was told "timeout", which
does not mean no: one home had taken it, hints made the other two take it later, and now everybody reads "new".]],
    },
    {
      name = "clock",
      title = "The last write wins",
      text = [[
Which of two versions is newer? The cheapest answer: the one with the later wall-clock time of its coordinator. The
clock of kv-2 is 2 seconds behind. Ten clients write through replicas of their choice, each value once.]],
      code = [[
function lost(versions)
  local w = lab.world{ seed = 5 }
  local kv = w:replicas("kv", lab.replicate.quorum{ count = 3, versions = versions, repair = "blocking" })
  w:run(1)
  w:inject(lab.fault.clock_skew{ target = "kv-2", by = -2 })
  local gone = 0
  for i = 1, 60 do
    kv[i % 3 + 1]:call{ type = "write", key = "x", value = i }
    if kv[3]:call{ type = "read", key = "x" } ~= i then gone = gone + 1 end
  end
  w:close()
  return gone
end
gone = lost "wall"
gone_logical = lost "logical"
gone, gone_logical]],
      predict = {
        question = "60 writes, one after the other, all acknowledged: how many does the read after them not see?",
        unit = "writes",
        tolerance = 3,
        answer = function(env) return env.gone end,
      },
      hints = {
        "`gone`.",
        "Every third write goes through kv-2.",
        "Each of those carries a stamp of two seconds ago, and loses to one that is older but dated later.",
      },
      check = function(t, env)
        t.that(type(env.gone) == "number" and env.gone >= 10, "wall clocks lose writes", tostring(env.gone))
        t.equal(env.gone_logical, 0, "lost by numbers")
      end,
      explain = function(env)
        return ([[
%d: acknowledged, by a quorum, on disk, and gone. R + W > N says who has a write, not which write is the last.
`versions = "logical"` first asks R homes for the highest number and takes the next one, a round trip more a write:
with write-back reads that is a linearizable register (Attiya, Bar-Noy and Dolev 1995), and loses %d. Cassandra stamps
with wall clocks, so run NTP, and do not put money in it.]]):format(env.gone, env.gone_logical)
      end,
    },
    {
      name = "siblings",
      title = "Or keep both",
      text = [[
The third answer: do not decide. With version vectors a write says what its client had read; it replaces that, and
nothing else. Two phones read an empty cart; one puts a book in, the other an album.]],
      code = [[
w = lab.world{ seed = 6 }
kv = w:replicas("kv", lab.replicate.quorum{ count = 5, versions = "vector" })
w:run(1)
function add(node, cart, item)
  local items = { item }
  for _, version in ipairs(cart.values) do
    for _, one in ipairs(version) do items[#items + 1] = one end
  end
  return node:call{ type = "write", key = "cart", value = items, context = cart.context }
end
phone = kv[1]:call{ type = "read", key = "cart" }
tablet = kv[4]:call{ type = "read", key = "cart" }
add(kv[1], phone, "book")
add(kv[4], tablet, "album")
w:run(0.1)
both = kv[2]:call{ type = "read", key = "cart" }
versions = #both.values
add(kv[2], both, "lamp")
w:run(0.1)
merged = kv[3]:call{ type = "read", key = "cart" }
versions, merged.values]],
      predict = {
        question = "How many versions does the read after the two writes find?",
        choices = { "1", "2", "3" },
        answer = function(env) return tostring(env.versions) end,
      },
      hints = {
        "`versions`.",
        "Neither had seen the other's write.",
        "Two. The third write had seen both, and replaces them.",
      },
      check = function(t, env)
        t.equal(env.versions, 2, "siblings")
        t.that(#env.merged.values == 1 and #env.merged.values[1] == 3, "one cart of three in the end", "it is not")
      end,
      explain = [[
Two siblings, and then one cart with all three things. The merging is up to the application: union for carts (and then
what was taken out may come back), or a CRDT, which is a data type with the merging built in. Riak does this with
dotted version vectors.]],
    },
    {
      name = "repair",
      title = "Three ways to hear of what one missed",
      text = [[
A home was down while 200 keys were written, and no hints are kept. Who tells it? Nobody; reads that come across a
difference; or hash trees, by which two replicas find what differs without sending all they have.]],
      code = [[
function missed(o)
  local w = lab.world{ seed = 8 }
  o.count, o.hints = 3, false
  local kv = w:replicas("kv", lab.replicate.quorum(o))
  w:run(1)
  for i = 1, 1000 do kv[1]:call{ type = "write", key = i, value = "old", w = 3 } end
  w:inject(lab.fault.crash "kv-3")
  for i = 1, 20 do kv[1]:call{ type = "write", key = i * 50, value = "new" } end
  w:inject(lab.fault.restart "kv-3")
  w:run(0.1)
  for i = 1, 300 do kv[2]:call{ type = "read", key = i, r = 3 } end  -- the popular ones
  w:run(5)
  local behind, compared, exchanged = 0, 0, 0
  for i = 1, 20 do
    w:run(0.02)
    if kv[3]:call{ type = "read", key = i * 50, r = 1 } ~= "new" then behind = behind + 1 end
  end
  for _, node in ipairs(kv) do
    compared, exchanged = compared + node:state().compared, exchanged + node:state().exchanged
  end
  w:close()
  return { how = o.how, behind = behind, compared = compared, exchanged = exchanged }
end
ways = {
  missed{ repair = "none", anti_entropy = 0 },
  missed{ repair = "background", anti_entropy = 0 },
  missed{ repair = "none", anti_entropy = 1 },
}
for i, how in ipairs{ "nothing", "read repair", "hash trees" } do ways[i].how = how end
print(chart.table{ columns = {
  { title = "way", key = "how" }, { title = "still behind of 20", key = "behind" },
  { title = "tree nodes compared", key = "compared" }, { title = "records sent", key = "exchanged" },
}, rows = ways })]],
      predict = {
        question = "Of 20 keys that it missed, how many does read repair leave behind?",
        unit = "keys",
        tolerance = 2,
        answer = function(env) return env.ways[2].behind end,
      },
      hints = {
        "`ways[2].behind`.",
        "Only keys that somebody reads are repaired: 1 to 300.",
        "Of 50, 100 ... 1000, six are among them.",
      },
      check = function(t, env)
        local ways = t.has(env, "ways", "table")
        t.that(ways[2] and ways[2].behind > 0 and ways[2].behind < ways[1].behind, "read repair helps some keys",
          tostring(ways[2] and ways[2].behind))
        t.equal(ways[3].behind, 0, "left behind by hash trees")
      end,
      explain = function(env)
        return ([[
%d: what nobody reads is never repaired. The trees found all 20 of 1000 keys by comparing %d hashes, and %d records
were sent: a tree of 256 leaves, of which only the branches that differ are followed. This is why Cassandra's manual
tells you to run `nodetool repair` more often than once in ten days: tombstones are kept for so long, and a home that
missed a deletion and is repaired later brings the row back.]])
          :format(env.ways[2].behind, env.ways[3].compared, env.ways[3].exchanged)
      end,
    },
  },
  finish = [[
R + W > N makes reads meet writes. It says nothing about which write is later (clocks, numbers, vectors do), nor about
who counts (strict or sloppy), nor about what one home missed (hints, read repair, trees). `cap` puts such a store
beside one with a leader, under the same partition; `quorum-kv` is where you build it.]],
}

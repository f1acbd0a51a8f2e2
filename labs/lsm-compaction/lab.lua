-- LSM trees: what a write costs later, what a read costs, what a byte costs; the debt, and the crash.

local function bytes(x) return ("%.1f"):format(x) end

local function has_numbers(t, env, name, keys)
  local list = t.has(env, name, "table")
  for _, key in ipairs(keys) do
    t.that(type(list[key]) == "number", ("%s[%q], a number"):format(name, key), "it is " .. tostring(list[key]))
  end
  return list
end

return {
  title = "LSM trees: pay now, pay later, pay on every read",
  minutes = 35,
  after = { "sketches" },
  summary = [[
Three ways to keep sorted data on a disk: a B-tree, an LSM tree compacted by levels, one compacted by tiers. You give
them the same load and read off the same bill: bytes written for each byte you put, blocks read for each get, bytes kept
for each byte that is there. Then you let the compaction fall behind, and pull the plug.]],

  steps = {
    {
      name = "three",
      title = "One load, three bills",
      text = [[
Ten thousand keys are put in a random order, and then rewritten and read at random, half and half. Each store has the
same memory: 128 KB, as a memtable, a cache, or pages. The three *amplifications* are counted, not estimated: every
block that is written or read is.]],
      code = [[
chart = require "chart"
function make(kind)
  local o = { sync = "never", segment_bytes = 64*KB }
  if kind == "B-tree" then
    o.pool_pages, o.checkpoint_bytes = 32, 256*KB
    return lab.store.btree(o)
  end
  o.compaction, o.fanout, o.memtable_bytes, o.cache_bytes = kind, 4, 32*KB, 96*KB
  return lab.store.lsm(o)
end
kinds = { "levelled", "tiered", "B-tree" }
function bill(store)
  store:replay(lab.workload.zipf_trace{ count = 10000, skew = 0, requests = 30000, seed = 1 }, { value_bytes = 88 })
  store:reset_stats()
  return store:replay(lab.workload.zipf_trace{ count = 10000, skew = 0, requests = 30000, seed = 2 },
    { value_bytes = 88, reads = 0.5 })
end
bills, stores = {}, {}
for _, kind in ipairs(kinds) do
  stores[kind] = make(kind)
  bills[kind] = bill(stores[kind])
end
for _, what in ipairs{ "write", "read", "space" } do
  local rows = {}
  for i, kind in ipairs(kinds) do rows[i] = { kind, bills[kind][what] } end
  print(what .. " amplification")
  print(chart.bars(rows, { format = function(x) return ("%.2f"):format(x) end }))
end]],
      predict = {
        question = "Which of them writes the most bytes to the disk?",
        choices = { "levelled", "tiered", "B-tree" },
        answer = function(env)
          local most = "levelled"
          for kind, one in pairs(env.bills) do
            if one.write > env.bills[most].write then most = kind end
          end
          return most
        end,
      },
      hints = {
        "`bills` has a table {write, read, space} under \"levelled\", \"tiered\" and \"B-tree\".",
        "A B-tree changes an entry of 100 bytes in its page. What does it write when the page leaves memory?",
        "All of the page: 4096 bytes.",
      },
      check = function(t, env)
        local bills = t.has(env, "bills", "table")
        for _, kind in ipairs { "levelled", "tiered", "B-tree" } do
          t.that(type(bills[kind]) == "table", "a bill for " .. kind, tostring(bills[kind]))
        end
        t.that(bills["B-tree"].write > bills.levelled.write and bills.levelled.write > bills.tiered.write,
          "the B-tree writes the most, the tiered tree the least", "it is otherwise")
        t.that(bills.tiered.space > bills.levelled.space, "the tiered tree keeps the most old versions", "it does not")
      end,
      explain = function(env)
        local b = env.bills
        return ([[
The B-tree: %s bytes for each byte, because a random change costs a page of 4096 when the pool evicts it. Levels: %s;
tiers: %s. A get costs about a block everywhere (%s, %s and %s), which two of the three owe to Bloom filters: see below.
And the tiers keep %s bytes for each byte that is there, the levels %s, the B-tree %s: half-full pages, and those that
its next checkpoint will free. Nobody wins all three (the RUM conjecture: read, update, memory, choose two). InnoDB and
PostgreSQL have B-trees, RocksDB levels, Cassandra tiers, and Cassandra's operators know why the disk must be half
empty.]]):format(bytes(b["B-tree"].write), bytes(b.levelled.write), bytes(b.tiered.write),
          bytes(b["B-tree"].read), bytes(b.levelled.read), bytes(b.tiered.read),
          bytes(b.tiered.space), bytes(b.levelled.space), bytes(b["B-tree"].space))
      end,
    },
    {
      name = "where",
      title = "Where the bytes went",
      text = [[
Each byte that you put went to the log first, and then out of the memtable into a table of level 0. All the rest is
compaction. `stats()` has what was written by purpose, and what is in the levels now.]],
      code = [[
share = {}
for _, kind in ipairs(kinds) do
  local stats = stores[kind]:stats()
  share[kind] = {}
  local rows = {}
  for purpose, count in pairs(stats.written) do
    share[kind][purpose] = count.bytes / stats.user_bytes
    rows[#rows + 1] = { purpose, share[kind][purpose] }
  end
  print(kind)
  print(chart.bars(rows, { format = function(x) return ("%.2f"):format(x) end, max = 30 }))
end
for _, kind in ipairs{ "levelled", "tiered" } do
  local rows = {}
  for i, level in ipairs(stores[kind]:stats().levels) do
    rows[i] = { "level " .. i - 1, level.bytes / 1000, note = level.files .. " tables" }
  end
  print(kind)
  print(chart.bars(rows, { unit = "KB" }))
end]],
      predict = {
        question = "An entry of 100 bytes of key and value: how many bytes does the log take for each of them?",
        tolerance = 0.4,
        answer = function(env) return env.share.levelled.log end,
      },
      hints = {
        "`share[kind][purpose]` is bytes written for a purpose, for each byte of user.",
        "The log has the entry once, with a number, a checksum, and lengths before it.",
        "100 bytes and some 33: 1.3.",
      },
      check = function(t, env)
        local share = t.has(env, "share", "table")
        t.that(type(share.levelled) == "table" and (share.levelled.compaction or 0) > (share.levelled.flush or 0),
          "levels write more in compactions than in flushes", "they do not, or share.levelled is missing")
        t.that(type(share["B-tree"]) == "table" and (share["B-tree"].eviction or 0) > 10,
          "the B-tree's pages are what it writes", "they are not")
      end,
      explain = function(env)
        local s = env.share
        return ([[
%.2f for the log and %.2f for the flush, whoever compacts. Then levels write %.1f more, and tiers %.1f: an entry is
merged once in each tier, but several times in each level, whenever something above it comes down. Look at the levels:
each is some four times as large as the one before, and nearly all data is in the last.]]):format(
          s.levelled.log, s.levelled.flush, s.levelled.compaction, s.tiered.compaction)
      end,
    },
    {
      name = "dial",
      title = "The dial",
      text = [[
`fanout` says how much larger the next level is, or how many runs a tier collects. A large one: few levels, much
merging in each; or few merges, and many runs to look into. We turn it from 2 to 16, without Bloom filters, and draw
blocks a get over bytes a put.]],
      code = [[
curve = { levelled = {}, tiered = {} }
for kind, points in pairs(curve) do
  for _, fanout in ipairs{ 2, 4, 8, 16 } do
    local store = lab.store.lsm{ compaction = kind, memtable_bytes = 16*KB, fanout = fanout, bits_per_key = 0,
      sync = "never" }
    store:replay(lab.workload.zipf_trace{ count = 10000, skew = 0, requests = 25000, seed = 1 }, { value_bytes = 88 })
    local reads = store:replay(lab.workload.zipf_trace{ count = 10000, skew = 0, requests = 3000, seed = 2 },
      { reads = 1 })
    points[#points + 1] = { store:amplification().write, reads.read, fanout = fanout }
    print(kind, "fanout " .. fanout, ("%.1f bytes a byte, %.1f blocks a get"):format(points[#points][1], reads.read))
  end
  table.sort(points, function(a, b) return a[1] < b[1] end)
end
function plain(x) return ("%.0f"):format(x) end
print(chart.line{
  series = { { label = "levelled", points = curve.levelled }, { label = "tiered", points = curve.tiered } },
  x_format = plain, y_format = plain, title = "blocks a get over bytes written a byte" })]],
      predict = {
        question = "A tiered tree with a fanout of 16 instead of 2: what happens to what it writes?",
        choices = { "less", "more", "the same" },
        answer = function(env)
          local at = {}
          for _, point in ipairs(env.curve.tiered) do at[point.fanout] = point[1] end
          return at[16] < 0.95 * at[2] and "less" or at[16] > 1.05 * at[2] and "more" or "the same"
        end,
      },
      hints = {
        "`curve.levelled` and `curve.tiered` are lists of {bytes written a byte, blocks a get, fanout =}.",
        "A tiered tree writes every entry once a tier. How many tiers are there when each collects 16 runs?",
        "Fewer, so less; and up to 15 runs in each to look into.",
      },
      check = function(t, env)
        local curve = t.has(env, "curve", "table")
        for _, kind in ipairs { "levelled", "tiered" } do
          t.that(type(curve[kind]) == "table" and #curve[kind] == 4, "four points for " .. kind, "there are not")
        end
        local function ends(kind)
          local first, last = curve[kind][1], curve[kind][4]
          return first[2], last[2]
        end
        local cheap, dear = ends("tiered")
        t.that(cheap > dear, "a tiered tree that writes less reads more", ("%.1f and %.1f"):format(cheap, dear))
      end,
      explain = [[
Two branches of one curve: tiers on the left, which write little and look into many runs, levels on the right, which
write much and look into few. With a fanout of 2 they meet: two runs are merged as soon as there are two. The dial is
what you set in RocksDB (`max_bytes_for_level_multiplier`, or universal compaction) and in Cassandra (LCS or STCS), and
Dostoevsky (2018) puts it between the branches.]],
    },
    {
      name = "bloom",
      title = "What is not there",
      text = [[
The worst get is for a key that is not there: no run can say so before it was looked into, unless it has a Bloom filter.
A tiered tree with all its runs, asked for 5000 strangers, with filters of 0 to 15 bits a key.]],
      code = [[
blocks = {}
for _, bits in ipairs{ 0, 2, 5, 10, 15 } do
  local store = lab.store.lsm{ compaction = "tiered", memtable_bytes = 32*KB, fanout = 8, bits_per_key = bits,
    sync = "never" }
  store:replay(lab.workload.zipf_trace{ count = 10000, skew = 0, requests = 30000, seed = 1 }, { value_bytes = 88 })
  blocks[bits] = store:replay(lab.workload.zipf_trace{ count = 10000, skew = 0, requests = 5000, seed = 2 },
    { reads = 1, absent = 1 }).read
end
rows = {}
for i, bits in ipairs{ 0, 2, 5, 10, 15 } do rows[i] = { bits .. " bits a key", blocks[bits] } end
print(chart.bars(rows, { unit = "blocks a get", format = function(x) return ("%.3f"):format(x) end }))]],
      predict = {
        question = "Without filters a stranger costs a block in each run. How many blocks are left with 10 bits a key?",
        unit = "blocks",
        tolerance = 0.15,
        answer = function(env) return env.blocks[10] end,
      },
      hints = {
        "`blocks[bits]` is blocks read for each get.",
        "With 10 bits a key 0.8 % of the strangers are let through, in each of the runs.",
        "Some ten runs: 0.08 blocks.",
      },
      check = function(t, env)
        local blocks = has_numbers(t, env, "blocks", { 0, 5, 10 })
        t.that(blocks[0] > 4, "without filters every run is looked into", bytes(blocks[0]))
        t.that(blocks[10] < blocks[0] / 20, "ten bits a key spare nearly all of it", ("%.3f"):format(blocks[10]))
      end,
      explain = function(env)
        return ([[
%.1f blocks without, %.2f with 10 bits: ten bits of memory a key buy back what tiers cost, for gets. Not for scans: a
filter cannot say that nothing is between two keys, so each run has to be looked into.]])
          :format(env.blocks[0], env.blocks[10])
      end,
    },
    {
      name = "debt",
      title = "The debt",
      text = [[
Until now the compaction was done at once. Now the tree is on the disk of a node, which does 10 000 operations a second,
and compactions share it with those who write. For 4 s come 2500 writes a second, for 4 s only 300. When there are 8
runs in level 0, writes are slowed down; at 12 they wait.]],
      code = [[
function busy(compaction)
  local w = lab.world{ seed = 1 }
  local options = { memtable_bytes = 64*KB, compaction = compaction, fanout = 4, sync = "interval", interval = 10*ms }
  if compaction ~= "none" then options.slow_runs, options.stall_runs = 8, 12 end
  local db = w:service("db", { slots = 1000, filters = { lab.store.filter{ store = lab.store.lsm(options) } } })
  local users = w:load{ to = db, rate = 2500, rates = { { at = 4, rate = 300 } }, keys = 20000, mix = { put = 1 },
    body = 1000, timeout = 30 }
  local debt = {}
  for i = 1, 40 do
    w:run(0.2)
    debt[i] = { i * 0.2, db:state().filters[1].debt_bytes / 1e6 }
  end
  return users, debt, db:state().filters[1]
end
worst, debts, stalled = {}, {}, {}
for _, compaction in ipairs{ "none", "tiered", "levelled" } do
  local users, debt, state = busy(compaction)
  worst[compaction], debts[compaction], stalled[compaction] = users:data().latency.max, debt, state.stalls
  if compaction == "levelled" then print(users:report()) end
end
print(chart.line{ title = "debt, MB",
  series = { { label = "levelled", points = debts.levelled }, { label = "tiered", points = debts.tiered } } })
print(chart.bars({ { "none", worst.none }, { "tiered", worst.tiered }, { "levelled", worst.levelled } },
  { unit = "s, the slowest write", format = function(x) return ("%.3f"):format(x) end }))]],
      predict = {
        question = "How long does the slowest write to the levelled tree take?",
        choices = { "under 10 ms", "10 to 100 ms", "more than 100 ms" },
        answer = function(env)
          local s = env.worst.levelled
          return s < 0.01 and "under 10 ms" or s < 0.1 and "10 to 100 ms" or "more than 100 ms"
        end,
      },
      hints = {
        "`worst`, `debts` and `stalled` have an entry for each of the three.",
        "What is not compacted now has to be compacted later; and a writer who waits waits for a whole compaction.",
        "Look at `stalled`: how many writes had to wait.",
      },
      check = function(t, env)
        local worst = has_numbers(t, env, "worst", { "none", "tiered", "levelled" })
        local stalled = has_numbers(t, env, "stalled", { "none", "levelled" })
        t.that(stalled.none == 0, "without compaction nobody waits", stalled.none .. " writes did")
        t.that(stalled.levelled > 0, "with levels writers wait", "nobody did")
        t.that(worst.levelled > 10 * worst.none, "and much longer", ("%.3f s and %.3f s"):format(worst.levelled,
          worst.none))
      end,
      explain = function(env)
        return ([[
%.2f s, and %.3f s where nothing is compacted; %d writes had to wait. The disk was busy before: each byte
that was put had to be moved several times, and what it could not move became debt. Without compaction nobody waits,
and the bill comes with the reads. RocksDB's stalls look the same (`level0_slowdown_writes_trigger`): not a fault, but
a load that was too high all along. After 4 s the debt is paid back.]])
          :format(env.worst.levelled, env.worst.none, env.stalled.levelled)
      end,
    },
    {
      name = "crash",
      title = "What the log saves",
      text = [[
A memtable is memory, and a crash takes it. What brings it back is the log. Four clients write as fast as they are
answered; after a second the power fails. With `sync = "always"` an answer means that the log is on the disk; with
"interval" it is synced every 100 ms; with "never" the disk decides.]],
      code = [[
lost, rate = {}, {}
for _, sync in ipairs{ "always", "interval", "never" } do
  local w = lab.world{ seed = 1 }
  local options = { sync = sync, memtable_bytes = 1*MB }
  if sync == "interval" then options.interval = 0.1 end
  local db = w:service("db", { slots = 100, filters = { lab.store.filter{ store = lab.store.lsm(options) } } })
  w:inject(lab.fault.disk_torn("db"))
  local answered, power = 0, true
  for client = 1, 4 do
    w:spawn(function()
      while power do
        local key = ("client %d, %06d"):format(client, answered)
        if not db:call{ type = "put", key = key, value = "paid" } then return end
        answered = answered + 1
      end
    end)
  end
  w:run(1.05)
  rate[sync], power = answered, false
  w:inject(lab.fault.crash{ target = "db", power = true })
  w:inject(lab.fault.restart("db"))
  w:run(1)
  local there = #db:call{ type = "scan", limit = 1000000 }
  lost[sync] = math.max(0, rate[sync] - there)
  print(sync, rate[sync] .. " answered", lost[sync] .. " lost", "torn: " .. tostring(db:state().filters[1].torn))
end
print(chart.bars({ { "always", lost.always }, { "interval", lost.interval }, { "never", lost.never } },
  { unit = "answered writes lost" }))]],
      predict = {
        question = "How many answered writes are lost with \"always\"?",
        unit = "writes",
        tolerance = 0.5,
        answer = function(env) return env.lost.always end,
      },
      hints = {
        "`lost` and `rate` have an entry for each of the three policies.",
        "What does an answer mean with \"always\"?",
        "That the record is on the disk: none is lost.",
      },
      check = function(t, env)
        local lost = has_numbers(t, env, "lost", { "always", "interval", "never" })
        t.that(lost.always == 0, "no answered write is lost with sync = \"always\"", lost.always .. " are")
        t.that(lost.interval > 0 and lost.interval < lost.never, "an interval loses some, never loses all",
          ("%d and %d"):format(lost.interval, lost.never))
      end,
      explain = function(env)
        return ([[
None, %d and %d; and %d, %d and %d writes a second. So that is what a promise costs. The last record was torn, half
of it on the disk: recovery saw by its length that it was never whole, and cut it off. Redis calls these
policies `appendfsync always`, `everysec` and `no`; PostgreSQL's `synchronous_commit = off` is the second.]])
          :format(env.lost.interval, env.lost.never, env.rate.always, env.rate.interval, env.rate.never)
      end,
    },
    {
      name = "damage",
      title = "One bit",
      text = [[
Disks do not only lose things, they change them. We flip one bit of a block, a hundred times, each time in a store
of its own, and read all keys. Every block ends with a checksum over its bytes and its place.]],
      code = [[
right, refused, wrong = 0, 0, 0
for seed = 1, 100 do
  local store = lab.store.lsm{ memtable_bytes = 4*KB, block_bytes = 512, sync = "never" }
  store:replay(200)
  local expected = {}
  for i, entry in ipairs(store:scan()) do expected[i] = entry end
  store:damage{ kind = "table", seed = seed }
  for _, entry in ipairs(expected) do
    local value, err = store:get(entry.key)
    if value == entry.value then right = right + 1
    elseif err then refused = refused + 1
    else wrong = wrong + 1 end
  end
end
right, refused, wrong]],
      predict = {
        question = "Of 20 000 reads, how many give a wrong value?",
        unit = "reads",
        tolerance = 0.5,
        answer = function(env) return env.wrong end,
      },
      hints = {
        "`right`, `refused` and `wrong` count reads.",
        "A read checks the block before it looks into it.",
        "None: those who need the damaged block get `io_error`.",
      },
      check = function(t, env)
        t.that(t.has(env, "wrong", "number") == 0, "no read gives a wrong value", env.wrong .. " do")
        t.that(t.has(env, "refused", "number") > 0, "some reads are refused", "none is")
      end,
      explain = function(env)
        return ([[
None; %d were refused, those whose entry was in the block. Not even an older version came back, which would have been
there in a table below: a store that reads around damage tells you what was true once. Checksums find damage; to repair
it you need another copy, and that is what replication is for.]]):format(env.refused)
      end,
    },
  },

  finish = [[
Write amplification is the disk's bill and wears out flash; read amplification is the user's; space is the invoice's.
Levels for reads and space, tiers for writes, a B-tree where what is changed fits into memory.

To go on: give the B-tree a pool of 2000 pages, what does it write then? Load keys in order, `store:replay(20000)`:
why does a levelled tree hardly compact? And what does `lab.fault.disk_slow` do to the debt?]],
}

return {
  title = "Five that agree: consensus with Raft",
  minutes = 45,
  summary = [[
Five nodes keep one log, and a majority of them is enough. You watch them elect a leader, see what one write costs, cut
the leader off, and then hunt a bug in their votes: seeds, faults, and the few of them that it takes.]],
  after = { "quickstart" },
  steps = {
    {
      name = "election",
      title = "Nobody leads, and then somebody does",
      text = [[
Five nodes start at the same moment. Each waits for a time of its own, between 150 and 300 ms, whether a leader is
heard. The first to lose patience asks the others.]],
      code = [[
function cluster(options)
  w = lab.world{ seed = 4 }
  local settings = { count = 5 }
  for name, value in pairs(options or {}) do settings[name] = value end
  kv = w:replicas("kv", lab.replicate.raft(settings))
end
function leader()
  local found, term = nil, 0
  for _, node in ipairs(kv) do
    local state = node:state()
    if node:up() and state.role == "leader" and state.term > term then found, term = node, state.term end
  end
  return found
end
cluster()
w:run_until(leader)
elected = w:now()
print(w:messages{ from = elected - 0.005, nodes = kv })
elected]],
      predict = {
        question = "Two rounds of questions, and a disk. How many milliseconds from the first question to the leader?",
        unit = "ms",
        tolerance = 2.5,
        answer = function(env)
          for _, event in ipairs(env.w:trace_events()) do
            if event.label == "request_pre_vote" then return (env.elected - event.at) * 1000 end
          end
        end,
      },
      hints = {
        "A message takes 0.25 ms. So does the answer.",
        "Before it asks for votes it writes its own vote down, and so does everybody who gives one: an fsync is 1 ms.",
        "Two round trips (1 ms) and two fsyncs, one after the other.",
      },
      check = function(t, env)
        t.has(env, "w", "World")
        t.that(type(env.elected) == "number" and env.elected < 0.35, "a leader within 0.35 s", tostring(env.elected))
        t.that(env.leader() ~= nil, "somebody leads", "nobody does")
      end,
      explain = function(env)
        return ([[
%.0f ms of patience, and then a few milliseconds of work: "would you vote for me?" (pre-vote, so that who was cut off
does not disturb a leader whom all others hear), then "vote for me in term 1". A vote is on disk before anybody hears
of it. The random patience is what keeps all five from asking at once.]]):format(env.elected * 1000)
      end,
    },
    {
      name = "write",
      title = "What one write costs",
      text = [[
The leader puts the write into its log, sends it to the others, and answers as soon as a majority has it on disk.]],
      code = [[
w:run(1)
chief = leader()
began = w:now()
chief:call{ type = "write", key = "x", value = 1 }
took = w:now() - began
print(w:messages{ from = began, nodes = kv })
took * 1000]],
      predict = {
        question = "From the question to the answer: how many milliseconds?",
        unit = "ms",
        tolerance = 0.6,
        answer = function(env) return env.took * 1000 end,
      },
      hints = {
        "The client's message, the leader's, the answer of a follower, the leader's answer: 0.25 ms each.",
        "Leader and followers sync at the same time.",
        "Four messages one after the other, and one fsync of 1 ms.",
      },
      check = function(t, env)
        t.that(type(env.took) == "number" and env.took > 0.001 and env.took < 0.01, "`took` is the time of a write",
          tostring(env.took))
        t.equal(env.chief:call { type = "read", key = "x" }, 1, "x")
      end,
      explain = function(env)
        return ([[
%.2f ms: a round trip to the leader, one from it to the others, and an fsync of 1 ms that leader and followers do at the
same time. The slowest two of the five do not matter: a majority is enough. That is the price of never losing it, and
etcd, Consul and CockroachDB pay it for each write (or for each batch of them).]]):format(env.took * 1000)
      end,
    },
    {
      name = "gap",
      title = "The leader dies",
      text = "The leader crashes. A client tries again and again, at whoever leads, until a write is acknowledged.",
      code = [[
w:run(1)
dead = leader()
w:inject(lab.fault.crash(dead:name()))
crashed = w:now()
repeat
  w:run(0.005)
  local now = leader()
until now and now:call{ type = "write", key = "x", value = 2, timeout = 0.1 }
gap = w:now() - crashed
gap]],
      predict = {
        question = "For how many milliseconds can nobody write?",
        unit = "ms",
        tolerance = 110,
        answer = function(env) return env.gap * 1000 end,
      },
      hints = {
        "Nobody tells the others that the leader is dead.",
        "The patience of each is between 150 and 300 ms. Four of them draw; the smallest counts.",
        "Some 200 ms, and two rounds of votes.",
      },
      check = function(t, env)
        t.that(type(env.gap) == "number" and env.gap > 0.1 and env.gap < 1, "`gap` is the time without a leader",
          tostring(env.gap))
        local now = env.leader()
        t.that(now ~= nil and now:name() ~= env.dead:name(), "somebody else leads", "nobody does")
      end,
      explain = function(env)
        return ([[
%.0f ms, nearly all of it patience. Shorter timeouts make it shorter, until a slow network or disk looks like a dead
leader and elections never end: a timeout should be far above a round trip and an fsync, and far below what users
notice.]])
          :format(env.gap * 1000)
      end,
    },
    {
      name = "minority",
      title = "The leader is cut off",
      text = [[
The leader and one follower are cut off from the other three, but clients reach both sides. Each side is asked to
write.]],
      code = [[
cluster()
w:run(1)
old = leader()
left, right = { old:name() }, {}
for _, node in ipairs(kv) do
  if node:name() ~= old:name() then table.insert(#left < 2 and left or right, node:name()) end
end
old:call{ type = "write", key = "x", value = "before" }
w:inject(lab.fault.partition{ sides = { left, right } })
small, why = old:call{ type = "write", key = "x", value = "of the two", timeout = 2 }
w:run(1)
new = leader()
large = new:call{ type = "write", key = "x", value = "of the three", timeout = 2 }
small, why and why.code, large]],
      predict = {
        question = "What does the client of the two hear?",
        choices = { "the value: the leader took it", "an error: it certainly did not happen",
          "an error: it may or may not have happened" },
        answer = function(env)
          return env.why and not env.why.definite and "an error: it may or may not have happened" or
            "an error: it certainly did not happen"
        end,
      },
      hints = {
        "`why` is the error; look at `why.definite`.",
        "The entry is in two logs of five. Could the next leader be one of these two?",
        "After another cut, yes: then the entry is kept. Nobody can tell yet.",
      },
      check = function(t, env)
        t.equal(env.small, nil, "what the two acknowledge")
        t.equal(env.large, "of the three", "what the three acknowledge")
      end,
      explain = function(env)
        return ([[
"%s". The leader heard from no majority for 300 ms and gave way; the write is in two logs, and a later leader may have
it or not. The three went on in a new term. What loses here is availability on the small side, never a write that was
acknowledged: that is the C of CAP.]]):format(env.why.code)
      end,
    },
    {
      name = "heal",
      title = "The cut heals",
      text = "Now both sides see each other again. One entry of the two was never committed.",
      code = [[
w:heal()
healed = w:now()
w:run(1)
print(w:messages{ from = healed, last = 0.2, nodes = kv, rows = 30 })
value = old:call{ type = "read", key = "x" }
states = {}
for i, node in ipairs(kv) do states[i] = node:state() end
value]],
      predict = {
        question = "What is x now, read at the node that was cut off?",
        choices = { "before", "of the two", "of the three" },
        answer = function(env) return env.value end,
      },
      hints = {
        "Logs that part are made equal. Whose wins?",
        "The leader of the higher term overwrites; nobody had been told that the other entry was safe.",
        "`states[i].term` and `states[i].log` are the same everywhere.",
      },
      check = function(t, env)
        t.equal(env.value, "of the three", "x")
        for _, state in ipairs(t.has(env, "states", "table")) do
          t.equal(state.log, env.states[1].log, "the last index of each log")
          t.equal(state.term, env.states[1].term, "the term of each")
        end
      end,
      explain = function(env)
        return ([[
All five are at index %d in term %d. A message of the higher term reached the two, so they follow. It did not fit behind
their last entry, so they asked for what comes before, and their entry "of the two" was
overwritten.]]):format(env.states[1].log, env.states[1].term)
      end,
    },
    {
      name = "reads",
      title = "Three ways to read",
      text = [[
A leader may have been replaced without knowing it, so it may not simply look into its own store. It can put the read
into the log; ask a majority whether it still leads (read index); or rely on clocks (a lease).]],
      code = [[
function cost_of_read(reads)
  cluster{ reads = reads }
  w:run(1)
  local chief = leader()
  chief:call{ type = "write", key = "x", value = 1 }
  w:run(0.02)
  local messages, began = w:traffic(kv).messages, w:now()
  chief:call{ type = "read", key = "x" }
  return { reads = reads, ms = (w:now() - began) * 1000, messages = w:traffic(kv).messages - messages }
end
chart = require "chart"
rows = { cost_of_read "log", cost_of_read "index", cost_of_read "lease" }
print(chart.table{ rows = rows, columns = { { title = "reads by", key = "reads" },
  { title = "time", key = "ms", format = "%.2f ms" }, { title = "messages between nodes", key = "messages" } } })]],
      predict = {
        question = "How many messages do the five need among them for a read by lease?",
        unit = "messages",
        tolerance = 0.5,
        answer = function(env) return env.rows[3].messages end,
      },
      hints = {
        "`rows` has one entry for each way.",
        "A lease is a promise of the others not to elect anybody for a while.",
        "So nobody has to be asked: none.",
      },
      check = function(t, env)
        local rows = t.has(env, "rows", "table")
        t.that(rows[1].ms > rows[2].ms and rows[2].ms > rows[3].ms, "log is slowest, lease is fastest",
          ("%.2f, %.2f and %.2f ms"):format(rows[1].ms, rows[2].ms, rows[3].ms))
        t.equal(rows[3].messages, 0, "messages of a read by lease")
      end,
      explain = function(env)
        return ([[
Through the log %.2f ms (with an fsync), by read index %.2f ms (a round of heartbeats), by lease %.2f ms. The lease is
right as long as no clock drifts more than was allowed for; etcd reads by index unless told otherwise, CockroachDB and
TiKV by lease.]]):format(env.rows[1].ms, env.rows[2].ms, env.rows[3].ms)
      end,
    },
    {
      name = "hunt",
      title = "A bug that one run does not show",
      text = [[
Now a mistake: a node does not write its vote down before it gives it. `lab.explore` runs an experiment under seed after
seed: clients, and random crashes. A watch that sees all nodes at once says when something is that must never be.]],
      code = [[
function experiment(seed)
  w = lab.world{ seed = seed, keep = 20000 }
  kv = w:replicas("kv", lab.replicate.raft{ count = 3, bug = bug })
  local clients = w:clients{ count = 4, to = kv }
  w:nemesis(lab.fault.chaos{ every = 0.3, lasting = 0.5, at_once = 2, span = 4, faults = {
    lab.fault.crash{ target = "primaries", power = true }, lab.fault.crash{ target = "one", power = true },
    lab.fault.partition{ target = "one" } } })
  w:run(5)
  return lab.check.linearizable{ history = clients:history(), model = "register", steps = 100000 }
end
bug = "vote_not_persisted"
finding = lab.explore{ experiment = experiment, seeds = 100 }
print(finding.violation)
print(finding.schedule)
finding.seeds, finding.faults_before, finding.faults]],
      predict = {
        question = "Of the faults of the failing run, how many does it take? (`finding.faults`)",
        unit = "faults",
        tolerance = 2,
        answer = function(env) return env.finding.faults end,
      },
      hints = {
        "`finding.faults_before` is how many there were; explore leaves out halves, quarters, single ones.",
        "A vote that is forgotten: what has to happen between two votes of one node?",
        "A crash of the one who voted, and something that makes a second candidate ask in the same term.",
      },
      check = function(t, env)
        local finding = t.has(env, "finding", "table")
        t.that(finding.faults >= 1 and finding.faults <= finding.faults_before, "a shorter schedule",
          finding.faults .. " faults")
        t.equal(env.w:violation(), finding.violation, "what the watch of the last world saw")
      end,
      explain = function(env)
        local f = env.finding
        return ([[
Seed %d was the first to fail; %d faults had struck by then, and %d are enough (%d runs of the experiment in all). The
schedule is Lua: `load(finding.schedule)()(w)` plans it in any world that is built the same way.
What the watch saw, before any client noticed:

  %s]]):format(f.seed, f.faults_before, f.faults, f.runs, f.violation)
      end,
    },
    {
      name = "look",
      title = "Who led when",
      text = [[
The world of the shortened run is still there. Who became leader, in which term, and what struck in between?]],
      code = [[
function story_of(world)
  local rows = {}
  for _, event in ipairs(world:trace_events()) do
    if event.label == "leader" then
      rows[#rows + 1] = { at = event.at, who = event.node, what = "leads term " .. tostring(event.detail) }
    elseif event.kind == "crash" or event.kind == "restart" then
      rows[#rows + 1] = { at = event.at, who = event.node, what = event.kind }
    end
  end
  return rows
end
story = story_of(w)
print(chart.table{ rows = story, columns = { { title = "at", key = "at", format = "%.3f s" },
  { title = "node", key = "who" }, { title = "what", key = "what" } } })
last = w:now()
print(w:messages{ from = last - 0.02, nodes = kv, types = { "pre_vote", "request_vote", "vote" } })]],
      predict = {
        question = "What is wrong about the last line of the table?",
        choices = { "that term had a leader already", "a crashed node leads", "it leads without any vote" },
        answer = function(env)
          local first = {}
          for i, row in ipairs(env.story) do
            if i == #env.story and first[row.what] then return "that term had a leader already" end
            first[row.what] = row.who
          end
          return "it leads without any vote"
        end,
      },
      hints = {
        "Look for the same term twice.",
        "Who voted for the first leader of that term, and where was that vote after the crash?",
        "Nowhere: it voted again, for somebody else.",
      },
      check = function(t, env)
        local leads = 0
        for _, row in ipairs(t.has(env, "story", "table")) do
          if row.what:find("leads", 1, true) then leads = leads + 1 end
        end
        t.that(leads >= 2, "at least two leaders in the story", leads .. " are")
      end,
      explain = [[
A node that crashes forgets the term and whom it voted for, and votes again in the same term. So two candidates had a
majority in it: two leaders, two truths. Only what was synced is there after a crash, so term and vote are synced before
they are sent.]],
    },
    {
      name = "figure8",
      title = "Figure 8",
      text = [[
Another one, harder: a leader counts who holds an entry of an *earlier* term, and calls it committed when a majority
does. The paper's figure 8 says why that is wrong. Leaders fall one after the other, as long as it takes.]],
      code = [[
function figure8(seed)
  w = lab.world{ seed = seed, latency = lab.dist.uniform{ low = 0.001, high = 0.04 }, keep = 20000 }
  kv = w:replicas("kv", lab.replicate.raft{ count = 3 + seed % 3, batch = 1, bug = bug })
  w:clients{ count = 6, to = kv, keys = 2, timeout = 0.3, think = 0.005 }
  w:nemesis(lab.fault.chaos{ faults = { lab.fault.crash{ target = "primaries", disk = "all" } }, every = 0.2,
    lasting = 0.7, at_once = 2, span = 6 })
  w:run(8)
end
bug = "commits_older_term"
eight = lab.explore{ experiment = figure8, seeds = 100 }
print(eight.violation)
story = story_of(w)
print(chart.table{ rows = story, columns = { { title = "at", key = "at", format = "%.3f s" },
  { title = "node", key = "who" }, { title = "what", key = "what" } } })
eight.seed, eight.faults]],
      predict = {
        question = "How many crashes does it take at least?",
        unit = "crashes",
        tolerance = 3,
        answer = function(env) return env.eight.faults end,
      },
      hints = {
        "Leader, another leader, the first again, the other again: each falls.",
        "`eight.faults` is what explore could not leave out.",
        "Five to seven: the leaders in turn, and somebody who must be away at the right moment.",
      },
      check = function(t, env)
        local eight = t.has(env, "eight", "table")
        t.that(eight.faults >= 3, "several crashes", eight.faults .. " are")
        t.equal(env.w:violation(), eight.violation, "what the watch of the last world saw")
      end,
      explain = function(env)
        return ([[
%d crashes, and then:

  %s

An entry of an older term on a majority may still be overwritten by a leader whose last entry is newer. So a leader
commits only entries of its own term by counting, and the older ones come along; that is why a new leader begins with
an entry of its own.]]):format(env.eight.faults, env.eight.violation)
      end,
    },
    {
      name = "sound",
      title = "And without the bugs",
      text = "The same experiments, the same seeds, no bug.",
      code = [[
bug = nil
nothing = { lab.explore{ experiment = experiment, seeds = 10 }, lab.explore{ experiment = figure8, seeds = 10 } }
#nothing]],
      predict = {
        question = "How many of the two experiments find something?",
        unit = "findings",
        tolerance = 0.5,
        answer = function(env) return #env.nothing end,
      },
      hints = {
        "`nothing` holds what was found.",
        "explore returns nothing where all seeds go well.",
        "An empty table: 0.",
      },
      check = function(t, env) t.equal(#t.has(env, "nothing", "table"), 0, "findings") end,
      explain = [[
None. That proves nothing, but the same net caught two bugs that are rare in production. `syslab sweep FILE --seeds
1..1000` does it for a script of yours, with as many processors as you like. The project's own tests do it for 21
planted bugs.]],
    },
  },
  finish = [[
A majority, terms that only grow, votes and entries on disk before they are spoken of: that is all of it. Next: write
the log yourself (replicated-log), and then Raft (raft).]],
}

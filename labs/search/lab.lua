-- Search: analysers, the inverted index, BM25, refresh, segments and merges, shards, replicas and a lost shard.

local function ids(found)
  local out = {}
  for i, hit in ipairs(found.hits) do out[i] = hit.id end
  return table.concat(out, " ")
end

return {
  title = "Ten million needles",
  minutes = 35,
  after = { "cqrs-search" },
  summary = [[
A search engine turns documents inside out: for each word, who has it. You will see what becomes of words, why one hit
stands above another, why a document that was just saved is not found, what an update really is, how shards disagree
about what is rare, and what a search answers when one of them is gone.]],

  steps = {
    {
      name = "words",
      title = "What becomes of words",
      text = [[
An index can only find terms that are equal. An analyser makes terms of text: it cuts, lowers, leaves out, and takes
endings off. The same sentence through four of them; and four documents, once as they are and once in English.]],
      code = [[
sentence = "The Runners weren't running; they RAN to the universities."
for _, a in ipairs{ { tokenizer = "whitespace" }, {}, { stop = true }, { stop = true, stemmer = "porter" } } do
  print(table.concat(lab.store.analyzer(a):tokens(sentence), " | "))
end
function library(analyzer)
  local index = lab.store.search{ fields = { title = { analyzer = analyzer } } }
  index:bulk{ now = 0, docs = {
    { id = "a", doc = { title = "Running a database" } },
    { id = "b", doc = { title = "The run on the bank" } },
    { id = "c", doc = { title = "Runners of the world" } },
    { id = "d", doc = { title = "He ran to the university" } } } }
  index:refresh()
  return index
end
function found(analyzer)
  return library(analyzer):search{ query = { match = { title = "runs" } }, now = 0 }.total
end
plain, english = found("standard"), found("english")
plain, english]],
      predict = {
        question = "Somebody searches for \"runs\". How many of the four does the English index find?",
        unit = "documents",
        tolerance = 0.5,
        answer = function(env) return env.english end,
      },
      hints = {
        "`plain` and `english` are numbers of hits.",
        "The stemmer makes \"run\" of \"runs\", and of which words in the titles?",
        "Of \"Running\" and \"run\"; \"Runners\" becomes \"runner\", and \"ran\" stays \"ran\".",
      },
      check = function(t, env)
        t.equal(env.plain, 0, "hits of the standard analyser")
        t.equal(env.english, 2, "hits of the English one")
      end,
      explain = function(env)
        return ([[
%d, and %d without it. Porter's algorithm (1980) knows rules and no words: "ran" is not "run" for it, and "universe" and
"university" are both "univers". Analysis is the half of search quality that no ranking repairs later, and query and
document must go through the same.]]):format(env.english, env.plain)
      end,
    },
    {
      name = "ranking",
      title = "Why this one is first",
      text = [[
BM25: a word counts more if it is rare, more if it occurs often (but ever less so), and less in a long text. Five
documents, and a search for "rare fox".]],
      code = [[
index = lab.store.search()
index:bulk{ now = 0, docs = {
  { id = "a", doc = { text = "fox fox fox fox fox fox" } },
  { id = "b", doc = { text = "a rare fox" } },
  { id = "c", doc = { text = "fox and hound" } },
  { id = "d", doc = { text = "a rare stamp" } },
  { id = "e", doc = { text = "a rare fox in a long text about many other things that have little to do with it" } } } }
index:refresh()
ranked = index:search{ query = { match = { text = "rare fox" } }, explain = true, now = 0 }
for _, hit in ipairs(ranked.hits) do
  local parts = {}
  for _, c in ipairs(hit.explain.clauses) do
    parts[#parts + 1] = ("%s: idf %.2f x tf %.2f"):format(c.term, c.idf, c.tf)
  end
  print(("%s  %.3f  %s"):format(hit.id, hit.score, table.concat(parts, ", ")))
end
order = {}
for i, hit in ipairs(ranked.hits) do order[i] = hit.id end
table.concat(order, " ")]],
      predict = {
        question = "Which document is third?",
        choices = { "a: six times fox", "d: rare stamp", "e: both words, in a long text" },
        answer = function(env)
          local third = env.ranked.hits[3].id
          return third == "a" and "a: six times fox" or third == "d" and "d: rare stamp"
            or "e: both words, in a long text"
        end,
      },
      hints = {
        "The order is printed.",
        "b has both words in three; next comes e or d or a?",
        "Rare is worth about twice as much as fox here, and six foxes are worth less than two of them.",
      },
      check = function(t, env)
        local ranked = t.has(env, "ranked", "table")
        t.equal(ranked.total, 5, "documents found")
        t.equal(ranked.hits[1].id, "b", "the first one")
        t.that(ranked.hits[1].score > ranked.hits[2].score, "and clearly so", tostring(ranked.hits[2].score))
      end,
      explain = function(env)
        return ([[
The order is %s. The score is a sum over the words, each idf x tf. "rare" has a higher idf than "fox", because fewer
have it; the six foxes of a have the tf of nearly 1 at most, whatever their number; and length pushes e down. (The
formula is Lucene's, so Elasticsearch, OpenSearch and Solr would print the same numbers.)]]):format(ids(env.ranked))
      end,
    },
    {
      name = "refresh",
      title = "Saved, and not found",
      text = [[
Writes go into a buffer that searches do not see; once a second a refresh makes a segment of it. A hundred documents are
saved at random moments, and searched for at once, and again until they are found.]],
      code = [[
chart = require "chart"
function waits(interval)
  local index = lab.store.search{ refresh = interval }
  local list, now = {}, 0
  for i = 1, 100 do
    now = now + math.random() * 3 * interval
    index:index{ id = "d" .. i, doc = { text = "word" .. i }, now = now }
    local asked = now
    while index:search{ query = { term = { text = "word" .. i } }, now = asked }.total == 0 do
      asked = asked + interval / 100
    end
    list[i] = asked - now
    now = asked
  end
  local shape = index:describe{ now = now + 60 }[1]
  local sum = 0
  for _, x in ipairs(list) do sum = sum + x end
  return list, sum / #list, shape
end
list, mean = waits(1)
slow_list, slow_mean = waits(30)
print(chart.histogram(list, { title = "seconds until it is found" }))
mean, slow_mean]],
      predict = {
        question = "With a refresh every second: how long does it take on average until a document is found?",
        unit = "s",
        tolerance = 0.15,
        answer = function(env) return env.mean end,
      },
      hints = {
        "`mean` is the average.",
        "The moment of writing is anywhere between two refreshes.",
        "Half a second.",
      },
      check = function(t, env)
        t.that((env.mean or 0) > 0.3 and env.mean < 0.7, "about half a second", tostring(env.mean))
        t.that((env.slow_mean or 0) > 8, "and much longer with 30 s", tostring(env.slow_mean))
      end,
      explain = function(env)
        return ([[
%.2f s, and %.1f s with a refresh every 30 s. "Near real time" is a choice: each refresh makes a segment that must be
searched and merged, so bulk loads turn it off. A get by id needs no refresh; it looks into the buffer.]])
          :format(env.mean, env.slow_mean)
      end,
    },
    {
      name = "segments",
      title = "An update is a grave and a birth",
      text = [[
Segments are never changed. 200 products, and then 2,000 updates of prices here and there, with a refresh after every
20. What is dead is only marked, until a merge leaves it out.]],
      code = [[
function shop(tier)
  local index = lab.store.search{ segments_per_tier = tier, floor_bytes = 1 }
  for i = 1, 200 do index:index{ id = "p" .. i, doc = { name = "product " .. i, price = i }, now = 0 } end
  index:refresh()
  for write = 1, 2000 do
    index:update{ id = "p" .. math.random(200), doc = { price = write }, now = 0 }
    if write % 20 == 0 then index:refresh() end
  end
  return index, index:describe{ now = 0 }[1]
end
index, shape = shop(10)
_, eager = shop(2)
function rare_idf()
  return index:search{ query = { match = { name = "product" } }, explain = true, size = 1, now = 0 }
    .hits[1].explain.clauses[1].n
end
believed = rare_idf()
index:merge{}
after_merge = rare_idf()
function amplification(s) return (s.written_bytes + s.merged_bytes) / s.written_bytes end
rows = { { "10 a tier", #shape.segments, shape.deleted, amplification(shape) },
  { "2 a tier", #eager.segments, eager.deleted, amplification(eager) } }
print(chart.table{ rows = rows,
  columns = { "merge policy", "segments", "tombstones", { title = "bytes written", format = "%.1f x" } } })
believed, after_merge]],
      predict = {
        question = "There are 200 products. How many does the ranking believe in before the merge?",
        choices = { "200", "more than 200", "fewer than 200" },
        answer = function(env)
          return env.believed > 200 and "more than 200" or env.believed == 200 and "200" or "fewer than 200"
        end,
      },
      hints = {
        "`believed` and `after_merge` are how many documents have the word \"product\", for the idf.",
        "Tombstones are left out of results. And out of the statistics?",
        "No: the dictionary counts them until their segment is written anew.",
      },
      check = function(t, env)
        t.that((env.believed or 0) > 200, "the dead are counted", tostring(env.believed))
        t.equal(env.after_merge, 200, "after the merge")
        local rows = t.has(env, "rows", "table")
        t.that(rows[2][4] > rows[1][4], "eager merging writes more", ("%.1f and %.1f"):format(rows[2][4], rows[1][4]))
      end,
      explain = function(env)
        return ([[
%d, and %d after a merge into one segment. Few segments are quick to search and dear to keep: with two a tier each byte
is written %.1f times, with ten %.1f times. It is the bargain of every log-structured store; see lsm-compaction.]])
          :format(env.believed, env.after_merge, env.rows[2][4], env.rows[1][4])
      end,
    },
    {
      name = "shards",
      title = "What is rare, and where",
      text = [[
120 short documents in six shards, by the hash of their ids. Twenty of them have the word "rare", and all are equally
good hits. Each shard scores by what it knows itself.]],
      code = [[
index = lab.store.search{ shards = 6 }
for i = 1, 120 do
  index:index{ id = "d" .. i, doc = { text = i % 6 == 0 and "rare fox" or "plain fox" }, now = 0 }
end
index:refresh()
function scores(dfs)
  local got = index:search{ query = { match = { text = "rare" } }, size = 20, dfs = dfs, now = 0 }
  local bars, different = {}, {}
  for i, hit in ipairs(got.hits) do
    bars[i] = { ("%s in shard %d"):format(hit.id, hit.shard), hit.score }
    different[hit.score] = true
  end
  local n = 0
  for _ in pairs(different) do n = n + 1 end
  return n, bars
end
own, bars = scores(false)
global = scores(true)
print(chart.bars(bars, { format = function(x) return ("%.3f"):format(x) end }))
own, global]],
      predict = {
        question = "Twenty equal documents: how many different scores do they get?",
        unit = "scores",
        tolerance = 1.5,
        answer = function(env) return env.own end,
      },
      hints = {
        "`own` counts them, `global` with the statistics of all shards.",
        "A score depends on how many documents of the shard have the word.",
        "About as many as there are shards.",
      },
      check = function(t, env)
        t.that((env.own or 0) > 2, "several scores", tostring(env.own))
        t.equal(env.global, 1, "scores with dfs")
      end,
      explain = function(env)
        return ([[
%d. In a shard with fewer of them the word counts as rarer. With `dfs` the shards are asked for their statistics first,
and it is %d, for one round more. With millions of documents a shard the difference vanishes; with few, or with routing
that puts like things together, it makes odd rankings.]]):format(env.own, env.global)
      end,
    },
    {
      name = "lost",
      title = "A shard is gone",
      text = [[
Now on nodes: four shards on four nodes, 200 documents, first without replicas, then with one each. A node crashes.]],
      code = [[
function cluster(replicas)
  w = lab.world{ seed = 3 }
  local books = lab.store.search{ shards = 4 }
  for i = 1, 4 do
    w:service("n" .. i, { time = 3*ms, slots = 4, filters = { lab.store.search_node{ index = books } } })
  end
  search = w:service("search", { slots = 64, filters = { lab.store.search_router{ index = books,
    nodes = { "n1", "n2", "n3", "n4" }, replicas = replicas, timeout = 0.5 } } })
  for i = 1, 200 do
    search:call{ type = "index", id = "b" .. i, doc = { title = "volume " .. i, year = 1900 + i % 100 } }
  end
  w:run(2)
end
function ask(more)
  local body = { type = "search", query = { match = { title = "volume" } }, size = 5, timeout = 10 }
  for k, v in pairs(more or {}) do body[k] = v end
  return search:call(body)
end
cluster(0)
w:inject(lab.fault.crash("n3"))
alone = ask()
_, strict = ask{ allow_partial = false }
cluster(1)
w:inject(lab.fault.crash("n3"))
mirrored = ask()
print(strict)
{ alone.total, alone.shards }, { mirrored.total, mirrored.shards }]],
      predict = {
        question = "Without replicas, one of four nodes is gone. What does the search answer?",
        choices = { "an error", "all 200 books", "the books of three shards, and says so" },
        answer = function(env)
          return env.alone and env.alone.shards.failed == 1 and "the books of three shards, and says so" or "an error"
        end,
      },
      hints = {
        "`alone` and `mirrored` are the answers.",
        "Three shards answer. Is that a result?",
        "Look at `shards.failed`.",
      },
      check = function(t, env)
        local alone, mirrored = t.has(env, "alone", "table"), t.has(env, "mirrored", "table")
        t.equal(alone.shards.failed, 1, "failed shards without replicas")
        t.that(alone.total < 200 and alone.total > 100, "a part of the books", tostring(alone.total))
        t.equal(mirrored.total, 200, "books found with replicas")
      end,
      explain = function(env)
        return ([[
%d of 200, and shards.failed = 1: for a shop window better than nothing, for a compliance search a disaster, so it can
be forbidden (allow_partial = false). With a replica the other copy stands in, and %d are found.]])
          :format(env.alone.total, env.mirrored.total)
      end,
    },
    {
      name = "replicas",
      title = "Now you see it",
      text = [[
Two copies of one shard, refreshed every 10 s, each at its own moments. A document is saved; for 20 s a page asks five
times a second, by turns one copy and the other.]],
      code = [[
function flicker(prefer)
  local w = lab.world{ seed = 5 }
  local news = lab.store.search{ shards = 1, refresh = 10 }
  for _, name in ipairs{ "east", "west" } do
    w:service(name, { time = 2*ms, slots = 4, filters = { lab.store.search_node{ index = news } } })
  end
  local router = w:service("search", { slots = 64, filters = {
    lab.store.search_router{ index = news, nodes = { "east", "west" } } } })
  w:run(20)
  router:call{ type = "index", id = "a", doc = { text = "breaking news" } }
  local changes, last, seen = 0, 0, {}
  for i = 1, 100 do
    local n = router:call{ type = "search", query = { match = { text = "news" } }, prefer = prefer }.total
    if n ~= last then changes = changes + 1 end
    last, seen[i] = n, n
    w:run_until(20 + i * 0.2)
  end
  return changes, seen
end
turns, seen = flicker()
steady, calm = flicker("primary")
print(chart.timeline{ rows = { { label = "by turns", values = seen, reduce = "max" },
  { label = "primary", values = calm, reduce = "max" } }, from = 0, to = 20 })
turns, steady]],
      predict = {
        question = "How often does the document appear or vanish on the page, if the copies take turns?",
        choices = { "it appears once and stays", "it appears and vanishes many times" },
        answer = function(env)
          return env.turns > 2 and "it appears and vanishes many times" or "it appears once and stays"
        end,
      },
      hints = {
        "`turns` and `steady` count the changes.",
        "One copy has refreshed, the other has not yet.",
        "Every second answer has it, for as long as they differ.",
      },
      check = function(t, env)
        t.that((env.turns or 0) > 2, "it flickers", tostring(env.turns))
        t.equal(env.steady, 1, "changes when one copy is asked")
      end,
      explain = function(env)
        return ([[
%d times, and once if the same copy is asked. Both copies have the write on their disks; they differ in what they have
made visible. Asking one copy per user (a preference) makes reads monotonic; that is all it takes.]]):format(env.turns)
      end,
    },
    {
      name = "crashes",
      title = "Written is written",
      text = [[
Three nodes, three shards, two copies each. 200 documents are saved, 20 a second, while each node crashes once for
1.5 s. Then the same with `durability = "async"` and a single copy.]],
      code = [[
function stormy(o)
  local w = lab.world{ seed = 6 }
  local index = lab.store.search{ shards = 3 }
  for i = 1, 3 do w:service("n" .. i, { time = 2*ms, slots = 8, filters = {
    lab.store.search_node{ index = index, durability = o.durability } } }) end
  local router = w:service("search", { slots = 64, filters = { lab.store.search_router{ index = index,
    nodes = { "n1", "n2", "n3" }, replicas = o.replicas, timeout = 0.3 } } })
  local saved, most = {}, 0
  w:spawn(function()
    for i = 1, 200 do
      local begun = w:now()
      local document = { type = "index", id = "d" .. i, doc = { text = "storm" }, timeout = 3 }
      if router:call(document) then saved[#saved + 1] = "d" .. i end
      most = math.max(most, w:now() - begun)
      w:sleep(50*ms)
    end
  end)
  for i = 1, 3 do w:at(4 * i - 3, lab.fault.crash("n" .. i), 1.5) end
  w:run(60)
  local found, lost = {}, 0
  for _, hit in ipairs(router:call{ type = "search", size = 1000, timeout = 5 }.hits) do found[hit.id] = true end
  for _, id in ipairs(saved) do if not found[id] then lost = lost + 1 end end
  return { saved = #saved, lost = lost, slowest = most, promotions = router:call{ type = "status" }.promotions }
end
safe = stormy{ replicas = 1, durability = "request" }
risky = stormy{ replicas = 0, durability = "async" }
safe, risky]],
      predict = {
        question = "With two copies: how many documents that were acknowledged are lost?",
        unit = "documents",
        tolerance = 0.5,
        answer = function(env) return env.safe.lost end,
      },
      hints = {
        "`safe.lost` and `risky.lost`.",
        "An answer comes when all copies that are in sync have the write on their disks.",
        "None. The other way is another matter.",
      },
      check = function(t, env)
        local safe, risky = t.has(env, "safe", "table"), t.has(env, "risky", "table")
        t.equal(safe.lost, 0, "lost with two copies")
        t.that(safe.saved >= 195, "nearly all were saved", tostring(safe.saved))
        t.that(risky.lost > 0, "some are lost the other way", tostring(risky.lost))
      end,
      explain = function(env)
        return ([[
None of %d; a copy took over %d times, and the slowest write took %.2f s. With the log synced every 5 s and no copy, %d
that were acknowledged are gone. The same switch exists in Elasticsearch (index.translog.durability), and its default is
the safe one. A search index is often a copy of something else; then you may choose the fast one, and rebuild.]])
          :format(env.safe.saved, env.safe.promotions, env.safe.slowest, env.risky.lost)
      end,
    },
  },
  finish = [[
Terms, postings, segments, refresh; shards that rank by themselves, copies that take turns. Most surprises with a search
engine are one of these.]],
}

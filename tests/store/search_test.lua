local t = require "expect"

-- A cluster of n1 ... and its router.
local function cluster(o)
  o = o or {}
  local w = lab.world { seed = o.seed or 1 }
  local index = lab.store.search { shards = o.shards or 2, refresh = o.refresh or 1 }
  local names = {}
  for i = 1, o.nodes or 3 do
    names[i] = "n" .. i
    w:service(names[i], { time = 2*ms, slots = 8, filters = {
      lab.store.search_node { index = index, durability = o.durability, flush_writes = o.flush_writes or 20 } } })
  end
  local router = w:service("search", { slots = 64, filters = {
    lab.store.search_router { index = index, nodes = names, replicas = o.replicas or 1, timeout = 0.3 } } })
  w:run(10*ms)
  return w, router
end
local function put(router, id, words, timeout)
  return router:call { type = "index", id = id, doc = { text = words }, timeout = timeout or 10 }
end
local function find(router, words, more)
  local body = { type = "search", query = { match = { text = words } }, timeout = 10 }
  for k, v in pairs(more or {}) do body[k] = v end
  return router:call(body)
end

t.test("search: mistakes are named", function()
  t.raises(function() lab.store.search { fields = { a = "txt" } } end, "'text', 'keyword' or 'number'")
  t.raises(function() lab.store.search { fields = { a = { analyzer = "standart" } } } end, "did you mean 'standard'")
  t.raises(function() lab.store.analyzer { ngram = { 3, 2 } } end, "min <= max")
  t.raises(function() lab.store.search_router { nodes = {} } end, "no node")
  t.raises(function() lab.store.search_router { nodes = { "a" }, replicas = 1 } end, "there are 1")
  local index = lab.store.search()
  t.raises(function() index:search { qery = {} } end, "did you mean 'query'")
  local _, err = index:search { query = { fuzzy = { a = "b" } } }
  t.equal(err.code, "parsing_exception")
  local _, router = cluster()
  local function code(body)
    local _, e = router:call(body)
    return e and e.code
  end
  t.equal(code { type = "index", doc = { a = 1 } }, "malformed")
  t.equal(code { type = "index", id = "a", doc = 5 }, "malformed")
  t.equal(code { type = "search", query = { fuzzy = {} } }, "parsing_exception")
  t.equal(code { type = "get", id = "nobody" }, "not_found")
  t.equal(code { type = "update", id = "nobody", doc = { a = 1 } }, "not_found")
end)

t.test("search: an index at the prompt", function()
  local index = lab.store.search { fields = { title = { analyzer = "english" } }, shards = 3 }
  t.equal(index:bulk { now = 0, docs = {
    { id = "a", doc = { title = "Running foxes" } }, { id = "b", doc = { title = "A fox" } } } }, 2)
  t.equal(index:index { id = "a", doc = { title = "Running dogs" }, now = 0 }, false)
  index:refresh()
  t.equal(index:search { query = { match = { title = "fox" } }, now = 0 }.hits[1].id, "b")
  t.equal(index:update { id = "b", doc = { year = 7 }, now = 0 }, true)
  t.equal(index:get("b"), { title = "A fox", year = 7 })
  t.equal(index:delete { id = "b", now = 0 }, true)
  t.equal(index:delete { id = "b", now = 0 }, false)
  t.equal(index:analyze { field = "title", text = "The Runners" }, { "runner" })
  t.equal(#index:merge {}, 3)
  t.equal(index:search { query = { match = { title = "fox" } }, now = 0 }.total, 0)
end)

t.test("search service: a document is found after the refresh, and read by its id at once", function()
  local w, router = cluster()
  put(router, "a", "quick fox")
  t.equal(find(router, "fox").total, 0)
  t.equal(router:call { type = "get", id = "a" }.text, "quick fox")
  w:run(1*s)
  t.equal(find(router, "fox").hits[1].doc.text, "quick fox")
  router:call { type = "update", id = "a", doc = { year = 7 } }
  router:call { type = "refresh" }
  t.equal(find(router, "fox").hits[1].doc.year, 7)
  router:call { type = "delete", id = "a" }
  router:call { type = "refresh" }
  t.equal(find(router, "fox").total, 0)
end)

t.test("search service: copies refresh at times of their own", function()
  local w, router = cluster { shards = 1, nodes = 2, refresh = 10 }
  w:run(20*s)
  put(router, "a", "fox")
  local seen = {}
  for _ = 1, 100 do
    seen[find(router, "fox").total] = true
    w:run(0.1)
  end
  -- For a while it depends on who answers; whoever asks the primary alone sees it once and for all.
  t.equal(seen, { [0] = true, [1] = true })
  local answers = {}
  put(router, "b", "dog")
  for _ = 1, 100 do
    local n = find(router, "dog", { prefer = "primary" }).total
    if n ~= answers[#answers] then answers[#answers + 1] = n end
    w:run(0.15)
  end
  t.equal(answers, { 0, 1 })
end)

t.test("search service: a copy stands in, and is filled again when it comes back", function()
  local w, router = cluster()
  for i = 1, 30 do put(router, "a" .. i, "fox number " .. i) end
  w:run(2*s)
  w:inject(lab.fault.crash("n1"))
  local got = find(router, "fox")
  t.equal({ got.total, got.shards.failed }, { 30, 0 })
  for i = 31, 60 do t.equal(put(router, "a" .. i, "fox number " .. i), true) end
  for i = 1, 5 do router:call { type = "delete", id = "a" .. i, timeout = 10 } end
  t.equal(router:call { type = "status" }.health, "yellow")
  w:inject(lab.fault.restart("n1"))
  w:run(5*s)
  t.equal(router:call { type = "status" }.health, "green")
  -- What it lacked it has now: with the two others away, it alone has both shards' documents or none of a shard's.
  w:inject(lab.fault.crash("n2"))
  got = find(router, "fox", { size = 100 })
  t.equal({ got.total, got.shards.failed }, { 55, 0 })
end)

t.test("search service: without any copy of a shard the answer is partial, or an error", function()
  local w, router = cluster { replicas = 0, nodes = 4, shards = 4 }
  for i = 1, 40 do put(router, "a" .. i, "fox") end
  w:run(2*s)
  w:inject(lab.fault.crash("n2"))
  local got = find(router, "fox", { size = 100 })
  t.equal({ got.shards.total, got.shards.successful, got.shards.failed }, { 4, 3, 1 })
  t.is_true(got.total < 40 and got.total > 20, tostring(got.total))
  local _, err = find(router, "fox", { allow_partial = false })
  t.equal(err.code, "unavailable")
  for _, n in ipairs { "n1", "n3", "n4" } do w:inject(lab.fault.crash(n)) end
  _, err = find(router, "fox")
  t.equal(err.code, "unavailable")
  for i = 1, 4 do w:inject(lab.fault.restart("n" .. i)) end
  w:run(1*s)
  t.equal(find(router, "fox").total, 40)
end)

t.test("search service: what was acknowledged is found, whoever crashes", function()
  for seed = 1, 6 do
    local w, router = cluster { seed = seed, nodes = 3, shards = 3, replicas = 1 }
    local acknowledged = {}
    w:spawn(function()
      for i = 1, 200 do
        if put(router, "a" .. i, "fox", 3) then acknowledged[#acknowledged + 1] = "a" .. i end
        w:sleep(50*ms)
      end
    end)
    -- One node at a time is away, and each is filled before the next goes.
    for round = 0, 2 do
      w:at(1 + 5 * round, lab.fault.crash("n" .. (round + seed) % 3 + 1), 1.5)
    end
    w:at(2.5, lab.fault.crash("search"), 0.2)
    w:run(60)
    t.is_true(#acknowledged > 150, "acknowledged: " .. #acknowledged)
    local found = {}
    for _, hit in ipairs(find(router, "fox", { size = 1000 }).hits) do found[hit.id] = true end
    for _, id in ipairs(acknowledged) do t.is_true(found[id], id .. " is missing with seed " .. seed) end
    t.equal(router:call { type = "status" }.health, "green")
  end
end)

t.test("search service: crashes, cuts and pauses all at once lose nothing and bring nothing back", function()
  for seed = 1, 10 do
    local w, router = cluster { seed = seed, nodes = 3, shards = 3, replicas = 1 + seed % 2, flush_writes = 10 }
    local kept, gone = {}, {}
    for c = 1, 3 do
      w:spawn(function()
        for i = 1, 100 do
          local id = ("c%d-%d"):format(c, i)
          if put(router, id, "fox", 3) then kept[id] = true end
          if i % 5 == 0 then
            local victim = ("c%d-%d"):format(c, i - 2)
            kept[victim] = nil
            gone[victim] = router:call { type = "delete", id = victim, timeout = 3 }
          end
          w:sleep(0.1)
        end
      end)
    end
    for i = 1, 8 do
      local at, lasting, node = i * 1.2, 0.3 + math.random() * 2, "n" .. math.random(3)
      local faults = { lab.fault.crash(node), lab.fault.crash("search"), lab.fault.pause(node),
        lab.fault.partition { sides = { { node }, { "search" } } },
        lab.fault.partition { sides = { { node }, { "n" .. tonumber(node:sub(2)) % 3 + 1 } } } }
      w:at(at, faults[math.random(#faults)], lasting)
    end
    w:run(40)
    router:call { type = "refresh", timeout = 5 }
    for _ = 1, 3 do  -- whichever copies answer
      local found = {}
      for _, hit in ipairs(find(router, "fox", { size = 1000 }).hits) do found[hit.id] = true end
      for id in pairs(kept) do t.is_true(found[id], id .. " is missing with seed " .. seed) end
      for id in pairs(gone) do t.is_true(not found[id], id .. " came back with seed " .. seed) end
    end
    t.equal(router:call { type = "status" }.health, "green")
  end
end)

t.test("search service: what an old primary hands out late does not bring back what was deleted", function()
  local w, router = cluster { shards = 1, replicas = 2 }
  put(router, "a", "fox")
  w:inject(lab.fault.crash("n3"))
  put(router, "b", "fox")  -- n3 is out of sync
  w:inject(lab.fault.pause("n1"), 4)
  w:inject(lab.fault.restart("n3"))
  w:run(1.5)  -- n3 has asked the paused n1 for everything
  t.equal(router:call { type = "delete", id = "a", timeout = 10 }, true)  -- n2 stands in
  w:run(10)
  t.equal(router:call { type = "status" }.health, "green")
  for _ = 1, 6 do t.equal(find(router, "fox").total, 1) end
end)

t.test("search service: async durability loses what was not synced, and says so", function()
  local w, router = cluster { replicas = 0, nodes = 1, shards = 1, durability = "async" }
  for i = 1, 10 do put(router, "a" .. i, "fox") end
  w:inject(lab.fault.crash("n1")); w:inject(lab.fault.restart("n1"))
  w:run(2*s)
  t.equal(find(router, "fox").total, 0)
  t.equal(router:call { type = "status" }.losses, 1)
  t.equal(put(router, "b", "fox"), true)
  -- With a second copy nothing is lost: the one that lacks it is not asked.
  w, router = cluster { replicas = 1, nodes = 2, shards = 1, durability = "async" }
  for i = 1, 10 do put(router, "a" .. i, "fox") end
  w:inject(lab.fault.crash("n1")); w:inject(lab.fault.restart("n1"))
  w:run(2*s)
  for _ = 1, 4 do t.equal(find(router, "fox").total, 10) end
  t.equal(router:call { type = "status" }.losses, 0)
end)

t.test("search service: a delivery stream fills it, and what is no document is put aside", function()
  local w, router = cluster()
  local aside = {}
  w:service("aside", { handler = function(r)
    for _, x in ipairs(r.records) do aside[#aside + 1] = x end
    return true
  end })
  local firehose = w:service("firehose", { filters = { lab.stream.delivery {
    to = "search", sink = "search", buffer_time = 5, retry = 20, failed_to = "aside" } } })
  for i = 1, 9 do firehose:call { type = "put_record", data = { text = "click " .. i } } end
  firehose:call { type = "put_record", data = '{"text":"click as JSON"}' }
  firehose:call { type = "put_record", data = "no document" }
  w:run(60)
  t.equal(find(router, "click").total, 10)
  t.equal(aside, { "no document" })
end)

t.test("search service: dfs makes the shards' scores comparable", function()
  local w, router = cluster { shards = 3 }
  for i = 1, 60 do put(router, "a" .. i, i % 7 == 0 and "rare fox" or "fox") end
  w:run(2*s)
  local function scores(dfs)
    local different = {}
    for _, hit in ipairs(find(router, "rare", { dfs = dfs }).hits) do different[hit.score] = true end
    local n = 0
    for _ in pairs(different) do n = n + 1 end
    return n
  end
  t.equal(scores(true), 1)
  t.is_true(scores(false) > 1)
end)

t.test("search service: the same seed is the same run", function()
  local function run()
    local w, router = cluster { seed = 3 }
    w:at(0.5, lab.fault.partition { sides = { { "n1" }, { "search", "n2", "n3" } } }, 3)
    w:spawn(function()
      for i = 1, 40 do put(router, "a" .. i, "fox " .. i, 2); w:sleep(0.1) end
    end)
    w:run(15)
    return w:digest() .. find(router, "fox").total
  end
  t.equal(run(), run())
end)

assert(t.summary())

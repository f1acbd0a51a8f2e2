-- Routers, joins, scatter-gather and placers through a script.
local t = require "expect"

t.test("router: mistakes are named at the caller's line", function()
  t.raises(function() lab.shard.hash { shard = { "a" } } end, "did you mean 'shards'")
  t.raises(function() lab.shard.hash { shards = { a = 2 } } end, "knows no weights")
  t.raises(function() lab.shard.range { shards = { "a" }, splits = { 1 }, sample = { 1 } } end, "splits already")
  t.raises(function() lab.shard.consistent { shards = { "a" }, placement = lab.hash.ring { nodes = { "b" } } } end,
    "the placement has them")
  t.raises(function() lab.shard.vertical { columns = { a = { "x" }, b = { "x" } } } end, "'x' is there twice")
  t.raises(function() lab.shard.geohash { lat = 91, lon = 0 } end, "lat")
  t.raises(function() lab.shard.geohash_cell("ail") end, "no geohash")
  local hash = lab.shard.hash { shards = { "a", "b" } }
  t.raises(function() hash:split(5) end, "a hash router has no ranges")
  t.raises(function() hash:bucket(5) end, "no buckets")
  t.raises(function() hash:near({ lat = 0, lon = 0 }, 5) end, "no places on earth")
  t.raises(function() hash:route() end, "expected a key")
  t.raises(function() hash:add("a") end, "there is a shard 'a' already")
  t.raises(function() lab.shard.hash():route(1) end, "there is no shard")
  t.raises(function() hash:spread {} end, "a number or a list of keys")
end)

t.test("router: spread, moved and flows agree with each other", function()
  local before = lab.shard.buckets { shards = { a = 1, b = 2 }, count = 30 }
  local after = before:copy()
  after:weigh("a", 2)
  local moved, flows = before:moved(after, 5000), before:flows(after, 5000)
  t.equal(#flows, 1)
  t.equal({ flows[1].from, flows[1].to, flows[1].keys }, { "b", "a", moved.moved })
  t.matches(tostring(moved), "needlessly")
  t.equal(before:spread(5000).keys.a + moved.moved, after:spread(5000).keys.a)
end)

t.test("scatter: enough, least and who is missing", function()
  local w = lab.world { seed = 1 }
  local to = w:fleet("f", 5, { time = 5*ms })
  w:inject(lab.fault.slow { target = "f-4", factor = 100 })
  local function root(name, o)
    o.to = to
    return w:service(name, { slots = 8, filters = { lab.shard.scatter(o) } })
  end
  local four = root("four", { enough = 4 })
  local begun = w:now()
  local got = four:call()
  t.equal(got.missing, { "f-4" })
  t.is_true(w:now() - begun < 0.1)
  w:inject(lab.fault.crash("f-2"))
  w:run(1)
  got = root("late", { deadline = 50*ms }):call()
  t.equal(got.missing, { "f-2", "f-4" })
  t.equal(got.failed["f-2"], "connection_refused")
  local none, err = root("strict", { deadline = 50*ms, least = 4 }):call()
  t.is_true(none == nil and err.code == "timeout" and not err.definite)
  t.raises(function() lab.shard.scatter { to = {} } end, "there is no node in it")
end)

t.test("placer: an item stays where it was put, whatever comes, and a second write goes there, too", function()
  local w = lab.world { seed = 1 }
  local dir = w:service("dir", { slots = 64, filters = { lab.shard.placer { by = "rows" } } })
  local function shard(name, weight)
    w:service(name, { time = 1*ms, filters = { lab.shard.reporter { to = dir, every = 0.1, weight = weight },
      lab.store.rows() } })
  end
  local function items(name) return dir:state().filters[1].shards[name].items end
  shard("a"); shard("b", 3)
  w:run(1)
  for key = 1, 40 do
    dir:call { type = "put", key = key, value = key }
    w:run(0.1)
  end
  t.equal({ items("a"), items("b") }, { 10, 30 })  -- by weight, and by what they have
  shard("c")
  w:run(1)
  for key = 1, 40 do dir:call { type = "put", key = key, value = -key } end
  t.equal(items("c"), 0)
  for key = 1, 40 do t.equal(dir:call { key = key }, -key) end
  dir:call { type = "put", key = "new", value = 1 }
  t.equal(items("c"), 1)
  local _, err = dir:call { type = "delete", key = "never" }
  t.equal(err.code, "not_found")
end)

t.test("placer: without a shard a new item is refused for certain", function()
  local w = lab.world { seed = 1 }
  local dir = w:service("dir", { filters = { lab.shard.placer() } })
  local _, err = dir:call { type = "put", key = 1, value = 1 }
  t.equal(err.code, "unavailable")
  t.is_true(err.definite)
end)

t.test("join: mistakes are named", function()
  local router = lab.shard.hash { shards = { "a" } }
  local right = { rows = { { id = 1 } }, router = router, placed_by = "id", on = "id" }
  t.raises(function()
    lab.shard.join { way = "shuffle", right = right,
      left = { rows = {}, router = router, placed_by = "id", om = "id" } }
  end, "'on' should be a column's name")
  t.raises(function()
    lab.shard.join { way = "shuffle", right = right,
      left = { rows = { {} }, router = router, placed_by = "id", on = "x" } }
  end, "a row has no 'id'")
end)

assert(t.summary())

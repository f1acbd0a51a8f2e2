-- Availability in series and in parallel, plugs pulled one by one, and what redundancy does not help against: a zone,
-- a shared dependency, one poison request.

local function percent(share) return ("%.2f %%"):format(100 * share) end

return {
  title = "What breaks when one thing breaks?",
  minutes = 30,
  after = { "latency-and-throughput" },
  summary = [[
A shop of a balancer, servers and a database. You measure what each part costs when it is away, double the ones that
stop everything, and find that three of a thing are still one thing when they share a zone, a dependency or a bug.]],

  steps = {
    {
      name = "chain",
      title = "Three parts in a row",
      text = [[
A balancer, a server, a database: one of each. Every part works for 950 s on average and is then away for 50 s, so each
is there 95 % of the time. We ask twice a second, for about a day.]],
      code = [[
function breaks(w, names)   -- each by itself: up for 950 s, away for 50 s, on average
  for _, name in ipairs(names) do
    w:spawn(function()
      while true do
        w:sleep(lab.dist.exp{ mean = 950 })
        w:inject(lab.fault.crash(name)); w:sleep(lab.dist.exp{ mean = 50 }); w:inject(lab.fault.restart(name))
      end
    end)
  end
end
function share_answered(load) return load:ok() / (load:ok() + load:errors()) end
w = lab.world{ seed = 3 }
db = w:service("db", { time = 5*ms, slots = 8 })
app = w:service("app", { time = 5*ms, slots = 8, calls = db })
lb = w:balancer("lb", app)
users = w:load{ to = lb, rate = 2, arrivals = "constant", timeout = 0.5 }
breaks(w, { "lb", "app", "db" })
w:run(80000)
in_a_row = share_answered(users)
in_a_row]],
      predict = {
        question = "What percentage of the requests is answered?",
        unit = "%",
        tolerance = 3,
        answer = function(env) return 100 * env.in_a_row end,
      },
      hints = {
        "`in_a_row` is the share that was answered.",
        "All three have to be there at once.",
        "0.95 * 0.95 * 0.95.",
      },
      check = function(t, env)
        t.has(env, "users", "Load")
        t.near(t.has(env, "in_a_row", "number"), 0.95 ^ 3, 0.03, "the share that was answered")
      end,
      explain = function(env)
        return ([[
%s; the product of the three is %s. Parts in a row multiply, so every part that is added makes it worse, however good
it is: thirty parts of 99.9 %% each are together away for %.0f hours a month.]]):format(percent(env.in_a_row),
          percent(0.95 ^ 3), 30 * 24 * (1 - 0.999 ^ 30))
      end,
    },
    {
      name = "plugs",
      title = "Pull each plug once",
      text = [[
The shop has grown: two balancers (the app on the phone tries the other one), three servers, a database of three
replicas (Raft). A diagram says what there is; pulling each plug for a while says what hangs on it.]],
      code = [[
function shop(options)
  options = options or {}
  local w = lab.world{ seed = options.seed or 5 }
  local zones = options.zones or { "a", "b", "c" }
  local db = w:replicas("db", lab.replicate.raft{ count = 3 })
  w:service("flags", { time = 1*ms, slots = 8, zone = zones[1] })   -- which features are on
  local apps = {}
  for i = 1, 3 do
    apps[i] = w:service("app-" .. i, { time = 5*ms, slots = 16, zone = zones[i],
      filters = options.filters, handler = function(request, context)
        if options.handle and not options.handle(w, "app-" .. i, request) then return nil, "no" end
        local on, err = context:call(w:find("flags"), { type = "get", timeout = 0.2 })
        if not on and not options.without_flags then return nil, err end
        for turn = 0, 2 do
          local _, why = context:call(db[(i + turn - 1) % 3 + 1], { type = "read", key = "x", timeout = 0.4 })
          if not why then return true end
        end
        return nil, "no database"
      end })
  end
  local again = lab.resilience.retry{ attempts = 3, base = 10*ms, idempotent = true }
  local lbs = {}
  for i = 1, 2 do
    lbs[i] = w:balancer("lb-" .. i, apps, { zone = zones[i], filters = { again }, timeout = 1.5,
      checks = { interval = 1, timeout = 0.5, fall = 2, rise = 2 } })
  end
  local phone = w:balancer("phone", lbs, { filters = { again }, timeout = 2,   -- a library in every phone
    ejection = { failures = 2, time = 10, share_max = 0.5 } })
  return w, phone
end
function pulled(name, options)
  local w, phone = shop(options)
  w:run(5)
  local users = w:load{ to = phone, rate = 20, timeout = 5 }
  w:inject(lab.fault.crash{ target = name, power = true }, 20)
  w:run(20)
  users:stop(); w:run(6)
  return users:errors() / users:sent()
end
chart = require "chart"
function blast(options)
  local bars, by_name = {}, {}
  for _, name in ipairs{ "lb-1", "lb-2", "app-1", "app-2", "app-3", "flags", "db-1", "db-2", "db-3" } do
    by_name[name] = pulled(name, options)
    bars[#bars + 1] = { name, 100 * by_name[name] }
  end
  print(chart.bars(bars, { max = 100, unit = "% of requests fail" }))
  return by_name
end
hurt = blast()]],
      predict = {
        question = "Which plug stops the shop?",
        choices = { "none: everything is doubled", "the leader of the database", "flags" },
        answer = function(env)
          if env.hurt.flags > 0.5 then return "flags" end
          return math.max(env.hurt["db-1"], env.hurt["db-2"], env.hurt["db-3"]) > 0.5 and "the leader of the database"
            or "none: everything is doubled"
        end,
      },
      hints = {
        "`hurt[name]` is the share of requests that failed while it was away.",
        "Look for what all servers ask and of which there is one.",
        "The little service that says which features are on.",
      },
      check = function(t, env)
        local hurt = t.has(env, "hurt", "table")
        t.that((hurt.flags or 0) > 0.9, "without flags nothing works", percent(hurt.flags or 0))
        for name, share in pairs(hurt) do
          if name ~= "flags" then t.that(share < 0.2, name .. " can be spared", percent(share)) end
        end
      end,
      explain = function(env)
        local db = math.max(env.hurt["db-1"], env.hurt["db-2"], env.hurt["db-3"])
        return ([[
flags: %s of the requests fail. Nobody put it into the plan as a critical part; it came with a library. Everything else
is doubled, and at most %s fail without it; some are later, until health checks notice or the database has elected a
leader. Real ones of this kind: a configuration service, DNS, the identity provider, the certificate that expires.]])
          :format(percent(env.hurt.flags), percent(math.max(db, env.hurt["app-1"], env.hurt["lb-1"])))
      end,
    },
    {
      name = "default",
      title = "Do without",
      text = [[
Another `flags` would help. But which features are on can also be guessed: without an answer the servers take the last
known, or a default. We pull all plugs again.]],
      code = "spared = blast{ without_flags = true }",
      predict = {
        question = "How many percent of the requests fail now without flags?",
        unit = "%",
        tolerance = 5,
        answer = function(env) return 100 * env.spared.flags end,
      },
      hints = {
        "`spared.flags` is the share.",
        "The call costs 0.2 s until it times out, and then the server goes on.",
        "None, or nearly.",
      },
      check = function(t, env)
        local spared = t.has(env, "spared", "table")
        t.that((spared.flags or 1) < 0.05, "flags can be spared", percent(spared.flags or 1))
      end,
      explain = [[
None: slower by the timeout, and a breaker would spare that, too. It is cheaper to need less than to double more. Ask of
each dependency: what would we do without it for an hour? If there is an answer, put it into the code.]],
    },
    {
      name = "zone",
      title = "Three in one building",
      text = [[
Zone `a` loses its power for 20 s. Once with the servers spread over three zones, once, because the network is faster
that way, with all of them in `a`.]],
      code = [[
function dark(zones)
  local w, phone = shop{ zones = zones, without_flags = true }
  w:run(5)
  local users = w:load{ to = phone, rate = 20, timeout = 1 }
  w:at(10, lab.fault.zone("a"), 20)
  w:run(40)
  users:stop(); w:run(6)
  return users
end
spread, together = dark{ "a", "b", "c" }, dark{ "a", "a", "a" }
print("spread over three zones"); print(spread:report())
print("all in one zone"); print(together:report())
lost_spread, lost_together = spread:errors(), together:errors()
lost_spread, lost_together]],
      predict = {
        question = "800 requests come in 40 s. How many of them fail when all is in one zone?",
        unit = "requests",
        tolerance = 80,
        answer = function(env) return env.lost_together end,
      },
      hints = {
        "`lost_together`, and `lost_spread` beside it.",
        "For how long is nobody there? Then the health checks have to see two good answers.",
        "20 s of 20 requests a second, and a second or two more.",
      },
      check = function(t, env)
        t.that((env.lost_together or 0) > 300, "in one zone the shop is away as long as the zone is",
          tostring(env.lost_together))
        t.that((env.lost_spread or 999) < 60, "spread out it hardly is", tostring(env.lost_spread))
      end,
      explain = function(env)
        return ([[
%d, and %d when spread. Redundancy counts only where the copies do not fail together: the same rack, the same power, the
same switch, the same release. 1 - (1 - a)^n is the formula for n copies, and its one assumption is that they fail
independently.]]):format(env.lost_together, env.lost_spread)
      end,
    },
    {
      name = "poison",
      title = "One request, three servers",
      text = [[
A request that makes a server crash (20 s until it is back). The balancer sees that the connection broke, and does what
it was told: it asks the next one, three attempts in all.]],
      code = [[
function poisoned(filters)
  local w, phone = shop{ without_flags = true, filters = filters, handle = function(w, name, request)
    if request.type ~= "poison" then return true end
    w:spawn(function() w:inject(lab.fault.crash(name), 20) end)
    w:sleep(1)
  end }
  w:run(5)
  local users = w:load{ to = phone, rate = 20, timeout = 5 }
  w:run(5)
  w:spawn(function() phone:call{ type = "poison", timeout = 5 } end)
  w:run(1)
  local down = 0
  for i = 1, 3 do if not w:find("app-" .. i):up() then down = down + 1 end end
  w:run(30)
  users:stop(); w:run(6)
  return down, users
end
down, users = poisoned()
print(users:report())
down, users:errors()]],
      predict = {
        question = "How many of the three servers are down one second after the one request?",
        choices = { "1", "2", "3" },
        answer = function(env) return tostring(env.down) end,
      },
      hints = {
        "`down` counts them.",
        "What does the balancer do with a request whose server died?",
        "Three attempts, three servers.",
      },
      check = function(t, env)
        t.equal(env.down, 3, "servers that are down")
        t.that(t.has(env, "users", "Load"):errors() > 200, "nobody is served meanwhile", tostring(env.users:errors()))
      end,
      explain = function(env)
        return ([[
All %d, and %d requests of others failed. Three copies of one program are one program: the same bug, the same release,
the same bad row in the cache. What helps: no retry after a crash for requests that may have caused it, a count of
attempts that travels with the request, releases that reach one zone first (and shuffle sharding, so that one customer
can only hurt few).]]):format(env.down, env.users:errors())
      end,
    },
    {
      name = "nines",
      title = "How many would it take?",
      text = [[
n servers of 95 % each, of which one has to be there; once they fail by themselves, once, beside that, the zone they all
stand in is away for 50 s in 10 000 s on average. A day for each n.]],
      code = [[
function away(n, zone_fails)
  local w = lab.world{ seed = 11 }
  local names = {}
  for i = 1, n do names[i] = "app-" .. i; w:service(names[i], { zone = "a" }) end
  breaks(w, names)
  if zone_fails then
    w:spawn(function()
      while true do
        w:sleep(lab.dist.exp{ mean = 9950 })
        w:inject(lab.fault.zone("a"), 50); w:sleep(50)
      end
    end)
  end
  local none = 0
  for second = 1, 80000 do
    w:run(1)
    local up = false
    for i = 1, n do up = up or w:find(names[i]):up() end
    if not up then none = none + 1 end
  end
  return none / 80000
end
alone, shared, rows = {}, {}, {}
for n = 1, 4 do
  alone[n], shared[n] = away(n), away(n, true)
  rows[n] = { n, 100 * 0.05 ^ n, 100 * alone[n], 100 * shared[n] }
end
print(chart.table{ rows = rows, columns = { "servers", "formula, % away", "by themselves, % away",
  "in one zone, % away" } })]],
      predict = {
        question = "Four servers in one zone: what percentage of the time is none there?",
        unit = "%",
        tolerance = 0.3,
        answer = function(env) return 100 * env.shared[4] end,
      },
      hints = {
        "`shared[4]` is the share of the time.",
        "The formula says 0.05^4, one second in two days. What does the zone say?",
        "50 s in 10 000 s: half a percent, however many there are.",
      },
      check = function(t, env)
        local alone, shared = t.has(env, "alone", "table"), t.has(env, "shared", "table")
        t.that((alone[3] or 1) < (alone[1] or 0) / 20, "copies that fail by themselves help", percent(alone[3] or 1))
        t.that((shared[4] or 0) > 0.002, "the zone is a floor", percent(shared[4] or 0))
      end,
      explain = function(env)
        return ([[
%s, and three have %s. From the second or third copy on, only what they share counts. So draw the failures that hit
several at once, and put money there: another zone before another server.]]):format(percent(env.shared[4]),
          percent(env.shared[3]))
      end,
    },
  },
  finish = [[
A single point of failure is not a box of which there is one: it is anything whose failure all copies share. Find it by
pulling plugs, not by looking at diagrams. Next: what is left when a whole region goes (disaster-recovery), and two that
both think they are in charge (failover-and-split-brain).]],
}

-- Four ways to survive the loss of a region, each with its RPO, RTO and cost measured; and what no copy helps against.

local function seconds(x) return ("%.0f s"):format(x) end

return {
  title = "The region is gone",
  minutes = 40,
  after = { "single-point-of-failure", "cache-writes" },
  summary = [[
A shop in the region east, and a second region, west, in one of four states of readiness: a backup, a pilot light, a
warm standby, a twin. East goes dark. You measure what was lost (RPO), how long nobody was served (RTO) and what the
readiness costs on all the other days.]],

  steps = {
    {
      name = "backup",
      title = "A backup, and an order for machines",
      text = [[
A write every half second. Every 10 minutes the database is copied to the other region. At 25 min east goes dark.
Three failed checks, 10 s apart, and the plan begins: order machines (5 min), load the backup (20 rows a second), start.
All four plans are in one function, `disaster`.]],
      code = [[
plans = {
  backup = { backup_every = 600, servers = 0, boot = 300, restore_rate = 20 },
  ["pilot light"] = { ship_every = 1, servers = 0, boot = 120 },
  ["warm standby"] = { ship_every = 1, servers = 1, boot = 120 },
  ["active-active"] = { ship_every = 1, servers = 3, both = true },
}
function disaster(plan, options)
  options = options or {}
  local w = lab.world{ seed = 2, latency = 0.25*ms, zone_latency = 40*ms }
  local regions = {}
  for _, name in ipairs{ "east", "west" } do
    local region = { name = name, ready = name == "east" or plan.both, log = {}, shipped = 0, writes = 0 }
    region.db = w:service("db-" .. name, { zone = name, slots = 8, filters = { lab.store.rows{} } })
    region.apps = w:fleet("app-" .. name, 3, { zone = name, slots = 1, queue_limit = 4,
      handler = function(request, context)
        if request.type ~= "put" then return true end   -- a health check
        context:sleep(0.45)
        local done, err = context:call(region.db, { type = "put", key = request.key, value = request.value,
          timeout = 1 })
        if not done then return nil, err end
        region.log[#region.log + 1] = { key = request.key, value = request.value }
        return true
      end })
    -- The shipper sends what the database has written since; it dies with its region.
    region.shipper = w:service("shipper-" .. name, { zone = name, handler = function(request, context)
      local entries, upto = {}, #region.log
      for i = region.shipped + 1, upto do entries[#entries + 1] = region.log[i] end
      if #entries == 0 then return 0 end
      local done, err = context:call(regions[request.to].db, { type = "put_many", entries = entries, timeout = 1 })
      if not done then return nil, err end
      region.shipped = upto
      return #entries
    end })
    region.lb = w:balancer("lb-" .. name, region.apps, { zone = name, checks = { interval = 2, timeout = 1.5 } })
    regions[name] = region
  end
  local east, west = regions.east, regions.west
  if not plan.ship_every then w:inject(lab.fault.stop("db-west")) end
  for i = plan.servers + 1, 3 do w:inject(lab.fault.stop("app-west-" .. i)) end

  -- Copies in calm times.
  local backup = { rows = {}, at = 0 }
  w:spawn(function()
    while true do
      w:sleep(plan.ship_every or plan.backup_every)
      if plan.ship_every then
        east.shipper:call{ type = "ship", to = "west", timeout = 2 }
        if plan.both then west.shipper:call{ type = "ship", to = "east", timeout = 2 } end
      elseif w:find("db-east"):up() then
        backup = { rows = { unpack(east.log) }, at = w:now() }
      end
    end
  end)

  -- Customers: each write to the region that the name points to; with two, every other one goes west.
  local target = east
  local acked, served = {}, {}
  local dark = options.dark or 1500.7
  w:spawn(function()
    local i = 0
    while true do
      i = i + 1
      local n, key = i, options.key and options.key(i) or "order " .. i
      w:spawn(function()
        local to = plan.both and target == east and n % 2 == 0 and west or target
        local at = w:now()
        local ok = to.lb:call{ type = "put", key = key, value = n, timeout = 3 }
        if not ok and plan.both then   -- its phone tries the other region
          ok = (to == east and west or east).lb:call{ type = "put", key = key, value = n, timeout = 3 }
        end
        served[#served + 1] = { at = at, ok = ok and true or false }
        if ok then acked[#acked + 1] = { key = key, value = n, at = w:now() } end
      end)
      w:sleep(0.5)
    end
  end)

  -- The plan for the day.
  local machines, in_west = 0, {}
  w:at(dark - 1, function()
    for i = 0, options.key and 49 or -1 do
      in_west["account " .. i] = west.db:call{ type = "get", key = "account " .. i }
    end
    for _, node in ipairs(w:nodes()) do
      if node:up() and (node:name():find("^app") or node:name():find("^db")) then machines = machines + 1 end
    end
    if plan.backup_every then machines = machines + 0.1 end   -- the storage of the backups
  end)
  w:at(dark, lab.fault.zone("east"))
  local restored = 0
  w:at(dark + 30, function()
    if plan.both then return end
    if plan.backup_every then
      w:sleep(plan.boot)
      w:inject(lab.fault.restart("db-west"))
      restored = backup.at
      w:sleep(#backup.rows / plan.restore_rate)
      w:find("db-west"):call{ type = "put_many", entries = backup.rows, timeout = 600 }
      for i = 1, 3 do w:inject(lab.fault.restart("app-west-" .. i)) end
    end
    target = west
    if plan.ship_every then
      w:sleep(plan.boot)
      for i = plan.servers + 1, 3 do w:inject(lab.fault.restart("app-west-" .. i)) end
    end
  end)
  w:run(dark + 900)

  -- What is there afterwards, and from when on 99 of 100 customers were served again.
  local lost, first_lost = 0, dark
  for _, write in ipairs(acked) do
    if write.at < dark and west.db:call{ type = "get", key = write.key } == nil then
      lost, first_lost = lost + 1, math.min(first_lost, write.at)
    end
  end
  local back = dark
  for i, s in ipairs(served) do if s.at >= dark and not s.ok then back = math.max(back, s.at + 0.5) end end
  return { lost = lost, rpo = dark - first_lost, rto = back - dark, machines = machines, restored = restored,
    acked = acked, served = served, in_west = in_west }
end
backup = disaster(plans.backup)
backup.lost, backup.rpo, backup.rto]],
      predict = {
        question = "The last copy was at 20 min. How many of the acknowledged orders are gone?",
        unit = "orders",
        tolerance = 60,
        answer = function(env) return env.backup.lost end,
      },
      hints = {
        "`backup.lost` counts acknowledged orders that west does not know.",
        "From 20 min to 25 min, two a second.",
        "300 s times two.",
      },
      check = function(t, env)
        local b = t.has(env, "backup", "table")
        t.that(b.lost > 100, "what came after the backup is gone", tostring(b.lost))
        t.that(b.rto > 300, "it takes more than the machines need to boot", seconds(b.rto))
      end,
      explain = function(env)
        local b = env.backup
        return ([[
%d orders of the last %s: the recovery point (RPO) is the age of the backup, here half of the interval and at worst all
of it. Nobody was served for %s, the recovery time (RTO): noticing, machines, and loading, which grows with the data.
It is also the cheapest plan: %.1f machines on an ordinary day, of which west has none.]]):format(b.lost,
          seconds(b.rpo), seconds(b.rto), b.machines)
      end,
    },
    {
      name = "pilot",
      title = "A pilot light",
      text = [[
The database of west is on and gets what was written, once a second. The servers are off; booting them takes two
minutes.]],
      code = [[
pilot = disaster(plans["pilot light"])
pilot.lost, pilot.rpo, pilot.rto]],
      predict = {
        question = "For how many seconds is nobody served now?",
        unit = "s",
        tolerance = 20,
        answer = function(env) return env.pilot.rto end,
      },
      hints = {
        "`pilot.rto`.",
        "30 s until it is noticed, two minutes for the servers.",
        "And the health checks of the balancer.",
      },
      check = function(t, env)
        local p = t.has(env, "pilot", "table")
        t.that(p.lost < 10, "next to nothing is lost", tostring(p.lost))
        t.that(p.rto > 100 and p.rto < env.backup.rto / 2, "the servers have to boot", seconds(p.rto))
      end,
      explain = function(env)
        local p = env.pilot
        return ([[
%s. And %d orders are lost: those that were acknowledged after the last shipment. Shipping before acknowledging would
lose none, and make every order wait for the other region: 80 ms here (replication-modes has the whole table).]])
          :format(seconds(p.rto), p.lost)
      end,
    },
    {
      name = "warm",
      title = "A warm standby",
      text = [[
One of three servers is on in west, too. When east is gone it takes over at once, and two more are booted. One server
takes 0.45 s for an order, and two orders come a second.]],
      code = [[
warm = disaster(plans["warm standby"])
local ok, all = 0, 0
for _, s in ipairs(warm.served) do
  if s.at >= 1540 and s.at < 1640 then all = all + 1; if s.ok then ok = ok + 1 end end
end
during = ok / all
warm.rto, during]],
      predict = {
        question = "And for how many seconds is somebody not served in the warm standby?",
        unit = "s",
        tolerance = 25,
        answer = function(env) return env.warm.rto end,
      },
      hints = {
        "`warm.rto`; `during` is the share that is served while it stands alone.",
        "Two orders a second of 0.45 s each: the one server is 90 % busy.",
        "It keeps up: what is left is the time to notice.",
      },
      check = function(t, env)
        t.has(env, "warm", "table")
        t.that((env.during or 0) > 0.8, "the one server serves most", ("%.0f %%"):format(100 * (env.during or 0)))
        t.that(env.warm.rto < env.pilot.rto, "sooner than with a pilot light", seconds(env.warm.rto))
      end,
      explain = function(env)
        return ([[
%s, and %.0f %% are served while it is alone: a standby is as good as its capacity. At three orders a second it would
have shed a third of them until the others had booted, and on the day of a disaster nobody else gets machines quickly,
because everybody wants some.]]):format(seconds(env.warm.rto), 100 * env.during)
      end,
    },
    {
      name = "active",
      title = "Two of everything",
      text = [[
Both regions serve, half of the customers each, and each sends its writes to the other once a second. A phone whose
region does not answer tries the other one.]],
      code = [[
twins = disaster(plans["active-active"])
twins.lost, twins.rto, twins.machines]],
      predict = {
        question = "How long is somebody not served?",
        unit = "s",
        tolerance = 15,
        answer = function(env) return env.twins.rto end,
      },
      hints = {
        "`twins.rto`.",
        "Half of the phones notice by their own timeout and ask again.",
        "Nobody: they are only 3 s later.",
      },
      check = function(t, env)
        local twins = t.has(env, "twins", "table")
        t.that(twins.rto < 15, "nobody waits for a plan", seconds(twins.rto))
        t.that(twins.lost < 10, "the last second of one half is lost", tostring(twins.lost))
      end,
      explain = function(env)
        return ([[
%s, and %d orders lost. It costs %.0f machines every day, and something that no bill shows: both take writes of the same
data at once.]]):format(seconds(env.twins.rto), env.twins.lost, env.twins.machines)
      end,
    },
    {
      name = "conflicts",
      title = "What the twins do not agree on",
      text = [[
The orders are updates of 50 accounts now: each is written in the east, and half a second later in the west. What is
shipped overwrites. We look at the database of west after ten minutes, a second before east goes dark.]],
      code = [[
race = disaster(plans["active-active"], { dark = 600,
  key = function(i) return "account " .. math.floor((i + 1) / 2) % 50 end })
newest, stale = {}, 0
for _, write in ipairs(race.acked) do
  if write.at < 598 then newest[write.key] = math.max(newest[write.key] or 0, write.value) end
end
for key, value in pairs(newest) do
  if race.in_west[key] < value then stale = stale + 1 end
end
stale]],
      predict = {
        question = "How many of the 50 accounts have in west an older value than the one acknowledged last?",
        choices = { "none", "those of the last second", "more than half" },
        answer = function(env)
          return env.stale == 0 and "none" or env.stale > 25 and "more than half" or "those of the last second"
        end,
      },
      hints = {
        "`stale` counts accounts whose newest acknowledged write is not the one that west has.",
        "The newest write of each account was made in west. What comes from east a moment later?",
        "The older write, which overwrites it; in east it is the other way round.",
      },
      check = function(t, env)
        t.that((env.stale or 0) > 5, "both write the same accounts", tostring(env.stale))
      end,
      explain = function(env)
        return ([[
%d of 50: west has east's older write and east has west's newer one; they have swapped, and nothing will ever put that
right. Which shipment came last decided, not which write was last. Active-active needs an answer to this before the
first order: every account has one home region, or the data merges by itself (crdts), or somebody is asked
(multi-primary-conflicts).]]):format(env.stale)
      end,
    },
    {
      name = "table",
      title = "What readiness costs",
      text = "All four beside each other: recovery point, recovery time, and machines on an ordinary day.",
      code = [[
chart = require "chart"
rows, bars = {}, {}
for _, name in ipairs{ "backup", "pilot light", "warm standby", "active-active" } do
  local r = ({ backup = backup, ["pilot light"] = pilot, ["warm standby"] = warm, ["active-active"] = twins })[name]
  rows[#rows + 1] = { name, r.lost, r.rpo, r.rto, r.machines }
  bars[#bars + 1] = { name, r.rto }
end
print(chart.table{ rows = rows, columns = { "plan", "orders lost", "RPO, s", "RTO, s", "machines" } })
print(chart.bars(bars, { unit = "s until everybody is served" }))
cheapest = rows[1][5]
dearest = rows[4][5] / cheapest]],
      predict = {
        question = "How many times the machines of the cheapest does the dearest plan take?",
        unit = "times",
        tolerance = 0.4,
        answer = function(env) return env.dearest end,
      },
      hints = {
        "`dearest`.",
        "East has a database and three servers. What is on in west?",
        "Everything twice: about two.",
      },
      check = function(t, env)
        local rows = t.has(env, "rows", "table")
        t.equal(#rows, 4, "plans in the table")
        for i = 2, 4 do
          t.that(rows[i][4] <= rows[i - 1][4], "each is back sooner than the one before", rows[i][1])
          t.that(rows[i][5] >= rows[i - 1][5], "and costs more", rows[i][1])
        end
      end,
      explain = [[
Twice. The four are one scale: how much of the other region is switched on. What an hour without the shop costs, times
how often it happens, says where on it one should stand; and it may be another place for each part of the shop.]],
    },
    {
      name = "deletion",
      title = "No region is gone",
      text = [[
At 21 min a release deletes half of all rows, by mistake, as ordinary writes. The twins, and the plan with the backup of
20 min.]],
      code = [[
function mistake(plan)
  local w = lab.world{ seed = 4, zone_latency = 40*ms }
  local east = w:service("east", { zone = "east", filters = { lab.store.rows{} } })
  local west = w:service("west", { zone = "west", filters = { lab.store.rows{} } })
  local entries, backup = {}, {}
  for i = 1, 1000 do entries[i] = { key = "row " .. i, value = i } end
  east:call{ type = "put_many", entries = entries, timeout = 60 }
  if plan == "backup" then backup = entries end
  if plan == "twins" then west:call{ type = "put_many", entries = entries, timeout = 60 } end
  local deletes = {}
  for i = 1, 500 do deletes[i] = { key = "row " .. i } end
  east:call{ type = "put_many", entries = deletes, timeout = 60 }
  w:run(1)
  if plan == "twins" then west:call{ type = "put_many", entries = deletes, timeout = 60 } end   -- shipped, faithfully
  if plan == "backup" then west:call{ type = "put_many", entries = backup, timeout = 60 } end
  local there = 0
  for i = 1, 1000 do if west:call{ type = "get", key = "row " .. i } then there = there + 1 end end
  return there
end
by_twins, by_backup = mistake("twins"), mistake("backup")
by_twins, by_backup]],
      predict = {
        question = "How many of the 1000 rows does the other region have with active-active?",
        unit = "rows",
        tolerance = 1,
        answer = function(env) return env.by_twins end,
      },
      hints = {
        "`by_twins` and `by_backup`.",
        "What does a shipper do with a delete?",
        "It ships it, within a second.",
      },
      check = function(t, env)
        t.equal(env.by_twins, 500, "rows that the twin has")
        t.equal(env.by_backup, 1000, "rows in the restored backup")
      end,
      explain = [[
500: a replica repeats every mistake, within its lag. Only a copy that does not follow (a backup, a log that can be
replayed up to a moment before) helps against what one did oneself, and that is the more frequent disaster. So:
replication for the region, backups for the mistake, and both tried out. A backup that was never restored is a hope.]],
    },
  },
  finish = [[
RPO is the age of the copy, RTO is noticing plus switching on what was off; both are bought. Write the two numbers down
before the disaster, for each kind of data, and measure them in a drill: this lab is one.]],
}

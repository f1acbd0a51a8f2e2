-- Five replicas, eight clients, and every kind of fault at random. Prints the digest of everything that happened.
local w = lab.world{ seed = tonumber((...)) or 42, latency = lab.dist.lognormal{ median = 0.5*ms, sigma = 0.3 } }
local kv = w:replicas("kv", lab.replicate.raft{ count = 5 })
local clients = w:clients{ count = 8, to = kv, keys = 10 }
w:nemesis(lab.fault.random_partitions{ every = 3*s })
w:nemesis(lab.fault.chaos{
  every = 1*s, lasting = 1*s, at_once = 3,
  faults = {
    lab.fault.crash("one"), lab.fault.crash{ target = "minority", disk = "prefix" },
    lab.fault.crash{ target = "primaries" },
    lab.fault.stop("one"), lab.fault.pause("one"), lab.fault.slow{ target = "one", factor = 5 },
    lab.fault.hold{ target = "one" }, lab.fault.clog{ target = "one" },
    lab.fault.loss{ probability = 0.2, correlation = 0.5 },
    lab.fault.delay{ target = "one", by = 20*ms, jitter = 10*ms }, lab.fault.duplicate{ probability = 0.2 },
    lab.fault.reorder{ probability = 0.3 }, lab.fault.bandwidth{ target = "one", rate = 100*KB },
    lab.fault.drop{ type = "append", probability = 0.3 },
    lab.fault.clock_skew{ target = "one", by = -2 }, lab.fault.clock_drift{ target = "one", ppm = 2000 },
    lab.fault.clock_step{ target = "one", by = 1 },
    lab.fault.disk_slow{ target = "one" }, lab.fault.disk_full("one"), lab.fault.disk_torn("one"),
    lab.fault.disk_lost("one"),
  },
})
w:run(30*s)
print(w:digest(), clients:ok(), clients:failed(), clients:unknown(), #w:faults())

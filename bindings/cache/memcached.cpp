#include "core/cache/memcached.hpp"

#include <fmt/format.h>

#include "bindings/cache/servers.hpp"

namespace syslab {
namespace {

Expected<CacheServers> build(const MemcachedOptions& options, std::size_t count, const DistributionPtr& time,
                             World& world, const std::string& name, const std::string& zone) {
  ServiceOptions service;
  service.time = time;
  service.slots = options.threads;
  service.filters = {make_memcached_server(options)};
  service.host.zone = zone;
  service.host.kind = "cache";
  Expected<std::vector<NodeId>> nodes = world.add_fleet(name, count, service);
  if (!nodes) return nodes.error();
  std::vector<NamedServer> servers;
  for (const NodeId node : *nodes) servers.push_back({world.name_of(node), node});
  return CacheServers{"memcached", std::move(*nodes),
                      [options, servers] { return make_memcached_client(options, servers); }};
}

const Component memcached{{
    .name = "cache.memcached",
    .summary = "memcached (defaults of 1.4.39): servers with several threads and slab memory each; clients "
               "find keys "
               "on a ketama ring. Nothing is replicated, a crash empties a server.",
    .params =
        {count("servers", "how many").at_least(1).at_most(1000).optional("1"),
         size("memory", "bytes of each, given out in pages of 1 MiB").at_least(1 << 20).optional("64 MiB"),
         count("threads", "commands a server works on at once").at_least(1).at_most(1024).optional("4"),
         number("factor", "each class of chunks is so many times as large as the one before")
             .at_least(1.01)
             .at_most(100)
             .optional("1.25"),
         distribution("time", "a thread's time for a command").optional("10 us"),
         duration("timeout", "how long a client waits").above(0).optional("100 ms")},
    .returns = "CacheProfile",
    .cost = "a message to the server and one back; a server does threads / time commands a second",
    .paper = "Nishtala et al. 2013, Scaling Memcache at Facebook",
    .example = R"(
local w = lab.world{ seed = 1 }
local mc = w:cache("mc", lab.cache.memcached{ servers = 3 })
mc:call{ type = "set", key = "x", value = 1, ttl = 60 }
for i = 1, 3 do w:inject(lab.fault.crash("mc-" .. i)); w:inject(lab.fault.restart("mc-" .. i)) end
local before = mc:call{ type = "get", key = "x" }
return before == nil and mc:call{ type = "set", key = "x", value = 2 } and mc:call{ key = "x" } == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          MemcachedOptions o;
          const std::size_t count = a.count("servers", 1);
          o.slab.memory_bytes = a.count("memory", o.slab.memory_bytes);
          o.threads = a.count("threads", o.threads);
          o.slab.factor = a.number("factor", o.slab.factor);
          o.timeout = a.duration("timeout", o.timeout);
          DistributionPtr time = a.distribution("time");
          if (time == nullptr) time = make_constant({.value = 10e-6});
          auto profile = std::make_shared<CacheProfile>();
          profile->name = "memcached";
          profile->describe = fmt::format("memcached, {} servers, {} MiB and {} threads each", count,
                                          o.slab.memory_bytes >> 20, o.threads);
          profile->build = [o, count, time](World& world, const std::string& name, const std::string& zone) {
            return build(o, count, time, world, name, zone);
          };
          return push(L, profile);
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

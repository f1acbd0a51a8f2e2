#include "core/cache/redis.hpp"

#include <fmt/format.h>

#include "bindings/cache/servers.hpp"
#include "core/cache/random.hpp"
#include "core/cache/sampled.hpp"

namespace syslab {
namespace {

constexpr std::uint64_t kNoLimit = 1ull << 53;

// Redis 7: lfu-log-factor 10 and lfu-decay-time 1 min are the defaults of Sampled. Where nothing is evicted,
// any policy will do.
std::function<std::unique_ptr<Cache>()> maxmemory(const std::string& policy, std::size_t samples,
                                                  CacheCapacity capacity) {
  if (policy == "allkeys-random") return [capacity] { return make_random(capacity); };
  SampledOptions options;
  options.by = policy == "allkeys-lfu" ? SampledOptions::By::lfu : SampledOptions::By::lru;
  options.samples = samples;
  return [capacity, options] { return make_sampled(capacity, options); };
}

Expected<CacheServers> build(RedisOptions options, const DistributionPtr& time, World& world,
                             const std::string& name, const std::string& zone) {
  const auto members = std::make_shared<std::vector<NodeId>>();
  options.members = members;
  NodeOptions node;
  node.time = time;
  node.host.zone = zone;
  node.host.kind = "cache";
  const std::size_t count = options.shards * (options.replicas + 1);
  Expected<std::vector<NodeId>> nodes = world.add_group(
      name, count,
      [&](std::size_t) -> NodeFactory { return [options] { return std::make_unique<RedisNode>(options); }; },
      node);
  if (!nodes) return nodes.error();
  *members = *nodes;
  return CacheServers{"redis", std::move(*nodes), [options] { return make_redis_client(options); }};
}

const Component redis{{
    .name = "cache.redis",
    .summary =
        "Redis as a cache (defaults of 7): shards of a primary and replicas, one thread each; writes reach "
        "replicas after they were answered, and when a primary fails a replica takes over with what it "
        "knows.",
    .params =
        {count("shards", "primaries; each has its part of the keys").at_least(1).at_most(1000).optional("1"),
         count("replicas", "of each shard, beside its primary").at_most(100).optional("2"),
         size("memory", "maxmemory of a node").at_least(1).optional("no limit"),
         choice("policy", {"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random"},
                "who leaves when the memory is full: nobody (writes fail with out_of_memory), the worst of a "
                "sample by "
                "last use or by how often it is used, or anybody")
             .optional("'noeviction'"),
         count("samples", "entries that an eviction looks at").at_least(1).at_most(64).optional("5"),
         distribution("time", "the thread's time for a command or message").optional("10 us"),
         duration("node_timeout", "a node that is silent for so long has failed").above(0).optional("15 s"),
         size("backlog", "bytes of writes that a replica may have missed and still continue")
             .optional("1 MiB"),
         count("min_replicas", "a primary refuses writes when fewer replicas keep up").optional("0"),
         duration("max_lag", "a replica that was not heard for so long does not keep up")
             .above(0)
             .optional("10 s"),
         duration("timeout", "how long a client waits").above(0).optional("100 ms")},
    .returns = "CacheProfile",
    .cost = "a message to the primary and one back; a shard does 1 / time commands a second",
    .paper = "Redis Cluster specification",
    .example = R"(
local w = lab.world{ seed = 1 }
local redis = w:cache("redis", lab.cache.redis{ replicas = 2, node_timeout = 1 })
w:run(1)
redis:call{ type = "set", key = "x", value = 1 }
w:inject(lab.fault.crash("redis-1"))
w:run(5)
return redis:call{ key = "x" } == 1 and w:find("redis-2"):state().role == "primary")",
    .make =
        [](lua_State* L, Arguments& a) {
          RedisOptions o;
          o.shards = a.count("shards", o.shards);
          o.replicas = a.count("replicas", o.replicas);
          const std::string policy = a.string("policy", "noeviction");
          const CacheCapacity capacity = CacheCapacity::bytes(a.count("memory", kNoLimit));
          if (policy != "noeviction" && !a.has("memory"))
            a.reject("policy", "without memory nothing is evicted");
          o.commands.evicts = policy != "noeviction";
          if (a.has("samples") && policy != "allkeys-lru" && policy != "allkeys-lfu")
            a.reject("samples", "it is of allkeys-lru and allkeys-lfu");
          o.cache = maxmemory(policy, a.count("samples", 5), capacity);
          o.node_timeout = a.duration("node_timeout", o.node_timeout);
          o.backlog_bytes = a.count("backlog", o.backlog_bytes);
          o.min_replicas = a.count("min_replicas", o.min_replicas);
          if (o.min_replicas > o.replicas) a.reject("min_replicas", "there are not so many");
          o.max_lag = a.duration("max_lag", o.max_lag);
          o.timeout = a.duration("timeout", o.timeout);
          DistributionPtr time = a.distribution("time");
          if (time == nullptr) time = make_constant({.value = 10e-6});
          auto profile = std::make_shared<CacheProfile>();
          profile->name = "redis";
          profile->describe =
              fmt::format("redis, {} shards with {} replicas each, {}", o.shards, o.replicas, policy);
          profile->build = [o, time](World& world, const std::string& name, const std::string& zone) {
            return build(o, time, world, name, zone);
          };
          return push(L, profile);
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

#include "core/cache/redis.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/cache/lru.hpp"
#include "core/hash/crc16.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/world.hpp"

using namespace syslab;

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Cluster {
  World world{{.seed = 3}};
  std::vector<NodeId> nodes;
  NodeId asker = *world.add_client("asker");
  ServicePtr client;

  explicit Cluster(RedisOptions options = {}) {
    options.cache = [] { return make_lru(CacheCapacity::bytes(1 << 30)); };
    options.node_timeout = seconds(2);
    const auto members = std::make_shared<std::vector<NodeId>>();
    options.members = members;
    nodes =
        *world.add_group("redis", options.shards * (options.replicas + 1), [&](std::size_t) -> NodeFactory {
          return [options] { return std::make_unique<RedisNode>(options); };
        });
    *members = nodes;
    client = make_redis_client(options);
    world.run(seconds(1));
  }
  Result ask(const char* type, Value::Map body) {
    std::optional<Result> answer;
    Request request;
    request.type = type;
    request.body = Value::map(std::move(body));
    client->call(world.env(asker), std::move(request), [&](Result result) { answer = std::move(result); });
    world.run_until([&] { return answer.has_value(); });
    return *answer;
  }
  Result ask_node(std::size_t node, const char* type, Value::Map body) {
    std::optional<Result> answer;
    Request request;
    request.type = type;
    request.body = Value::map(std::move(body));
    world.env(asker).call(nodes[node], std::move(request), seconds(1),
                          [&](Result result) { answer = std::move(result); });
    world.run_until([&] { return answer.has_value(); });
    return *answer;
  }
  Value show(std::size_t node) { return world.host(nodes[node]).show(); }
  std::string role(std::size_t node) { return std::string(show(node)["role"].string()); }
  void crash(const char* name) { world.inject(make_crash({.target = name})); }
  void restart(const char* name) { world.inject(make_restart({.target = name})); }
  // The primary alone on one side, with whoever asks.
  FaultId cut_off(const char* primary) {
    PartitionOptions options;
    options.sides = {Target(std::vector<std::string>{primary, "asker"}),
                     Target(std::vector<std::string>{"redis-2", "redis-3"})};
    return *world.inject(make_partition(options));
  }
};

}  // namespace

TEST_CASE("redis: a write is answered by the primary and reaches the replicas", "[cache][redis]") {
  Cluster c;
  CHECK(c.role(0) == "primary");
  CHECK(c.role(1) == "replica");
  CHECK(*c.ask("set", {{"key", "x"}, {"value", 1}}) == Value(true));
  CHECK(*c.ask("get", {{"key", "x"}}) == Value(1));
  c.world.run(milliseconds(10));
  for (std::size_t node = 0; node < 3; ++node) {
    CHECK(c.show(node)["offset"] == Value(1));
    CHECK(c.show(node)["size"] == Value(1));
  }
  CHECK(c.ask_node(1, "get", {{"key", "x"}}).error().code == "not_leader");
}

TEST_CASE("redis: only what changed something is passed on", "[cache][redis]") {
  Cluster c;
  c.ask("add", {{"key", "x"}, {"value", 1}});
  c.ask("add", {{"key", "x"}, {"value", 2}});
  c.ask("delete", {{"key", "y"}});
  c.ask("get", {{"key", "x"}});
  c.ask("incr", {{"key", "n"}, {"by", 3}});
  CHECK(c.show(0)["offset"] == Value(2));
}

TEST_CASE("redis: when the primary dies a replica takes over, with what it knows", "[cache][redis]") {
  Cluster c;
  for (int key = 0; key < 50; ++key) c.ask("set", {{"key", key}, {"value", key}});
  c.world.run(milliseconds(100));
  c.crash("redis-1");
  CHECK_FALSE(c.ask("get", {{"key", 1}}).ok());
  c.world.run(seconds(1));
  CHECK(c.role(1) == "replica");  // not before the node timeout
  c.world.run(seconds(4));
  const bool second = c.role(1) == "primary";
  CHECK(second != (c.role(2) == "primary"));
  for (int key = 0; key < 50; ++key) CHECK(*c.ask("get", {{"key", key}}) == Value(key));
  CHECK(c.show(second ? 1 : 2)["promoted_at"] == Value(50));
  c.restart("redis-1");
  c.world.run(seconds(2));
  CHECK(c.role(0) == "replica");
  CHECK(c.show(0)["size"] == Value(50));
}

TEST_CASE(
    "redis: a primary that is back before the node timeout has lost everything, and so have its replicas",
    "[cache][redis]") {
  Cluster c;
  for (int key = 0; key < 50; ++key) c.ask("set", {{"key", key}, {"value", key}});
  c.crash("redis-1");
  c.world.run(milliseconds(500));
  c.restart("redis-1");
  c.world.run(seconds(5));
  CHECK(c.role(0) == "primary");
  CHECK(*c.ask("get", {{"key", 1}}) == Value());
  for (std::size_t node = 0; node < 3; ++node) CHECK(c.show(node)["size"] == Value(0));
}

TEST_CASE("redis: a cut-off primary takes writes until the node timeout, and throws them away",
          "[cache][redis]") {
  Cluster c;
  c.ask("set", {{"key", "before"}, {"value", 1}});
  c.world.run(milliseconds(100));
  const FaultId partition = c.cut_off("redis-1");
  for (int key = 0; key < 10; ++key) CHECK(c.ask("set", {{"key", key}, {"value", key}}).ok());
  c.world.run(seconds(3));
  CHECK(c.ask_node(0, "set", {{"key", "late"}, {"value", 1}}).error().code == "unavailable");
  c.world.run(seconds(3));
  CHECK(c.role(0) == "primary");
  CHECK((c.role(1) == "primary") != (c.role(2) == "primary"));
  c.world.heal(partition);
  c.world.run(seconds(3));
  CHECK(c.role(0) == "replica");
  CHECK(c.show(0)["discarded"] == Value(10));
  CHECK(*c.ask("get", {{"key", "before"}}) == Value(1));
  CHECK(*c.ask("get", {{"key", 3}}) == Value());
}

TEST_CASE("redis: with min_replicas a cut-off primary stops taking writes after max_lag", "[cache][redis]") {
  Cluster c({.min_replicas = 1, .max_lag = milliseconds(500)});
  c.cut_off("redis-1");
  CHECK(c.ask_node(0, "set", {{"key", "x"}, {"value", 1}}).ok());
  c.world.run(milliseconds(600));
  CHECK(c.ask_node(0, "set", {{"key", "x"}, {"value", 2}}).error().code == "unavailable");
  CHECK(*c.ask_node(0, "get", {{"key", "x"}}) == Value(1));
}

TEST_CASE("redis: a replica that was away continues from the backlog, or copies everything",
          "[cache][redis]") {
  for (const bool small : {false, true}) {
    Cluster c({.backlog_bytes = small ? 100ull : 1ull << 20});
    c.ask("set", {{"key", "x"}, {"value", 1}});
    c.world.run(milliseconds(10));
    const FaultId partition = c.cut_off("redis-1");
    for (int key = 0; key < 20; ++key) c.ask("set", {{"key", key}, {"value", key}});
    c.world.heal(partition);
    c.world.run(seconds(2));
    CHECK(c.show(1)["size"] == Value(21));
    CHECK(c.show(1)["full_syncs"] == Value(small ? 2 : 1));
    CHECK(c.show(1)["partial_syncs"] == Value(small ? 0 : 1));
  }
}

TEST_CASE("redis: slots are dealt to shards as redis-cli --cluster create does", "[cache][redis]") {
  // Slots from the Redis Cluster specification: foo 12182, {user1000}.following 3443, foo{bar}{zap} 5061.
  // With three shards redis-cli prints 0-5460, 5461-10922, 10923-16383.
  CHECK(redis_shard("foo", 3) == 2);
  CHECK(redis_shard("{user1000}.following", 3) == 0);
  CHECK(redis_shard("{user1000}.followers", 3) == 0);
  CHECK(redis_shard("foo{bar}{zap}", 3) == 0);
  CHECK(redis_shard(5, 3) == redis_shard("5", 3));
  std::vector<std::size_t> first(3, 16384);
  for (int key = 0; key < 200'000; ++key) {
    const std::string text = std::to_string(key);
    std::size_t& least = first[redis_shard(Value(text), 3)];
    least = std::min<std::size_t>(least, redis_slot(text));
  }
  CHECK(first == std::vector<std::size_t>{0, 5461, 10923});
}

TEST_CASE("redis: shards have their own keys, and fail over on their own", "[cache][redis]") {
  Cluster c({.shards = 3, .replicas = 1});
  for (int key = 0; key < 300; ++key) CHECK(c.ask("set", {{"key", key}, {"value", key}}).ok());
  c.world.run(milliseconds(100));
  double all = 0;
  for (std::size_t node = 0; node < 3; ++node) {
    const double size = c.show(node)["size"].number();
    CHECK(size > 70);
    CHECK(c.show(node + 3)["size"] == Value(size));
    all += size;
  }
  CHECK(all == 300);
  c.crash("redis-2");
  c.world.run(seconds(5));
  CHECK(c.role(4) == "primary");
  CHECK(c.role(3) == "replica");
  for (int key = 0; key < 300; ++key) CHECK(*c.ask("get", {{"key", key}}) == Value(key));
}

TEST_CASE("redis: a shard without a voter to spare has no failover", "[cache][redis]") {
  Cluster c({.shards = 1, .replicas = 1});
  c.ask("set", {{"key", "x"}, {"value", 1}});
  c.crash("redis-1");
  c.world.run(seconds(60));
  CHECK(c.role(1) == "replica");
  CHECK_FALSE(c.ask("get", {{"key", "x"}}).ok());
}

TEST_CASE("redis: at most one primary an epoch through many crashes and partitions", "[cache][redis]") {
  std::size_t failovers = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    Cluster c({.replicas = 4});
    Rng rng(seed);
    std::map<double, std::string> primary_of;  // by epoch
    for (int round = 0; round < 60; ++round) {
      const std::string name = "redis-" + std::to_string(1 + rng.below(5));
      if (rng.chance(0.5)) {
        c.world.inject(make_crash({.target = name}));
      } else {
        c.world.inject(make_restart({.target = name}));
      }
      for (int i = 0; i < 20; ++i) {
        c.world.run(milliseconds(100));
        for (std::size_t node = 0; node < 5; ++node) {
          const Value shown = c.show(node);
          if (shown["role"] != Value("primary")) continue;
          const auto [at, first] =
              primary_of.emplace(shown["epoch"].number(), std::string(shown["name"].string()));
          REQUIRE((first || at->second == shown["name"].string()));
        }
      }
    }
    failovers += primary_of.size() - 1;
  }
  CHECK(failovers > 5);
}

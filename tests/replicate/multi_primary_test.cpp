#include "core/replicate/multi_primary.hpp"

#include <catch2/catch.hpp>

#include "core/sim/fault/clock_skew.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/restart.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Kv {
  World world{WorldOptions{.seed = 1}};
  std::vector<NodeId> nodes;
  NodeId client;

  explicit Kv(std::size_t count, MultiPrimaryOptions options = {}) {
    nodes = test::add_replicas(world, "kv", count, [&](auto members) -> NodeFactory {
      options.members = std::move(members);
      return [o = options] { return std::make_unique<MultiPrimary>(o); };
    });
    client = *world.add_client("client", {.kind = "clients"});
    world.run(10ms);
  }

  Result call(std::size_t replica, const char* type, Value body) {
    std::optional<Result> got;
    world.env(client).call(nodes[replica], {type, std::move(body)}, 1s, [&](const Result& r) { got = r; });
    world.run_until([&] { return got.has_value(); }, world.now() + 2s);
    REQUIRE(got.has_value());
    return *got;
  }
  Value read(std::size_t replica, const char* key = "x") {
    const Result r = call(replica, "read", Value::map({{"key", key}}));
    REQUIRE(r.ok());
    return *r;
  }
  void write(std::size_t replica, Value value, const char* key = "x", Value context = {}) {
    REQUIRE(call(replica, "write", Value::map({{"key", key}, {"value", value}, {"context", context}})).ok());
  }
  Result update(std::size_t replica, const char* op, Value::Map rest = {}) {
    rest.emplace_back("key", "x");
    rest.emplace_back("op", op);
    return call(replica, "update", Value::map(std::move(rest)));
  }
  void inject(FaultPtr fault, std::optional<Duration> lasting = {}) {
    const auto injected = world.inject(std::move(fault), lasting);
    REQUIRE(injected.ok());
  }
  Value shown(std::size_t replica) { return world.host(nodes[replica]).show(); }
  Target name(std::size_t replica) { return world.name_of(nodes[replica]); }
};

}  // namespace

TEST_CASE("multi_primary: a write reaches all replicas through each topology", "[replicate][multi_primary]") {
  for (const Topology topology : {Topology::all, Topology::ring, Topology::star}) {
    Kv kv(5, {.topology = topology});
    for (std::size_t i = 0; i < 5; ++i) kv.write(i, static_cast<double>(i), std::to_string(i).c_str());
    kv.world.run(1s);
    for (std::size_t i = 0; i < 5; ++i) {
      for (std::size_t j = 0; j < 5; ++j) {
        CHECK(kv.read(i, std::to_string(j).c_str()) == Value(static_cast<double>(j)));
      }
    }
    // Nothing is kept for anybody once all know that all have it.
    kv.world.run(8s);
    for (std::size_t i = 0; i < 5; ++i) CHECK(kv.shown(i)["kept"] == Value(0));
  }
}

TEST_CASE(
    "multi_primary: a partition stops nobody, and afterwards the later write stays and the other is in the "
    "log",
    "[replicate][multi_primary]") {
  Kv kv(2);
  kv.inject(make_partition({.isolate = kv.name(1)}), 1s);
  kv.write(0, "early");
  kv.world.run(10ms);
  kv.write(1, "late");
  CHECK(kv.read(0) == Value("early"));
  kv.world.run(3s);
  CHECK(kv.read(0) == Value("late"));
  CHECK(kv.read(1) == Value("late"));
  const Value conflicts = *kv.call(0, "conflicts", {});
  REQUIRE(conflicts.list().size() == 1);
  CHECK(conflicts.list()[0]["kind"] == Value("concurrent"));
  CHECK(conflicts.list()[0]["lost"] == Value("early"));
  CHECK(conflicts.list()[0]["from"] == Value("kv-1"));
}

TEST_CASE(
    "multi_primary: a write of a clock that is behind is acknowledged and lost, unless the clock is hybrid",
    "[replicate][multi_primary]") {
  for (const WriteClock clock : {WriteClock::wall, WriteClock::hybrid}) {
    Kv kv(2, {.clock = clock});
    kv.inject(make_clock_skew({.target = kv.name(1), .by = -2s}));
    kv.world.run(3s);
    kv.write(0, "old");
    kv.world.run(100ms);
    REQUIRE(kv.read(1) == Value("old"));
    kv.write(1, "new");
    const bool lost = clock == WriteClock::wall;
    CHECK(kv.read(1) == Value(lost ? "old" : "new"));
    kv.world.run(200ms);
    CHECK(kv.read(0) == Value(lost ? "old" : "new"));
    CHECK(kv.shown(0)["clock"] == Value(lost ? 1 : 0));
    CHECK(kv.shown(0)["concurrent"] == Value(0));
  }
}

TEST_CASE("multi_primary: siblings stay until somebody writes what he made of them",
          "[replicate][multi_primary]") {
  Kv kv(3, {.data = make_mv_register({})});
  kv.inject(make_partition({.isolate = kv.name(2)}), 500ms);
  kv.write(0, "a");
  kv.write(2, "b");
  kv.world.run(3s);
  const Value both = kv.read(1);
  CHECK(both["values"] == Value::list({"a", "b"}));
  kv.write(0, "c");  // has seen nothing, and replaces nothing
  kv.write(1, "ab", "x", both["context"]);
  kv.world.run(1s);
  CHECK(kv.read(2)["values"] == Value::list({"c", "ab"}));
}

TEST_CASE("multi_primary: a merge makes one value of several, the same everywhere",
          "[replicate][multi_primary]") {
  Kv kv(3,
        {.data = make_mv_register({}), .merge = [](const Value& values, const Value& key) -> Expected<Value> {
           double sum = 0;
           for (const Value& v : values.list()) sum += v.number();
           return Value(std::string(key.string()) + std::to_string(static_cast<int>(sum)));
         }});
  CHECK(kv.read(0).is_nil());
  kv.inject(make_partition({.isolate = kv.name(2)}), 500ms);
  kv.write(0, 1);
  kv.write(2, 2);
  CHECK(kv.read(2) == Value(2));
  kv.world.run(3s);
  for (std::size_t i = 0; i < 3; ++i) CHECK(kv.read(i) == Value("x3"));
  kv.write(1, 5);  // of a client that has seen x3
  kv.world.run(1s);
  for (std::size_t i = 0; i < 3; ++i) CHECK(kv.read(i) == Value(5));
}

TEST_CASE("multi_primary: what was acknowledged survives every crash, through checkpoints",
          "[replicate][multi_primary]") {
  Kv kv(3, {.data = make_pn_counter({}), .checkpoint_after = 7});
  for (int i = 0; i < 40; ++i) {
    REQUIRE(kv.update(static_cast<std::size_t>(i % 3), "increment").ok());
    if (i % 10 == 5) {
      kv.inject(make_crash({.target = {"all"}, .power = true}));
      kv.world.run(10ms);
      kv.inject(make_restart({.target = {"all"}}));
      kv.world.run(10ms);
    }
  }
  kv.world.run(3s);
  for (std::size_t i = 0; i < 3; ++i) CHECK(kv.read(i) == Value(40));
}

TEST_CASE("multi_primary: a request that comes again is done once, also where another replica heard of it",
          "[replicate][multi_primary]") {
  Kv kv(2, {.data = make_g_counter({})});
  const Value::Map request = {{"client", "me"}, {"seq", 1}};
  REQUIRE(kv.update(0, "increment", request).ok());
  REQUIRE(kv.update(0, "increment", request).ok());
  kv.world.run(1s);
  REQUIRE(kv.update(1, "increment", request).ok());
  CHECK(kv.read(1) == Value(1));
  REQUIRE(kv.update(1, "increment", {{"client", "me"}, {"seq", 2}}).ok());
  CHECK(kv.read(1) == Value(2));
}

TEST_CASE("multi_primary: with causal delivery an answer waits for its question",
          "[replicate][multi_primary]") {
  for (const bool causal : {false, true}) {
    Kv kv(3, {.causal = causal, .anti_entropy = 60s});
    // The first replica's updates do not reach the third one.
    kv.inject(make_partition({.sides = {kv.name(0), kv.name(2)}}));
    kv.write(0, "?", "question");
    kv.world.run(1s);
    REQUIRE(kv.read(1, "question") == Value("?"));
    kv.write(1, "!", "answer");
    kv.world.run(1s);
    CHECK(kv.read(2, "question").is_nil());
    CHECK(kv.read(2, "answer").is_nil() == causal);
    CHECK(kv.shown(2)["waiting"] == Value(causal ? 1 : 0));
  }
}

TEST_CASE("multi_primary: what does not suit the data is refused, and nothing is left of it",
          "[replicate][multi_primary]") {
  Kv registers(1), sets(1, {.data = make_or_set({})});
  CHECK(registers.update(0, "add", {{"value", 1}}).error().code == "malformed");
  CHECK(registers.call(0, "write", Value::map({{"key", "x"}})).error().code == "malformed");
  CHECK(registers.call(0, "cas", Value::map({{"key", "x"}})).error().definite);
  CHECK(sets.call(0, "write", Value::map({{"key", "x"}, {"value", 1}})).error().code == "malformed");
  CHECK(sets.update(0, "increment").error().code == "malformed");
  CHECK(registers.shown(0)["keys"] == Value(0));
  CHECK(sets.shown(0)["keys"] == Value(0));
  CHECK(sets.read(0) == Value::list({}));
}

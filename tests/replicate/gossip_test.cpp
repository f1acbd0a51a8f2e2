#include "core/replicate/gossip.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/restart.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Group {
  World world;
  std::vector<NodeId> nodes;
  NodeId client;

  Group(std::size_t count, GossipOptions options, std::uint64_t seed = 1)
      : world({.seed = seed, .trace_keep = 0}) {
    auto members = std::make_shared<std::vector<NodeId>>();
    options.members = members;
    nodes = *world.add_group("n", count, [&](std::size_t) -> NodeFactory {
      return [options] { return std::make_unique<Gossip>(options); };
    });
    *members = nodes;
    client = *world.add_client("client", {.kind = "clients"});
    world.run(50ms);
  }
  const Gossip& at(std::size_t i) const { return static_cast<const Gossip&>(*world.host(nodes[i]).node()); }
  void crash(std::size_t i) { world.inject(make_crash({.target = world.name_of(nodes[i])})); }
  void restart(std::size_t i) { world.inject(make_restart({.target = world.name_of(nodes[i])})); }
  Result ask(std::size_t i, const std::string& type, Value body = Value::map({})) {
    std::optional<Result> answer;
    world.env(client).call(nodes[i], {type, std::move(body)}, 1s, [&](Result r) { answer = std::move(r); });
    world.run_until([&] { return answer.has_value(); }, world.now() + 2s);
    REQUIRE(answer.has_value());
    return *answer;
  }
  std::size_t that_think(Liveness what, std::size_t of) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      n += i != of && world.host(nodes[i]).up() && at(i).opinion_of(nodes[of]) == what;
    }
    return n;
  }
  std::size_t that_know(const Value& value) const {
    std::size_t n = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) n += at(i).values().contains(value);
    return n;
  }
};

GossipOptions quick(GossipDetector detector) {
  GossipOptions o;
  o.detector = detector;
  o.period = 200ms;
  o.ping_timeout = 60ms;
  o.timeout = 2s;
  return o;
}

}  // namespace

TEST_CASE(
    "gossip: who crashes is taken for dead by all, and for alive again when it is back, with each detector",
    "[replicate][gossip]") {
  for (const GossipDetector detector : {GossipDetector::swim, GossipDetector::phi, GossipDetector::timeout}) {
    Group g(12, quick(detector));
    g.world.run(4s);
    CHECK(g.ask(0, "members")->list().size() == 12);
    g.crash(5);
    g.world.run(8s);
    CHECK(g.that_think(Liveness::dead, 5) == 11);
    CHECK(g.ask(0, "members")->list().size() == 11);
    g.restart(5);
    g.world.run(6s);
    CHECK(g.that_think(Liveness::alive, 5) == 11);
  }
}

TEST_CASE("gossip: who is only slow is suspected, objects, and is not taken for dead",
          "[replicate][gossip]") {
  GossipOptions o = quick(GossipDetector::swim);
  o.watch = std::make_shared<GossipWatch>();
  Group g(8, o);
  g.world.run(2s);
  const FaultId paused = *g.world.inject(make_pause({.target = "n-3"}));
  g.world.run(1500ms);
  g.world.heal(paused);
  CHECK(g.that_think(Liveness::suspect, 2) > 0);
  g.world.run(3s);
  CHECK(g.that_think(Liveness::alive, 2) == 7);
  CHECK(g.at(2).show()["refuted"].number() >= 1);
  CHECK(g.at(2).show()["incarnation"].number() >= 1);
  for (std::size_t i = 0; i < 8; ++i) CHECK(g.at(i).show()["deaths"] == Value(0));
  CHECK(!o.watch->violation());
}

TEST_CASE("gossip: others' pings save who is cut off from one other only", "[replicate][gossip]") {
  for (const std::size_t helpers : {0, 3}) {
    GossipOptions o = quick(GossipDetector::swim);
    o.helpers = helpers;
    Group g(6, o);
    g.world.inject(make_partition({.sides = {Target("n-1"), Target("n-2")}}));
    g.world.run(20s);
    double suspicions = 0;
    for (std::size_t i = 0; i < 6; ++i) suspicions += g.at(i).show()["suspicions"].number();
    CHECK((suspicions == 0) == (helpers > 0));
  }
}

TEST_CASE("gossip: a rumour that all tell on for ever reaches n members in about log2 n + ln n rounds",
          "[replicate][gossip]") {
  // Pittel 1987, "On spreading a rumor": log2 n + ln n + O(1). Rounds of 100 ms, links that take no time.
  for (const std::size_t n : {64, 256}) {
    double rounds = 0;
    const int runs = 8;
    for (int seed = 1; seed <= runs; ++seed) {
      GossipOptions o;
      o.fanout = 1;
      o.hot_rounds = 1000;
      o.anti_entropy = 0ms;
      o.period = 1000s;
      Group g(n, o, static_cast<std::uint64_t>(seed));
      REQUIRE(g.ask(0, "broadcast", Value::map({{"value", 7}})).ok());
      const Instant began = g.world.now();
      g.world.run_until([&] { return g.that_know(7) == n; }, began + 20s);
      REQUIRE(g.that_know(7) == n);
      rounds += to_seconds(g.world.now() - began) / 0.1 / runs;
    }
    const double theory = std::log2(static_cast<double>(n)) + std::log(static_cast<double>(n));
    INFO("n = " << n << ", rounds " << rounds << ", theory " << theory);
    CHECK(std::fabs(rounds - theory) < 3);
  }
}

TEST_CASE("gossip: rumours that die out early miss some, which anti-entropy finds", "[replicate][gossip]") {
  for (const bool compares : {false, true}) {
    GossipOptions o;
    o.fanout = 1;
    o.hot_rounds = 2;
    o.anti_entropy = compares ? 500ms : 0ms;
    Group g(40, o);
    REQUIRE(g.ask(0, "broadcast", Value::map({{"value", "news"}})).ok());
    g.world.run(20s);
    CHECK((g.that_know("news") == 40) == compares);
  }
}

TEST_CASE("gossip: a group that was cut in two finds together again", "[replicate][gossip]") {
  Group g(10, quick(GossipDetector::swim));
  const FaultId cut = *g.world.inject(make_partition({.target = Target({"n-1", "n-2", "n-3", "n-4"})}));
  g.world.run(10s);
  CHECK(g.that_think(Liveness::dead, 0) == 6);
  CHECK(g.that_think(Liveness::dead, 9) == 4);
  g.world.heal(cut);
  g.world.run(10s);
  for (std::size_t i = 0; i < 10; ++i) CHECK(g.that_think(Liveness::alive, i) == 9);
}

TEST_CASE("gossip: its bugs have names", "[replicate][gossip]") {
  for (const std::string_view name : kGossipBugs.names) {
    CHECK(kGossipBugs.name(*kGossipBugs.parse(name)) == name);
  }
}

// ---- under all faults

namespace {

class Speakers {
 public:
  Speakers(World& world, std::vector<NodeId> nodes)
      : world_(world),
        nodes_(std::move(nodes)),
        self_(*world.add_client("speakers", {.kind = "clients"})),
        rng_(world.rng("speakers")) {
    next();
  }

 private:
  void next() {
    if (world_.now() > Instant(6s)) return;
    world_.env(self_).after(Duration(static_cast<std::int64_t>(rng_.below(60'000'000))), [this] {
      world_.env(self_).call(nodes_[rng_.below(nodes_.size())],
                             {"broadcast", Value::map({{"value", ++said_}})}, 500ms, [](const Result&) {});
      next();
    });
  }
  World& world_;
  std::vector<NodeId> nodes_;
  NodeId self_;
  Rng rng_;
  int said_ = 0;
};

test::Ordeal ordeal(std::uint64_t seed, GossipBug bug) {
  test::Ordeal o;
  GossipOptions options =
      quick(bug == GossipBug::none ? static_cast<GossipDetector>(seed % 3) : GossipDetector::swim);
  options.bug = bug;
  options.watch = std::make_shared<GossipWatch>();
  options.suspicion = 1.5;
  options.anti_entropy = 300ms;
  options.timeout = 1s;
  // Rumours that die out early leave more to be found by comparing.
  if (bug == GossipBug::compares_counts_only) options.fanout = options.hot_rounds = 1;
  o.world = {.seed = seed,
             .trace_keep = 0,
             .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.001})}};
  o.watch = options.watch;
  auto nodes = std::make_shared<std::vector<NodeId>>();
  const std::size_t count = 4 + seed % 4;
  o.build = [options, nodes, count](World& world) {
    *nodes = test::add_replicas(world, "n", count, [&](auto members) -> NodeFactory {
      GossipOptions own = options;
      own.members = members;
      return [own] { return std::make_unique<Gossip>(own); };
    });
    return *nodes;
  };
  o.company = [](World& world, const std::vector<NodeId>& members) -> std::shared_ptr<void> {
    return std::make_shared<Speakers>(world, members);
  };
  o.clients.count = 1;
  o.clients.write = o.clients.cas = 0;
  // In the end all members are up and heard: all take all for alive and have all values.
  o.judge = [watch = options.watch, nodes](World& world, const Clients&) -> std::optional<std::string> {
    world.heal_all();
    world.run_until([&] { return watch->violation().has_value(); }, world.now() + 8s);
    if (watch->violation()) return watch->violation();
    const std::set<Value> acknowledged = watch->all_acknowledged();
    for (const NodeId node : *nodes) {
      const auto& member = static_cast<const Gossip&>(*world.host(node).node());
      for (const NodeId other : *nodes) {
        if (other == node || member.opinion_of(other) == Liveness::alive) continue;
        return world.name_of(node) + " still takes " + world.name_of(other) + " for " +
               std::string(to_string(member.opinion_of(other)));
      }
      for (const Value& value : acknowledged) {
        if (!member.values().contains(value))
          return world.name_of(node) + " has not heard of " + value.json();
      }
    }
    return std::nullopt;
  };
  return o;
}

}  // namespace

TEST_CASE("gossip: its invariants hold at every step, and in the end all know all, whatever fails",
          "[replicate][gossip][sweep]") {
  test::sweep<GossipBug>(ordeal, 10);
}

TEST_CASE("gossip: every planted bug is found, and its schedule of faults shortened",
          "[replicate][gossip][hunt]") {
  test::hunt(kGossipBugs, ordeal);
}

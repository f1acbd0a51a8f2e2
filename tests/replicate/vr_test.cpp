#include "core/replicate/vr.hpp"

#include <catch2/catch.hpp>

#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/clock_drift.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/delay.hpp"
#include "core/sim/fault/duplicate.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/random_partitions.hpp"
#include "core/sim/fault/reorder.hpp"
#include "core/sim/fault/restart.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Group {
  World world;
  std::vector<NodeId> nodes;
  NodeId client;

  explicit Group(std::size_t count) : world({.seed = 1}) {
    nodes = test::add_replicas(world, "kv", count, [](auto members) -> NodeFactory {
      VrOptions own;
      own.members = members;
      return [own] { return std::make_unique<Vr>(own); };
    });
    client = *world.add_client("client", {.kind = "clients"});
    world.run(300ms);
  }
  std::string role(std::size_t i) { return std::string(world.host(nodes[i]).show()["role"].string()); }
  Result ask(std::size_t i, const std::string& type, Value body) {
    std::optional<Result> answer;
    world.env(client).call(nodes[i], {type, body.with("key", "x")}, 1s,
                           [&](Result r) { answer = std::move(r); });
    world.run_until([&] { return answer.has_value(); }, world.now() + 2s);
    REQUIRE(answer.has_value());
    return *answer;
  }
  Result write(std::size_t i, int value) { return ask(i, "write", Value::map({{"value", value}})); }
  Result read(std::size_t i) { return ask(i, "read", Value::map({})); }
  void crash(std::size_t i) { world.inject(make_crash({.target = world.name_of(nodes[i])})); }
  void restart(std::size_t i) {
    world.inject(make_restart({.target = world.name_of(nodes[i])}));
    world.run(1s);
  }
};

}  // namespace

TEST_CASE("vr: every replica answers, and the next member leads when the primary is gone",
          "[replicate][vr]") {
  Group g(3);
  REQUIRE(g.write(2, 1).ok());
  CHECK(g.role(0) == "leader");
  g.crash(0);
  g.world.run(1s);
  CHECK(g.role(1) == "leader");
  REQUIRE(g.write(2, 2).ok());
  CHECK(*g.read(1) == Value(2));
}

TEST_CASE("vr: who has crashed recovers what it knew from the others, and not on its own",
          "[replicate][vr]") {
  Group g(3);
  REQUIRE(g.write(0, 5).ok());
  g.crash(2);
  g.restart(2);
  CHECK(g.role(2) == "backup");
  CHECK(g.world.host(g.nodes[2]).show()["log"] == g.world.host(g.nodes[0]).show()["log"]);
  g.crash(0);
  g.world.run(1s);
  CHECK(*g.read(2) == Value(5));
  // Without a majority of others it stays out: what it acknowledged was in its memory only.
  g.crash(1);
  g.restart(1);
  CHECK(g.role(1) == "recovering");
}

TEST_CASE("vr: a primary that is cut off commits nothing, and takes what the others did when it is back",
          "[replicate][vr]") {
  Group g(5);
  REQUIRE(g.write(0, 1).ok());
  const FaultId cut = *g.world.inject(make_partition({.target = "kv-1"}));
  CHECK(!g.write(0, 2).ok());
  REQUIRE(g.write(1, 3).ok());
  g.world.heal(cut);
  g.world.run(1s);
  CHECK(*g.read(0) == Value(3));
  CHECK(g.role(0) == "backup");
}

TEST_CASE("vr: its bugs have names", "[replicate][vr]") {
  for (const std::string_view name : kVrBugs.names) CHECK(kVrBugs.name(*kVrBugs.parse(name)) == name);
}

namespace {

test::Ordeal ordeal(std::uint64_t seed, VrBug bug) {
  test::Ordeal o;
  o.world = {.seed = seed, .trace_keep = 0};
  VrOptions options;
  options.bug = bug;
  options.watch = std::make_shared<LogWatch>();
  options.batch = seed % 3 == 0 ? 1 : 64;
  options.patience = 150ms;
  o.watch = options.watch;
  const std::size_t count = seed % 2 == 0 ? 3 : 5;
  o.build = [options, count](World& world) {
    return test::add_replicas(world, "kv", count, [&](auto members) -> NodeFactory {
      VrOptions own = options;
      own.members = members;
      return [own] { return std::make_unique<Vr>(own); };
    });
  };
  // It survives no power failure of all, so one crashes at a time, and has time to recover.
  o.faults = {
      make_random_partitions({.every = 2s, .span = 4s}),
      make_chaos({.faults = {make_crash({.target = "one"}), make_crash({.target = "primaries"}),
                             make_crash({.target = "one", .power = true})},
                  .every = 700ms,
                  .lasting = 100ms,
                  .span = 4s}),
      make_chaos({.faults = {make_pause({.target = "one"}), make_loss({.probability = 0.3}),
                             make_partition({.target = "primaries"}), make_duplicate({.probability = 0.3}),
                             make_delay({.by = 100ms, .jitter = 100ms, .probability = 0.05}),
                             make_reorder({.by = 50ms, .probability = 0.3}),
                             make_clock_drift({.target = "one", .ppm = 9000})},
                  .every = 500ms,
                  .lasting = 500ms,
                  .at_once = 2,
                  .span = 4s})};
  o.lasting = 5s;
  o.settling = 1s;
  // What these need to show at all: primaries that are cut off, one after the other, with entries that nobody
  // else has.
  if (bug == VrBug::longest_log_wins || bug == VrBug::old_view_accepted) {
    o.faults = {make_chaos({.faults = {make_partition({.target = "primaries"})},
                            .every = 150ms,
                            .lasting = 500ms,
                            .at_once = 2,
                            .span = 4s})};
  }
  return o;
}

}  // namespace

TEST_CASE("vr: its invariants hold at every step, and its histories are linearizable, whatever fails",
          "[replicate][vr][sweep]") {
  test::sweep<VrBug>(ordeal, 30);
}

TEST_CASE("vr: every planted bug is found, and its schedule of faults shortened", "[replicate][vr][hunt]") {
  test::hunt(kVrBugs, ordeal);
}

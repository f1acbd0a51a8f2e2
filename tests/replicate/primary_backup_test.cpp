#include "core/replicate/primary_backup.hpp"

#include <catch2/catch.hpp>

#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/restart.hpp"
#include "core/sim/world.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

struct Group {
  World world{{.seed = 1}};
  std::vector<NodeId> nodes;
  NodeId monitor;
  NodeId client;
  double seq = 0;

  explicit Group(PrimaryBackupOptions options, std::size_t count = 3) {
    auto members = std::make_shared<std::vector<NodeId>>();
    options.replica.replicas = members;
    nodes = *world.add_group("kv", count, [&](std::size_t) -> NodeFactory {
      return [options] { return std::make_unique<PrimaryBackup>(options); };
    });
    *members = nodes;
    const MonitorOptions m = monitor_of(options, count, [this](NodeId node) {
      world.inject(make_crash({.target = world.name_of(node), .power = true}), 1s);
    });
    monitor = *world.add_node("kv-monitor", [m] { return std::make_unique<Monitor>(m); });
    client = *world.add_client("client", {.kind = "clients"});
    world.run(1s);
  }

  std::vector<NodeId> primaries() const {
    std::vector<NodeId> found;
    for (const NodeId n : nodes) {
      if (world.host(n).up() && world.host(n).show()["role"] == Value("primary")) found.push_back(n);
    }
    return found;
  }
  NodeId primary() {
    REQUIRE(world.run_until([&] { return primaries().size() == 1; }, world.now() + 5s));
    return primaries().front();
  }
  Result ask(NodeId node, const std::string& type, Value body, Duration timeout = 2s) {
    std::optional<Result> answer;
    world.env(client).call(node, {type, std::move(body)}, timeout, [&](Result r) { answer = std::move(r); });
    world.run_until([&] { return answer.has_value(); }, world.now() + 5s);
    REQUIRE(answer.has_value());
    return *answer;
  }
  Result write(NodeId node, int value, Duration timeout = 2s) {
    return ask(node, "write", Value::map({{"key", "x"}, {"value", value}, {"client", "c"}, {"seq", ++seq}}),
               timeout);
  }
  Result read(NodeId node) { return ask(node, "read", Value::map({{"key", "x"}})); }
  FaultId cut_off(NodeId node) { return *world.inject(make_partition({.target = world.name_of(node)})); }
};

PrimaryBackupOptions with(PrimaryBackupMode mode, Fencing fencing) {
  PrimaryBackupOptions o;
  o.mode = mode;
  o.replica.fencing = fencing;
  return o;
}

}  // namespace

TEST_CASE("primary_backup: every replica passes requests on to the primary", "[replicate][primary_backup]") {
  Group g({});
  CHECK(g.write(g.nodes[2], 7).ok());
  for (const NodeId n : g.nodes) CHECK(*g.read(n) == Value(7));
}

TEST_CASE("primary_backup: in sync a write survives the primary, and the one that comes back catches up",
          "[replicate][primary_backup]") {
  Group g({});
  const NodeId first = g.primary();
  REQUIRE(g.write(first, 5).ok());
  g.world.inject(make_crash({.target = g.world.name_of(first)}));
  g.world.run(1s);
  const NodeId second = g.primary();
  REQUIRE(second != first);
  CHECK(*g.read(second) == Value(5));
  REQUIRE(g.write(second, 6).ok());
  g.world.inject(make_restart({.target = g.world.name_of(first)}));
  g.world.run(1s);
  CHECK(g.world.host(second).show()["members"] == Value(3));
  CHECK(g.world.host(first).show()["log"] == g.world.host(second).show()["log"]);
}

TEST_CASE("primary_backup: a replica that is far behind is sent a snapshot", "[replicate][primary_backup]") {
  PrimaryBackupOptions o;
  o.replica.log.snapshot_after = 10;
  Group g(o);
  const NodeId primary = g.primary();
  const NodeId away = primary == g.nodes[0] ? g.nodes[1] : g.nodes[0];
  g.world.inject(make_crash({.target = g.world.name_of(away)}));
  for (int i = 1; i <= 50; ++i) REQUIRE(g.write(primary, i).ok());
  g.world.inject(make_restart({.target = g.world.name_of(away)}));
  g.world.run(1s);
  CHECK(g.world.host(away).show()["committed"] == g.world.host(primary).show()["committed"]);
  CHECK(g.world.host(away).show()["snapshot"].number() >= 40);
}

TEST_CASE(
    "primary_backup: without fencing a primary that is cut off goes on, and what it acknowledged is lost",
    "[replicate][primary_backup]") {
  Group g(with(PrimaryBackupMode::async, Fencing::none));
  const NodeId old = g.primary();
  REQUIRE(g.write(old, 1).ok());
  g.world.run(200ms);
  const FaultId cut = g.cut_off(old);
  g.world.run(1s);
  CHECK(g.primaries().size() == 2);
  CHECK(g.write(old, 2).ok());
  g.world.heal(cut);
  g.world.run(1s);
  CHECK(g.world.host(old).show()["lost"] == Value(1));
  CHECK(*g.read(g.primary()) == Value(1));
}

TEST_CASE(
    "primary_backup: with epochs in sync, a lease or the power switch, one that is cut off acknowledges "
    "nothing",
    "[replicate][primary_backup]") {
  for (const Fencing fencing : {Fencing::epoch, Fencing::lease, Fencing::stonith}) {
    Group g(with(fencing == Fencing::epoch ? PrimaryBackupMode::sync : PrimaryBackupMode::async, fencing));
    const NodeId old = g.primary();
    const FaultId cut = g.cut_off(old);
    g.world.run(600ms);
    CHECK(!g.write(old, 2, 300ms).ok());
    g.world.heal(cut);
    g.world.run(3s);
    CHECK(g.world.host(old).show()["lost"] == Value(0));
    CHECK(g.primary() != old);
  }
}

TEST_CASE("primary_backup: semi-sync goes on alone when no backup answers in time, and comes back",
          "[replicate][primary_backup]") {
  PrimaryBackupOptions o = with(PrimaryBackupMode::semi_sync, Fencing::epoch);
  o.semi_timeout = 100ms;
  Group g(o);
  const NodeId primary = g.primary();
  for (const NodeId n : g.nodes) {
    if (n != primary) g.world.inject(make_crash({.target = g.world.name_of(n)}));
  }
  const Instant before = g.world.now();
  CHECK(g.write(primary, 1).ok());
  CHECK(g.world.now() - before >= 100ms);
  CHECK(g.world.host(primary).show()["degraded"] == Value(true));
  g.world.inject(make_restart({.target = "all"}));
  g.world.run(1s);
  CHECK(g.world.host(primary).show()["degraded"].is_nil());
}

TEST_CASE("primary_backup: a group that is told how many must be in sync waits for them",
          "[replicate][primary_backup]") {
  PrimaryBackupOptions o;
  o.in_sync_min = 1;
  Group g(o);
  const NodeId primary = g.primary();
  const FaultId cut = g.cut_off(primary);
  CHECK(!g.write(primary, 1, 500ms).ok());
  g.world.heal(cut);
  g.world.run(1s);
  CHECK(g.write(g.primary(), 2).ok());
}

TEST_CASE(
    "primary_backup: a log that is shipped every second loses less than a second, and can be promoted to a "
    "time",
    "[replicate][primary_backup][shipping]") {
  for (const bool snapshots : {false, true}) {
    PrimaryBackupOptions o = with(PrimaryBackupMode::async, Fencing::epoch);
    o.ship_every = 1s;
    o.ships_snapshots = snapshots;
    o.by_hand = true;
    if (snapshots) o.replica.log.snapshot_after = 0;
    Group g(o, 2);
    const NodeId publisher = g.primary();
    const NodeId standby = g.nodes[publisher == g.nodes[0] ? 1 : 0];
    REQUIRE(g.write(publisher, 1).ok());
    g.world.run(1500ms);
    const double then = to_seconds(g.world.now());
    g.world.run(10ms);
    REQUIRE(g.write(publisher, 2).ok());
    g.world.run(1500ms);
    REQUIRE(g.write(publisher, 3).ok());
    g.world.inject(make_crash({.target = g.world.name_of(publisher)}));
    g.world.run(2s);
    CHECK(g.primaries().empty());  // nobody has asked for another one
    Value::Map body = {{"name", g.world.name_of(standby)}};
    if (!snapshots) body.emplace_back("until", then);
    REQUIRE(g.ask(g.monitor, "promote", Value::map(std::move(body))).ok());
    g.world.run(1s);
    REQUIRE(g.primary() == standby);
    CHECK(*g.read(standby) == Value(snapshots ? 2 : 1));
  }
}

TEST_CASE("primary_backup: a request that is asked again is executed once, also by the next primary",
          "[replicate][primary_backup]") {
  Group g({});
  const NodeId first = g.primary();
  const auto add = [&](NodeId node) {
    return g.ask(
        node, "cas",
        Value::map({{"key", "x"}, {"expected", Value()}, {"value", 1}, {"client", "a"}, {"seq", 1}}));
  };
  REQUIRE(add(first).ok());
  g.world.inject(make_crash({.target = g.world.name_of(first)}));
  g.world.run(1s);
  CHECK(add(g.primary()).ok());
}

// A sharded store whose buckets are moved all the time, under everything that can fail: no bucket has two
// owners, no acknowledged write is lost; and the same with each planted bug, which has to be found.
#include <catch2/catch.hpp>

#include "core/shard/manager.hpp"
#include "core/shard/proxy.hpp"
#include "core/shard/server.hpp"
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
#include "core/store/rows.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kServers = 3;
constexpr Instant kMoving = Instant(7500ms);  // so long; then the last moves come to their end
std::uint64_t moved_in_all = 0;

// Somebody who has buckets moved, and ranges cut and joined, again and again.
class Mover {
 public:
  Mover(World& world, NodeId manager, bool ranged, Duration every)
      : world_(world),
        manager_(manager),
        ranged_(ranged),
        every_(every),
        self_(*world.add_client("mover", {.kind = "clients"})),
        rng_(world.rng("mover")) {
    next();
  }

 private:
  void next() {
    world_.env(self_).after(
        Duration(static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(every_.count())))), [this] {
          if (world_.now() < kMoving) act();
          next();
        });
  }
  void act() {
    Request request{.type = "shard_move",
                    .body = Value::map({{"bucket", static_cast<double>(rng_.below(4))},
                                        {"to", "kv-" + std::to_string(1 + rng_.below(kServers))}})};
    if (ranged_ && rng_.chance(0.3)) {
      request = {.type = rng_.chance(0.5) ? "shard_split" : "shard_merge",
                 .body = Value::map({{"at", static_cast<double>(1 + rng_.below(8))}})};
    }
    world_.env(self_).call(manager_, std::move(request), 1s, [](const Result&) {});
  }

  World& world_;
  NodeId manager_;
  bool ranged_;
  Duration every_;
  NodeId self_;
  Rng rng_;
};

// As all_faults, but for torn writes: the rows filter writes a row over the old one, so a torn write takes an
// acknowledged one with it, moved or not.
std::vector<FaultPtr> faults() {
  return {make_random_partitions({.every = 1500ms, .span = 6s}),
          make_chaos({.faults = {make_crash({.target = "one", .disk = CrashDisk::prefix}),
                                 make_crash({.target = "manager", .disk = CrashDisk::synced}),
                                 make_crash({.target = "minority", .power = true}),
                                 make_crash({.target = "all", .power = true}), make_pause({.target = "one"}),
                                 make_loss({.probability = 0.3, .correlation = 0.5}),
                                 make_duplicate({.probability = 0.3}),
                                 make_delay({.by = 100ms, .jitter = 100ms, .probability = 0.05}),
                                 make_reorder({.by = 50ms, .probability = 0.3}),
                                 make_clock_drift({.target = "one", .ppm = 9000})},
                      .every = 500ms,
                      .lasting = 600ms,
                      .at_once = 3,
                      .span = 6s})};
}

// What comes late and twice, and shards that come and go while it is on its way.
std::vector<FaultPtr> late_faults() {
  return {make_duplicate({.probability = 0.5}), make_reorder({.by = 60ms, .probability = 0.4}),
          make_chaos({.faults = {make_crash({.target = "kv", .disk = CrashDisk::all}),
                                 make_delay({.by = 150ms, .jitter = 100ms, .probability = 0.4})},
                      .every = 400ms,
                      .lasting = 100ms,
                      .span = 6s})};
}

// Nodes that lose what is not synced.
std::vector<FaultPtr> short_crashes() {
  return {make_chaos({.faults = {make_crash({.target = "one", .disk = CrashDisk::synced})},
                      .every = 150ms,
                      .lasting = 40ms,
                      .at_once = 2,
                      .span = 6s})};
}

// A manager that comes and goes, and shards that are given up.
std::vector<FaultPtr> long_absences() {
  return {make_chaos({.faults = {make_crash({.target = "manager", .disk = CrashDisk::synced}),
                                 make_partition({.target = "one"}), make_pause({.target = "one"})},
                      .every = 200ms,
                      .lasting = 500ms,
                      .at_once = 3,
                      .span = 6s})};
}

std::vector<FaultPtr> faults_for(std::uint64_t seed, ShardBug bug) {
  switch (bug) {
    case ShardBug::executes_twice:
    case ShardBug::forgets_sessions:
    case ShardBug::takes_old_rows:
    case ShardBug::begins_again:
    case ShardBug::obeys_old_orders:
      return late_faults();
    case ShardBug::acks_before_disk:
    case ShardBug::freeze_not_durable:
    case ShardBug::reads_unsynced:
      return short_crashes();
    case ShardBug::commit_not_durable:
    case ShardBug::aborts_committed:
      return long_absences();
    case ShardBug::none:
      if (seed % 4 == 1) return late_faults();
      if (seed % 8 == 2) return short_crashes();
      if (seed % 8 == 6) return long_absences();
      return faults();
    default:
      return faults();
  }
}

test::Ordeal ordeal(std::uint64_t seed, ShardBug bug) {
  test::Ordeal o;
  const bool ranged = seed % 3 == 0;
  const auto watch = std::make_shared<ShardWatch>();
  o.watch = watch;
  o.world = {.seed = seed,
             .trace_keep = 0,
             .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.002})}};
  o.build = [=](World& world) {
    ShardManagerOptions m;
    m.bug = bug;
    m.shards = kServers;
    if (ranged) {
      m.space = {KeyspaceKind::ranges, 0};
      m.splits = {3, 6};
    } else {
      m.space.count = 4;
    }
    m.rebalance = seed % 2 == 0;
    m.interval = 300ms;
    m.failure_after = 300ms;
    m.max_sending = 2;
    const NodeId manager = *world.add_service(
        "manager", {.slots = 8, .filters = {make_shard_manager(m)}, .host = {.kind = "service"}});
    ShardServerOptions s;
    s.manager = manager;
    s.bug = bug;
    s.watch = watch;
    s.heartbeat = 100ms;
    s.timeout = 100ms;
    s.chunk = 1 + seed % 3;
    s.block_writes = seed % 5 == 0;
    world.add_fleet("kv", kServers,
                    {.time = make_exponential({.mean = 0.001}),
                     .slots = 4,
                     .filters = {make_shard_server(s), make_rows_filter({})},
                     .host = {.kind = "member"}});
    ShardProxyOptions p;
    p.manager = manager;
    p.timeout = 200ms;
    p.patience = 250ms;
    std::vector<NodeId> proxies;
    for (const char* name : {"proxy-1", "proxy-2"}) {
      proxies.push_back(*world.add_service(
          name, {.slots = 64, .filters = {make_shard_proxy(p)}, .host = {.kind = "service"}}));
    }
    return proxies;
  };
  o.clients = test::clients_that_read(seed % 2 == 0 ? 0.7 : 0.4);
  o.clients.keys = [](Rng& rng) { return Value(static_cast<int>(rng.below(8))); };
  o.clients.think = make_exponential({.mean = 0.015});
  // What is late meets a bucket that has come back only if buckets move all the time.
  const bool restless =
      bug == ShardBug::begins_again || bug == ShardBug::obeys_old_orders || bug == ShardBug::takes_old_rows;
  const bool slow = bug == ShardBug::commit_not_durable || bug == ShardBug::aborts_committed;
  const Duration every = slow ? 400ms : restless ? 50ms : 150ms;
  o.company = [=](World& world, const std::vector<NodeId>&) -> std::shared_ptr<void> {
    return std::make_shared<Mover>(world, *world.find("manager"), ranged, every);
  };
  o.faults = faults_for(seed, bug);
  o.settling = 3s;
  const auto linearizable = o.judge;
  o.judge = [linearizable](World& world, const Clients& clients) -> std::optional<std::string> {
    if (const auto violation = linearizable(world, clients)) return violation;
    // Of a shortened schedule somebody may be left down or paused for good.
    for (std::uint32_t i = 0; i < world.node_count(); ++i) {
      if (!world.host(NodeId{i}).up() || world.host(NodeId{i}).paused()) return std::nullopt;
    }
    // All is over: every move has come to its end, and every bucket has one owner that serves it.
    const Value shown = world.host(*world.find("manager")).show()["filters"].list().front();
    moved_in_all += static_cast<std::uint64_t>(shown["moved"].number());
    if (shown["moves"].number() > 0) return shown["moves"].json() + " moves do not end";
    double serving = 0;
    for (const NodeId node : world.members("kv")) {
      const Value server = world.host(node).show()["filters"].list().front();
      serving += server["active"].number() + server["sending"].number();
    }
    const double buckets = shown["buckets"].number();
    if (serving != buckets)
      return Value(serving).json() + " of " + Value(buckets).json() + " buckets are served";
    return std::nullopt;
  };
  return o;
}

}  // namespace

TEST_CASE("shard: buckets move and no acknowledged write is lost, nor has one two owners, whatever fails",
          "[shard][migration][sweep]") {
  moved_in_all = 0;
  test::sweep(ordeal);
  CHECK(moved_in_all > 500);
}

TEST_CASE("shard: every planted bug of moving buckets is found, and its schedule of faults shortened",
          "[shard][migration][hunt]") {
  test::hunt(kShardBugs, ordeal);
}

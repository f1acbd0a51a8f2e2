// Primary-backup under everything at once: in sync with each kind of fencing it loses nothing and answers as
// one store would; in the other modes it says what it lost; and each planted bug is found.
#include <catch2/catch.hpp>

#include "core/replicate/primary_backup.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/crash.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;
using Bug = PrimaryBackupBug;

namespace {

std::function<std::vector<NodeId>(World&)> building(const PrimaryBackupOptions& options, std::size_t count) {
  return [options, count](World& world) {
    PrimaryBackupOptions o = options;
    const std::vector<NodeId> nodes =
        test::add_replicas(world, "kv", count, [&](auto members) -> NodeFactory {
          o.replica.replicas = members;
          return [o] { return std::make_unique<PrimaryBackup>(o); };
        });
    const MonitorOptions monitor = monitor_of(o, count, [&world](NodeId node) {
      world.inject(make_crash({.target = world.name_of(node), .power = true}), 300ms);
    });
    REQUIRE(world.add_node("kv-monitor", [monitor] { return std::make_unique<Monitor>(monitor); }).ok());
    return nodes;
  };
}

test::Ordeal any_ordeal(std::uint64_t seed, std::size_t count, const PrimaryBackupOptions& options) {
  test::Ordeal o;
  o.world = {.seed = seed,
             .trace_keep = 0,
             .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.001})}};
  o.build = building(options, count);
  o.watch = options.replica.log.watch;
  o.clients = test::clients_that_read(seed % 2 == 0 ? 0.9 : 0.3);
  return o;
}

test::Ordeal ordeal(std::uint64_t seed, Bug bug) {
  PrimaryBackupOptions options;
  const std::size_t count = 3 + seed % 3;
  options.bug = bug;
  options.replica.log.watch = std::make_shared<LogWatch>();
  options.replica.log.snapshot_after = seed % 2 == 0 ? 20 : 0;
  options.replica.batch = seed % 7 == 0 ? 1 : 64;
  if (seed % 5 < 2) options.copies = count / 2;
  options.replica.fencing = static_cast<Fencing>(1 + seed / 5 % 3);
  // Below the timeout a lease is over before anybody is missed; above it the monitor has to wait.
  if (seed % 3 == 0) options.replica.lease = 500ms;
  // What a bug needs to show at all.
  if (bug == Bug::promotes_any) options.copies = count / 2;
  if (bug == Bug::drops_unasked || bug == Bug::admits_too_early) options.copies.reset();
  if (bug == Bug::reads_unasked || bug == Bug::ignores_epochs) options.replica.fencing = Fencing::epoch;
  if (bug == Bug::lease_without_bound) {
    options.replica.fencing = Fencing::lease;
    options.replica.lease = 500ms;
  }
  if (bug == Bug::commits_older_epoch) {
    options.replica.batch = 1;
    options.replica.heartbeat = 20ms;
    options.replica.timeout = 60ms;
    options.replica.fencing = Fencing::epoch;
    options.copies = count / 2;
  }
  if (bug == Bug::snapshot_forgets_clients) options.replica.log.snapshot_after = 2;
  test::Ordeal o = any_ordeal(seed, count, options);
  // Primaries that fall one after the other with entries that only some have.
  if (bug == Bug::commits_older_epoch) {
    o.world.link.latency = make_uniform({.low = 0.001, .high = 0.03});
    o.faults = {make_chaos({.faults = {make_crash({.target = "primaries", .disk = CrashDisk::all})},
                            .every = 150ms,
                            .lasting = 500ms,
                            .at_once = 2,
                            .span = 6s})};
  }
  // Machines that lose their power one after the other, and what their slow disks had not synced.
  if (bug == Bug::acks_before_disk) {
    o.world.disk.sync_time = make_constant({.value = 0.02});
    o.faults = {make_chaos({.faults = {make_crash({.target = "primaries", .power = true}),
                                       make_crash({.target = "one", .power = true})},
                            .every = 150ms,
                            .lasting = 600ms,
                            .at_once = 3,
                            .span = 6s})};
  }
  if (bug == Bug::snapshot_forgets_clients) {
    // All replicas come back from their snapshots while requests are asked again.
    o.world.link.loss = 0.1;
    o.faults = {make_chaos({.faults = {make_crash({.target = "all", .power = true, .disk = CrashDisk::all})},
                            .every = 300ms,
                            .lasting = 200ms,
                            .span = 6s})};
  }
  return o;
}

}  // namespace

TEST_CASE(
    "primary_backup: in sync and fenced it keeps what it acknowledged, and answers as one store, whatever "
    "fails",
    "[replicate][primary_backup][sweep]") {
  test::sweep<Bug>(ordeal);
}

TEST_CASE("primary_backup: every planted bug is found, and its schedule of faults shortened",
          "[replicate][primary_backup][hunt]") {
  test::hunt(kPrimaryBackupBugs, ordeal);
}

TEST_CASE(
    "primary_backup: what semi-sync, async and shipping lose is reported by whoever drops it, whatever fails",
    "[replicate][primary_backup][sweep]") {
  std::uint64_t lost = 0;
  test::sweep([&](std::uint64_t seed) {
    PrimaryBackupOptions options;
    const std::size_t count = 2 + seed % 3;
    options.mode = seed % 4 == 0 ? PrimaryBackupMode::semi_sync : PrimaryBackupMode::async;
    if (seed % 4 > 1) options.ship_every = 200ms;
    options.ships_snapshots = seed % 4 == 3;
    options.semi_timeout = 200ms;
    options.replica.fencing = static_cast<Fencing>(1 + seed / 4 % 3);
    auto watch = std::make_shared<LogWatch>(true);
    options.replica.log.watch = watch;
    options.replica.log.snapshot_after = 0;
    test::Ordeal o = any_ordeal(seed, count, options);
    o.judge = [&lost, watch, count](World& world, const Clients&) -> std::optional<std::string> {
      const auto log = [&](std::size_t i) -> const ReplicaLog& {
        const NodeId node = *world.find("kv-" + std::to_string(i));
        return dynamic_cast<const PrimaryBackup&>(*world.host(node).node()).log();
      };
      for (std::size_t i = 1; i <= count; ++i) {
        if (log(i).committed() != log(1).last() || log(i).last_epoch() != log(1).last_epoch()) {
          return "the replicas have not come together: " + world.show().json();
        }
      }
      const auto losses = watch->losses([&](std::uint64_t index) -> std::uint64_t {
        if (index < log(1).base()) return ~std::uint64_t{0};
        return index > log(1).last() ? 0 : log(1).epoch_at(index);
      });
      // Who is sent a snapshot does not see which of its entries are not in it.
      if (losses.unreported > 0 && log(1).snapshot_index() == 0)
        return std::to_string(losses.unreported) + " lost writes are not reported";
      lost += losses.lost;
      return std::nullopt;
    };
    return o;
  });
  CHECK(lost > 0);
}

// Chain replication under everything at once, and with each planted bug.
#include <catch2/catch.hpp>

#include "core/replicate/chain.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/crash.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;
using Bug = ChainBug;

namespace {

test::Ordeal ordeal(std::uint64_t seed, Bug bug) {
  ChainOptions options;
  const std::size_t count = 3 + seed % 3;
  options.bug = bug;
  options.reads_anywhere = seed % 5 < 2;
  options.replica.log.watch = std::make_shared<LogWatch>();
  options.replica.log.snapshot_after = seed % 2 == 0 ? 20 : 0;
  options.replica.batch = seed % 7 == 0 ? 1 : 64;
  if (seed % 3 == 0) options.replica.lease = 500ms;
  // What a bug needs to show at all.
  if (bug == Bug::reads_dirty) options.reads_anywhere = true;
  if (bug == Bug::tail_reads_early) options.reads_anywhere = false;
  if (bug == Bug::snapshot_forgets_clients) options.replica.log.snapshot_after = 2;
  test::Ordeal o;
  o.world = {.seed = seed,
             .trace_keep = 0,
             .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.001})}};
  o.watch = options.replica.log.watch;
  o.build = [options, count](World& world) {
    ChainOptions own = options;
    const std::vector<NodeId> nodes =
        test::add_replicas(world, "kv", count, [&](auto members) -> NodeFactory {
          own.replica.replicas = members;
          return [own] { return std::make_unique<Chain>(own); };
        });
    const MonitorOptions monitor = monitor_of(own);
    REQUIRE(world.add_node("kv-monitor", [monitor] { return std::make_unique<Monitor>(monitor); }).ok());
    return nodes;
  };
  o.clients = test::clients_that_read(seed % 2 == 0 ? 0.9 : 0.3);
  if (bug == Bug::snapshot_forgets_clients) {
    o.world.link.loss = 0.1;
    o.faults = {make_chaos({.faults = {make_crash({.target = "all", .power = true, .disk = CrashDisk::all})},
                            .every = 300ms,
                            .lasting = 200ms,
                            .span = 6s})};
  }
  return o;
}

}  // namespace

TEST_CASE("chain: its invariants hold at every step, and its histories are linearizable, whatever fails",
          "[replicate][chain][sweep]") {
  test::sweep<Bug>(ordeal);
}

TEST_CASE("chain: every planted bug is found, and its schedule of faults shortened",
          "[replicate][chain][hunt]") {
  test::hunt(kChainBugs, ordeal);
}

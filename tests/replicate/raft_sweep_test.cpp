// Raft under everything at once: its invariants at every step, its histories at the end; and the same with
// each planted bug, which must be found.
#include <catch2/catch.hpp>

#include "core/replicate/raft.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/partition.hpp"
#include "tests/replicate/ordeal.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

// Asks for members to be added and removed, all the time.
class Churn {
 public:
  Churn(World& world, std::vector<NodeId> nodes)
      : world_(world),
        nodes_(std::move(nodes)),
        self_(*world.add_client("operator", {.kind = "clients"})),
        rng_(world.rng("operator")) {
    next();
  }

 private:
  void next() {
    world_.env(self_).after(Duration(static_cast<std::int64_t>(rng_.below(800'000'000))), [this] {
      const NodeId node = nodes_[rng_.below(nodes_.size())];
      const NodeId asked = nodes_[rng_.below(nodes_.size())];
      const char* type = rng_.chance(0.5) ? "add_member" : "remove_member";
      world_.env(self_).call(asked, {type, Value::map({{"name", world_.name_of(node)}})}, 1s,
                             [](const Result&) {});
      next();
    });
  }

  World& world_;
  std::vector<NodeId> nodes_;
  NodeId self_;
  Rng rng_;
};

RaftOptions options_for(std::uint64_t seed, RaftBug bug) {
  RaftOptions o;
  o.bug = bug;
  o.watch = std::make_shared<LogWatch>();
  o.reads = static_cast<RaftReads>(seed / 3 % 3);
  o.snapshot_after = seed % 2 == 0 ? 20 : 0;
  o.pre_vote = seed % 5 != 0;
  o.batch = seed % 7 == 0 ? 1 : 64;
  // What a bug needs to show at all.
  if (bug == RaftBug::stale_reads || bug == RaftBug::reads_before_own_entry) o.reads = RaftReads::index;
  if (bug == RaftBug::lease_without_bound) o.reads = RaftReads::lease;
  if (bug == RaftBug::snapshot_forgets_clients || bug == RaftBug::snapshot_keeps_state) o.snapshot_after = 2;
  if (bug == RaftBug::commits_older_term) o.batch = 1;
  return o;
}

std::vector<FaultPtr> faults_for(RaftBug bug) {
  // What a rare bug needs: leaders that fall one after the other with entries that only some have (figure 8)
  // ...
  if (bug == RaftBug::commits_older_term) {
    return {make_chaos({.faults = {make_crash({.target = "primaries", .disk = CrashDisk::all})},
                        .every = 200ms,
                        .lasting = 700ms,
                        .at_once = 2,
                        .span = 6s})};
  }
  // ... or all replicas that come back from their snapshots while requests are asked again ...
  if (bug == RaftBug::snapshot_forgets_clients) {
    return {make_chaos({.faults = {make_crash({.target = "all", .power = true, .disk = CrashDisk::all})},
                        .every = 300ms,
                        .lasting = 200ms,
                        .span = 6s})};
  }
  // ... or leaders that are cut off from all but their clients.
  if (bug == RaftBug::lease_without_bound) {
    return {make_chaos(
        {.faults = {make_partition({.target = "primaries"})}, .every = 300ms, .lasting = 600ms, .span = 6s})};
  }
  return test::all_faults();
}

test::Ordeal ordeal(std::uint64_t seed, RaftBug bug) {
  test::Ordeal o;
  // A slow disk keeps the moment open in which something is sent but not yet synced.
  o.world = {
      .seed = seed,
      .trace_keep = 0,
      .link = {.latency =
                   bug == RaftBug::commits_older_term ? make_uniform({.low = 0.001, .high = 0.04}) : nullptr,
               .loss = bug == RaftBug::snapshot_forgets_clients ? 0.1 : 0.0},
      .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.001})}};
  RaftOptions options = options_for(seed, bug);
  options.voters = 3 + seed % 3;
  o.watch = options.watch;
  o.build = [options](World& world) {
    return test::add_replicas(world, "kv", options.voters + 1, [&](auto members) -> NodeFactory {
      RaftOptions own = options;
      own.members = members;
      return [own] { return std::make_unique<Raft>(own); };
    });
  };
  // Readers find stale answers; writers make logs differ.
  o.clients = test::clients_that_read(seed % 2 == 0 ? 0.95 : 0.3);
  o.company = [](World& world, const std::vector<NodeId>& nodes) -> std::shared_ptr<void> {
    return std::make_shared<Churn>(world, nodes);
  };
  o.faults = faults_for(bug);
  return o;
}

}  // namespace

TEST_CASE("raft: its invariants hold at every step, and its histories are linearizable, whatever fails",
          "[replicate][raft][sweep]") {
  test::sweep(ordeal);
}

TEST_CASE("raft: every planted bug is found, and its schedule of faults shortened",
          "[replicate][raft][hunt]") {
  test::hunt(kRaftBugs, ordeal);
}

// Raft under everything at once: its invariants at every step, its histories at the end; and the same with
// each planted bug, which must be found.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "core/check/linearizable.hpp"
#include "core/replicate/raft.hpp"
#include "core/sim/clients.hpp"
#include "core/sim/explore.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/clock_drift.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/delay.hpp"
#include "core/sim/fault/disk_torn.hpp"
#include "core/sim/fault/duplicate.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/partition.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/random_partitions.hpp"
#include "core/sim/fault/reorder.hpp"
#include "core/sim/world.hpp"

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
  o.watch = std::make_shared<RaftWatch>();
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
  return {make_random_partitions({.every = 1500ms, .span = 6s}),
          make_chaos({.faults = {make_crash({.target = "one", .disk = CrashDisk::prefix}),
                                 make_crash({.target = "primaries", .disk = CrashDisk::synced}),
                                 make_crash({.target = "minority", .power = true}),
                                 make_crash({.target = "all", .power = true}), make_pause({.target = "one"}),
                                 make_loss({.probability = 0.3, .correlation = 0.5}),
                                 make_duplicate({.probability = 0.3}),
                                 make_delay({.by = 100ms, .jitter = 100ms, .probability = 0.05}),
                                 make_reorder({.by = 50ms, .probability = 0.3}),
                                 make_clock_drift({.target = "one", .ppm = 9000}),
                                 make_disk_torn({.target = "all"})},
                      .every = 500ms,
                      .lasting = 600ms,
                      .at_once = 3,
                      .span = 6s})};
}

Trial run(std::uint64_t seed, const FaultSchedule* schedule, RaftBug bug,
          std::uint64_t* operations = nullptr) {
  // A slow disk keeps the moment open in which something is sent but not yet synced.
  World world(
      {.seed = seed,
       .trace_keep = 0,
       .link = {.latency =
                    bug == RaftBug::commits_older_term ? make_uniform({.low = 0.001, .high = 0.04}) : nullptr,
                .loss = bug == RaftBug::snapshot_forgets_clients ? 0.1 : 0.0},
       .disk = {.sync_time = make_constant({.value = seed % 4 == 0 ? 0.02 : 0.001})}});
  const std::size_t voters = 3 + seed % 3;
  RaftOptions options = options_for(seed, bug);
  options.voters = voters;
  auto members = std::make_shared<std::vector<NodeId>>();
  options.members = members;
  *members = *world.add_group("kv", voters + 1, [&](std::size_t) -> NodeFactory {
    return [options] { return std::make_unique<Raft>(options); };
  });
  const NodeId asking = *world.add_client("clients", {.kind = "clients"});
  // Readers find stale answers; writers make logs differ.
  const double read = seed % 2 == 0 ? 0.95 : 0.3;
  Clients clients(world, asking,
                  {.count = 6,
                   .to = *members,
                   .read = read,
                   .write = (1 - read) * 0.7,
                   .cas = (1 - read) * 0.3,
                   .keys = [](Rng& rng) { return Value(static_cast<int>(rng.below(2))); },
                   .timeout = 300ms,
                   .retries = 5});
  Churn churn(world, *members);
  if (schedule != nullptr) {
    plan(world, *schedule);
  } else {
    const auto inject = [&](FaultPtr fault) {
      const auto injected = world.inject(std::move(fault));
      INFO((injected.ok() ? "" : injected.error().message));
      REQUIRE(injected.ok());
    };
    for (FaultPtr& fault : faults_for(bug)) inject(std::move(fault));
  }
  Trial trial;
  const auto& violation = options.watch->violation();
  world.run_until([&] { return violation.has_value(); }, Instant(8s));
  if (!violation) {
    clients.stop();
    world.run_until([&] { return violation.has_value(); }, world.now() + 2s);
  }
  trial.schedule = schedule_of(world.faults());
  if (violation) {
    trial.violation = violation;
    return trial;
  }
  // A history that takes too long to judge proves nothing.
  const Expected<Verdict> verdict = check_linearizable(clients.history(), **model_named("register"),
                                                       {.steps_max = 200'000, .shorten = false});
  REQUIRE(verdict.ok());
  if (verdict->outcome == Outcome::violated) trial.violation = verdict->message;
  if (operations != nullptr) *operations += clients.ok();
  return trial;
}

std::uint64_t seeds(std::uint64_t usual) {
  const char* given = std::getenv("SYSLAB_SEEDS");
  return given == nullptr ? usual : std::strtoull(given, nullptr, 10);
}

}  // namespace

TEST_CASE("raft: its invariants hold at every step, and its histories are linearizable, whatever fails",
          "[replicate][raft][sweep]") {
  std::uint64_t operations = 0;
#ifdef __SANITIZE_ADDRESS__
  const std::uint64_t count = seeds(10);
#else
  const std::uint64_t count = seeds(100);
#endif
  const auto finding =
      explore([&](std::uint64_t seed,
                  const FaultSchedule* schedule) { return run(seed, schedule, RaftBug::none, &operations); },
              1, count, 0);
  if (finding) FAIL("seed " << finding->seed << ": " << finding->violation);
  CHECK(operations > 100 * count);
}

TEST_CASE("raft: every planted bug is found, and its schedule of faults shortened",
          "[replicate][raft][sweep]") {
  for (const std::string_view name : raft_bug_names()) {
    const RaftBug bug = *parse_raft_bug(name);
#ifdef __SANITIZE_ADDRESS__  // ten times slower
    if (static_cast<int>(bug) % 5 != 0) continue;
#endif
    const auto finding =
        explore([&](std::uint64_t seed, const FaultSchedule* schedule) { return run(seed, schedule, bug); },
                1, 1000, 30);
    INFO(name);
    CHECK(finding.has_value());
    if (!finding) continue;
    INFO("seed " << finding->seed << ", " << finding->schedule.size() << " faults: " << finding->violation);
    CHECK(finding->schedule.size() <= finding->faults);
    const Trial again = run(finding->seed, &finding->schedule, bug);
    CHECK(again.violation == finding->violation);
    const Trial sound = run(finding->seed, &finding->schedule, RaftBug::none);
    CHECK(!sound.violation);
  }
}

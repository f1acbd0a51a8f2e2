#include "tests/replicate/ordeal.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "core/check/linearizable.hpp"
#include "core/sim/fault/chaos.hpp"
#include "core/sim/fault/clock_drift.hpp"
#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/delay.hpp"
#include "core/sim/fault/disk_torn.hpp"
#include "core/sim/fault/duplicate.hpp"
#include "core/sim/fault/loss.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/fault/random_partitions.hpp"
#include "core/sim/fault/reorder.hpp"

namespace syslab::test {

using namespace std::chrono_literals;

namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kSweep = 10;
constexpr std::size_t kHuntEvery = 5;
#else
constexpr std::uint64_t kSweep = 100;
constexpr std::size_t kHuntEvery = 1;
#endif

}  // namespace

ClientsOptions clients_that_read(double share) {
  ClientsOptions o;
  o.count = 6;
  o.read = share;
  o.write = (1 - share) * 0.7;
  o.cas = (1 - share) * 0.3;
  o.keys = [](Rng& rng) { return Value(static_cast<int>(rng.below(2))); };
  o.timeout = 300ms;
  o.retries = 5;
  return o;
}

ClientsOptions usual_clients() {
  return clients_that_read(0.5);
}

std::vector<FaultPtr> all_faults(Duration span, const LinkTarget& duplicates) {
  return {make_random_partitions({.every = 1500ms, .span = span}),
          make_chaos({.faults = {make_crash({.target = "one", .disk = CrashDisk::prefix}),
                                 make_crash({.target = "primaries", .disk = CrashDisk::synced}),
                                 make_crash({.target = "minority", .power = true}),
                                 make_crash({.target = "all", .power = true}), make_pause({.target = "one"}),
                                 make_loss({.probability = 0.3, .correlation = 0.5}),
                                 make_duplicate({.links = duplicates, .probability = 0.3}),
                                 make_delay({.by = 100ms, .jitter = 100ms, .probability = 0.05}),
                                 make_reorder({.by = 50ms, .probability = 0.3}),
                                 make_clock_drift({.target = "one", .ppm = 9000}),
                                 make_disk_torn({.target = "all"})},
                      .every = 500ms,
                      .lasting = 600ms,
                      .at_once = 3,
                      .span = span})};
}

std::vector<NodeId> add_replicas(World& world, const std::string& name, std::size_t count,
                                 const ReplicaFactory& replica) {
  auto members = std::make_shared<std::vector<NodeId>>();
  const Expected<std::vector<NodeId>> added =
      world.add_group(name, count, [&](std::size_t) { return replica(members); });
  REQUIRE(added.ok());
  *members = *added;
  return *members;
}

std::optional<std::string> judge_linearizable(World&, const Clients& clients) {
  const Expected<Verdict> verdict = check_linearizable(clients.history(), **model_named("register"),
                                                       {.steps_max = 200'000, .shorten = false});
  REQUIRE(verdict.ok());
  if (verdict->outcome == Outcome::violated) return verdict->message;
  return std::nullopt;
}

Trial undergo(const Ordeal& ordeal, const FaultSchedule* schedule, std::uint64_t* operations) {
  World world(ordeal.world);
  const std::vector<NodeId> replicas = ordeal.build(world);
  const NodeId asking = *world.add_client("clients", {.kind = "clients"});
  ClientsOptions options = ordeal.clients;
  options.to = replicas;
  Clients clients(world, asking, std::move(options));
  const std::shared_ptr<void> company = ordeal.company == nullptr ? nullptr : ordeal.company(world, replicas);
  if (schedule != nullptr) {
    plan(world, *schedule);
  } else {
    for (const FaultPtr& fault : ordeal.faults) {
      const Expected<FaultId> injected = world.inject(fault);
      INFO((injected.ok() ? "" : injected.error().message));
      REQUIRE(injected.ok());
    }
  }
  Trial trial;
  const auto violated = [&] { return ordeal.watch != nullptr && ordeal.watch->violation().has_value(); };
  world.run_until(violated, Instant(ordeal.lasting));
  if (!violated()) {
    clients.stop();
    world.run_until(violated, world.now() + ordeal.settling);
  }
  trial.schedule = schedule_of(world.faults());
  trial.violation = violated() ? ordeal.watch->violation() : ordeal.judge(world, clients);
  if (operations != nullptr) *operations += clients.ok();
  return trial;
}

void sweep(const std::function<Ordeal(std::uint64_t seed)>& ordeal, std::uint64_t least) {
  const char* given = std::getenv("SYSLAB_SEEDS");
  const std::uint64_t seeds = given == nullptr ? kSweep : std::strtoull(given, nullptr, 10);
  REQUIRE(seeds > 0);
  std::uint64_t operations = 0;
  const auto finding =
      explore([&](std::uint64_t seed,
                  const FaultSchedule* schedule) { return undergo(ordeal(seed), schedule, &operations); },
              1, seeds, 0);
  if (finding) FAIL("seed " << finding->seed << ": " << finding->violation);
  CHECK(operations > least * seeds);
}

bool skips_hunt(std::size_t bug) {
  return bug % kHuntEvery != 0;
}

void hunt(std::string_view bug, const std::function<Ordeal(std::uint64_t seed)>& mutant,
          const std::function<Ordeal(std::uint64_t seed)>& sound) {
  const auto finding = explore(
      [&](std::uint64_t seed, const FaultSchedule* schedule) { return undergo(mutant(seed), schedule); }, 1,
      1000, 30);
  INFO(bug);
  CHECK(finding.has_value());
  if (!finding) return;
  INFO("seed " << finding->seed << ", " << finding->faults << " faults shortened to "
               << finding->schedule.size() << ": " << finding->violation);
  CHECK(finding->schedule.size() <= finding->faults);
  CHECK(undergo(mutant(finding->seed), &finding->schedule).violation == finding->violation);
  CHECK(!undergo(sound(finding->seed), &finding->schedule).violation);
}

}  // namespace syslab::test

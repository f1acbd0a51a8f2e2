#include "core/sim/explore.hpp"

#include <catch2/catch.hpp>

#include "core/sim/fault/crash.hpp"
#include "core/sim/fault/pause.hpp"
#include "core/sim/world.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

// Goes wrong from seed 5 on where the faults at 3 s and at 6 s are both in the schedule.
Trial fails_with_two(std::uint64_t seed, const FaultSchedule* schedule) {
  Trial trial;
  if (schedule != nullptr) {
    trial.schedule = *schedule;
  } else {
    for (int i = 0; i < 9; ++i) {
      trial.schedule.push_back({Instant(i * 1s), make_pause({.target = "node"}), 1s});
    }
  }
  int found = 0;
  for (const PlannedFault& fault : trial.schedule) {
    if (fault.at == Instant(3s) || fault.at == Instant(6s)) ++found;
  }
  if (seed >= 5 && found == 2) trial.violation = "two faults";
  return trial;
}

}  // namespace

TEST_CASE("explore: finds the first seed that goes wrong and leaves out every fault that can be spared",
          "[sim][explore]") {
  const auto finding = explore(fails_with_two, 1, 100);
  REQUIRE(finding.has_value());
  CHECK(finding->seed == 5);
  CHECK(finding->seeds == 5);
  CHECK(finding->faults == 9);
  CHECK(finding->violation == "two faults");
  REQUIRE(finding->schedule.size() == 2);
  CHECK(finding->schedule[0].at == Instant(3s));
  CHECK(finding->schedule[1].at == Instant(6s));
  CHECK(fails_with_two(finding->seed, &finding->schedule).violation.has_value());
}

TEST_CASE("explore: nothing where all seeds go well, and no more runs than allowed", "[sim][explore]") {
  CHECK(!explore(fails_with_two, 1, 4).has_value());
  const auto finding = explore(fails_with_two, 5, 1, 3);
  REQUIRE(finding.has_value());
  CHECK(finding->runs <= 1 + 3);
  CHECK(fails_with_two(finding->seed, &finding->schedule).violation.has_value());
}

TEST_CASE("explore: what the faults of one world did can be planned in another, with the same digest",
          "[sim][explore]") {
  const auto build = [](World& world) {
    REQUIRE(world.add_service("a").ok());
    REQUIRE(world.add_service("b").ok());
  };
  World first({.seed = 3});
  build(first);
  REQUIRE(first.at(Instant(1s), make_crash({.target = "one"}), 2s).ok());
  REQUIRE(first.at(Instant(2s), make_pause({.target = "b"})).ok());
  first.run(5s);
  const FaultSchedule schedule = schedule_of(first.faults());
  REQUIRE(schedule.size() == 2);
  CHECK(schedule[0].lasting == Duration(2s));
  CHECK(!schedule[1].lasting.has_value());

  World second({.seed = 3});
  build(second);
  plan(second, schedule);
  second.run(5s);
  CHECK(second.digest() == first.digest());
}

#include <catch2/catch.hpp>

#include "core/compute/step_scaling.hpp"
#include "core/compute/target_tracking.hpp"

using namespace syslab;
using namespace std::chrono_literals;

namespace {

// Reads the same metric once a minute; what is wanted after each reading.
std::vector<std::size_t> readings(ScalingPolicy& policy, int minutes, double metric, std::size_t warm,
                                  std::size_t ordered, Duration from = 0s) {
  std::vector<std::size_t> wanted;
  for (int i = 1; i <= minutes; ++i)
    wanted.push_back(policy.desired({Instant(from) + i * 60s, metric, warm, ordered}));
  return wanted;
}

using Wanted = std::vector<std::size_t>;

}  // namespace

TEST_CASE("target tracking: the third reading above the target orders what brings it there", "[compute]") {
  const auto policy = make_target_tracking({.target = 0.5});
  CHECK(readings(*policy, 4, 0.9, 10, 10) == Wanted{10, 10, 18, 18});
}

TEST_CASE("target tracking: a reading at the target breaks the row", "[compute]") {
  const auto policy = make_target_tracking({.target = 0.5});
  CHECK(readings(*policy, 2, 0.9, 10, 10) == Wanted{10, 10});
  CHECK(policy->desired({Instant(180s), 0.5, 10, 10}) == 10);
  CHECK(readings(*policy, 3, 0.9, 10, 10, 180s) == Wanted{10, 10, 18});
}

TEST_CASE("target tracking: what still starts is not ordered twice", "[compute]") {
  const auto policy = make_target_tracking({.target = 0.5, .datapoints_out = 1});
  CHECK(policy->desired({Instant(60s), 0.9, 10, 10}) == 18);
  CHECK(policy->desired({Instant(120s), 0.9, 10, 18}) == 18);
  CHECK(policy->desired({Instant(180s), 1.0, 10, 18}) == 20);
}

TEST_CASE("target tracking: a saturated metric only doubles a fleet whose target is a half", "[compute]") {
  const auto policy = make_target_tracking({.target = 0.5, .datapoints_out = 1});
  CHECK(policy->desired({Instant(60s), 1, 4, 4}) == 8);
  CHECK(policy->desired({Instant(120s), 1, 8, 8}) == 16);
}

TEST_CASE("target tracking: in after fifteen readings well below, and not soon after another change",
          "[compute]") {
  const auto policy = make_target_tracking({.target = 0.5});
  Wanted wanted = readings(*policy, 15, 0.2, 10, 10);
  CHECK(wanted[13] == 10);
  CHECK(wanted[14] == 4);
  policy->reset();
  CHECK(readings(*policy, 20, 0.46, 10, 10).back() == 10);  // within the margin of a tenth

  const auto quick = make_target_tracking({.target = 0.5, .datapoints_out = 1, .datapoints_in = 1});
  CHECK(quick->desired({Instant(60s), 0.9, 10, 10}) == 18);
  CHECK(quick->desired({Instant(120s), 0.1, 10, 18}) == 18);  // eight are still on their way
  CHECK(quick->desired({Instant(359s), 0.1, 18, 18}) == 18);
  CHECK(quick->desired({Instant(360s), 0.1, 18, 18}) == 4);
}

TEST_CASE("step scaling: the size of the breach picks the step, and what starts counts", "[compute]") {
  // The example of the AWS documentation: 60 % +10, 75 % +30, 85 % +40.
  const auto make = [] {
    return make_step_scaling(
        {.out = {{0.6, 10}, {0.75, 30}, {0.85, 40}}, .in = {{0.4, 10}, {0.2, 30}}, .datapoints = 1});
  };
  CHECK(make()->desired({Instant(60s), 0.59, 100, 100}) == 100);
  CHECK(make()->desired({Instant(60s), 0.6, 100, 100}) == 110);
  CHECK(make()->desired({Instant(60s), 0.8, 100, 100}) == 130);
  CHECK(make()->desired({Instant(60s), 1, 100, 100}) == 140);
  CHECK(make()->desired({Instant(60s), 0.4, 100, 100}) == 90);
  CHECK(make()->desired({Instant(60s), 0.1, 100, 100}) == 70);
  CHECK(make()->desired({Instant(60s), 0, 20, 20}) == 0);

  const auto policy = make();
  CHECK(policy->desired({Instant(60s), 0.6, 100, 100}) == 110);
  CHECK(policy->desired({Instant(120s), 0.8, 100, 110}) == 130);  // 20 more, not 30
  CHECK(policy->desired({Instant(180s), 0.7, 100, 130}) == 130);
}

TEST_CASE("step scaling: removing waits for the cooldown, adding does not, simple scaling does nothing",
          "[compute]") {
  const StepScalingOptions options{.out = {{0.6, 2}}, .in = {{0.3, 1}}, .datapoints = 1};
  const auto policy = make_step_scaling(options);
  CHECK(policy->desired({Instant(60s), 0.1, 10, 10}) == 9);
  CHECK(policy->desired({Instant(120s), 0.1, 9, 9}) == 9);
  CHECK(policy->desired({Instant(180s), 0.9, 9, 9}) == 11);  // in the cooldown of the removal
  CHECK(policy->desired({Instant(479s), 0.1, 11, 11}) == 11);
  CHECK(policy->desired({Instant(480s), 0.1, 11, 11}) == 10);

  StepScalingOptions simple = options;
  simple.simple = true;
  const auto old = make_step_scaling(simple);
  CHECK(old->desired({Instant(60s), 0.1, 10, 10}) == 9);
  CHECK(old->desired({Instant(180s), 0.9, 9, 9}) == 9);
  CHECK(old->desired({Instant(360s), 0.9, 9, 9}) == 11);
}

// Step scaling: how far the metric is above its alarm says how many machines are added or removed at once.
//
//   steps { {0.6, +10}, {0.75, +30}, {0.85, +40} }     the highest step at or below the metric counts
//   steps_in { {0.3, -1}, {0.1, -5} }                  the lowest step at or above the metric counts
//
// After `datapoints` readings in a row beyond the first step. Machines that are still starting count as
// added: of a second breach only the difference is ordered. Removing waits for `cooldown` after the last
// change; adding does not, unless `simple`: then each change, of either kind, is followed by a cooldown in
// which nothing is done at all (simple scaling, the older kind).
//
// Published: cooldown 300 s, and what it holds up (AWS, scaling cooldowns). Three datapoints: a default of
// ours.
#pragma once

#include <vector>

#include "core/compute/scaling.hpp"

namespace syslab {

struct StepScalingOptions {
  struct Step {
    double at = 0;
    std::size_t machines = 0;
  };
  std::vector<Step> out = {};  // added where the metric is >= at
  std::vector<Step> in = {};   // removed where the metric is <= at
  std::size_t datapoints = 3;
  Duration cooldown = std::chrono::seconds(300);
  bool simple = false;
};

// Requires: at least one datapoint; each step of `in` is below each of `out`.
ScalingPolicyPtr make_step_scaling(StepScalingOptions options);

}  // namespace syslab

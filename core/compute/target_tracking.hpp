// Target tracking: as many machines as bring the metric to its target.
//
//   desired = ceil(warm x metric / target)
//
// Out, when `datapoints_out` readings in a row are above the target; it does not wait for a cooldown, and
// machines that are still starting are subtracted from what it orders. In, when `datapoints_in` readings in a
// row are more than `margin` below the target, and not within `cooldown_in` after the last change.
//
// A metric that cannot exceed 1, such as a utilisation, hides how much is missing: a fleet that is ten times
// too small reads 1, and with a target of 0.5 it is only doubled each time. That is true of the real one,
// too.
//
// Published: 3 and 15 datapoints, margin 10 %, scale-in cooldown 300 s (docs as quoted in 2024).
#pragma once

#include "core/compute/scaling.hpp"

namespace syslab {

struct TargetTrackingOptions {
  double target = 0;
  std::size_t datapoints_out = 3;
  std::size_t datapoints_in = 15;
  double margin = 0.1;
  Duration cooldown_in = std::chrono::seconds(300);
};

// Requires: target > 0; at least one datapoint each; margin in [0, 1).
ScalingPolicyPtr make_target_tracking(TargetTrackingOptions options);

}  // namespace syslab

// ScalingPolicy: how many machines a fleet should have, from one reading of a metric after another.
//
// A pure decision: it starts and stops nothing (core/sim/autoscaler does), and it knows only what it is told,
// which is what makes autoscaling late: a reading is the average of a past minute, several of them have to
// agree, and machines that were ordered are not there yet.
//
// Cost: O(1) a reading, some ten words of state. Deterministic: depends only on its arguments.
// Source: AWS, Amazon EC2 Auto Scaling user guide (target tracking, step and simple scaling, cooldowns) and
// Application Auto Scaling; which numbers are published and which from memory is said at each.
#pragma once

#include <cstddef>
#include <memory>

#include "core/base/time.hpp"

namespace syslab {

struct ScalingReading {
  Instant now;              // ascending
  double metric = 0;        // averaged over the machines that are warm
  std::size_t warm = 0;     // machines that the metric speaks of; at least 1
  std::size_t ordered = 0;  // those, and the ones that start or warm up
};

class ScalingPolicy {
 public:
  virtual ~ScalingPolicy() = default;
  // How many machines there should be; `ordered` to change nothing. Called once a reading.
  virtual std::size_t desired(const ScalingReading& reading) = 0;
  // As freshly made.
  virtual void reset() = 0;
};
using ScalingPolicyPtr = std::unique_ptr<ScalingPolicy>;

}  // namespace syslab

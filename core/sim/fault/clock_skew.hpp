// The wall clock is off by a fixed amount until it is put right. The monotonic clock does not notice.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct ClockSkewOptions {
  Target target;
  Duration by{};  // negative: behind
};
FaultPtr make_clock_skew(ClockSkewOptions options);

}  // namespace syslab

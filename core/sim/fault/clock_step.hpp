// The wall clock jumps, forward or back, and stays so: an operator's mistake, a leap. Nothing to heal.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct ClockStepOptions {
  Target target;
  Duration by{};  // negative: back
};
FaultPtr make_clock_step(ClockStepOptions options);

}  // namespace syslab

// The oscillator runs fast (or slow, where ppm is negative): both clocks gain, timers of the node follow.
// Healed, the rate is right again and the wall clock is put right; the monotonic clock keeps what it gained.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct ClockDriftOptions {
  Target target;
  double ppm = 200;  // parts per million
};
// Requires: -500000 <= ppm <= 500000.
FaultPtr make_clock_drift(ClockDriftOptions options);

}  // namespace syslab

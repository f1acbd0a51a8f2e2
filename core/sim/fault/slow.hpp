// The node works `factor` times slower: service times, handling times and its disk. What is under way keeps
// its pace.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct SlowOptions {
  Target target;
  double factor = 10;
};
// Requires: factor > 0.
FaultPtr make_slow(SlowOptions options);

}  // namespace syslab

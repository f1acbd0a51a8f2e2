// Disk operations take `factor` times as long.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DiskSlowOptions {
  Target target;
  double factor = 10;
};
// Requires: factor > 0.
FaultPtr make_disk_slow(DiskSlowOptions options);

}  // namespace syslab

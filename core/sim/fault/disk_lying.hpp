// While it is active, sync reports success and syncs nothing. The first sync after it makes all durable.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DiskLyingOptions {
  Target target;
};
FaultPtr make_disk_lying(DiskLyingOptions options);

}  // namespace syslab

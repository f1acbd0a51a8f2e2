// No space: writes and appends fail with disk_full, which is definite. Reads, deletes and syncs work.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DiskFullOptions {
  Target target;
};
FaultPtr make_disk_full(DiskFullOptions options);

}  // namespace syslab

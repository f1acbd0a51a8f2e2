// The writes that are not yet synced are lost while the process runs: it no longer sees them, its next sync
// reports io_error, and the one after that succeeds although they are gone. This is what write-back failure
// looks like on some kernels. Happens once; nothing to heal.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DiskLostOptions {
  Target target;
};
FaultPtr make_disk_lost(DiskLostOptions options);

}  // namespace syslab

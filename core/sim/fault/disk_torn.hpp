// While it is active, a crash leaves the oldest write it loses half written.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DiskTornOptions {
  Target target;
};
FaultPtr make_disk_torn(DiskTornOptions options);

}  // namespace syslab

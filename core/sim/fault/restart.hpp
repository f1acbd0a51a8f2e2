// Starts a process that is down, on its disk or on a new one; one that runs is killed first. Nothing to heal.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct RestartOptions {
  Target target;
  bool wipe_disk = false;
};
FaultPtr make_restart(RestartOptions options);

}  // namespace syslab

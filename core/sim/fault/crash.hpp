// The process dies at once: its memory, timers, queue and the requests it holds are gone. What the crash
// leaves of unsynced writes is `disk`'s choice. With `power` the whole machine goes: nobody is told. Healed
// by a restart.
#pragma once

#include "core/sim/disk.hpp"
#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct CrashOptions {
  Target target;
  bool power = false;
  CrashDisk disk = CrashDisk::synced;
};
FaultPtr make_crash(CrashOptions options);

}  // namespace syslab

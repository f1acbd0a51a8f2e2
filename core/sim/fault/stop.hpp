// An orderly stop (see Host): a node gets on_stop, a service finishes what it serves. Healed by a start.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct StopOptions {
  Target target;
};
FaultPtr make_stop(StopOptions options);

}  // namespace syslab

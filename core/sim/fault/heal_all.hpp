// Takes back every fault that is active, random ones included. Planned faults that have not begun stay
// planned.
#pragma once

#include "core/sim/fault.hpp"

namespace syslab {

FaultPtr make_heal_all();

}  // namespace syslab

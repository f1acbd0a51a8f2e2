// Changes of configuration spread late: while it lasts, what a topic is told of its filters takes effect only
// after so long. What was already on its way keeps its time, and a restart of the process ends the fault for
// it.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct PropagationOptions {
  Target target;
  Duration delay = std::chrono::minutes(15);
};
FaultPtr make_propagation(PropagationOptions options);

}  // namespace syslab

// Nothing runs on the node: messages, timers and disk completions wait, in order, until it resumes.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct PauseOptions {
  Target target;
};
FaultPtr make_pause(PauseOptions options);

}  // namespace syslab

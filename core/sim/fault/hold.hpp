// Messages are kept at the far end of the links; nothing is lost, and all arrive, in order, when it is
// healed.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct HoldOptions {
  LinkTarget links = {};
};
FaultPtr make_hold(HoldOptions options);

}  // namespace syslab

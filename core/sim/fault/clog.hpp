// Messages are kept at the near end, in the sender's queue (limited by the link's queue_limit); when it is
// healed they leave in order, one after the other, and still take their latency.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct ClogOptions {
  LinkTarget links = {};
};
FaultPtr make_clog(ClogOptions options);

}  // namespace syslab

// Messages take longer: by `by`, give or take up to `jitter`, uniformly. They stay in order; what overtakes
// is reorder.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DelayOptions {
  LinkTarget links = {};
  Duration by = std::chrono::milliseconds(100);
  Duration jitter{};
  double probability = 1;
  double correlation = 0;
};
// Requires: by >= 0, jitter >= 0, 0 <= probability <= 1, 0 <= correlation < 1.
FaultPtr make_delay(DelayOptions options);

}  // namespace syslab

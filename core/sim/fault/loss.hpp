// Messages are lost with a probability, in bursts where they are correlated (see core/sim/network.hpp).
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct LossOptions {
  LinkTarget links = {};
  double probability = 0.1;
  double correlation = 0;
};
// Requires: 0 <= probability <= 1, 0 <= correlation < 1.
FaultPtr make_loss(LossOptions options);

}  // namespace syslab

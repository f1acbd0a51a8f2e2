// The links carry at most `rate` bytes a second; messages wait their turn. Of several limits the lowest
// holds.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct BandwidthOptions {
  LinkTarget links = {};
  double rate = 1e6;
};
// Requires: rate > 0.
FaultPtr make_bandwidth(BandwidthOptions options);

}  // namespace syslab

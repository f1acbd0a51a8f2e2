// Messages are delayed by `by` with a probability, and those behind them may overtake.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct ReorderOptions {
  LinkTarget links = {};
  Duration by = std::chrono::milliseconds(1);
  double probability = 0.1;
  double correlation = 0;
};
// Requires: by >= 0, 0 <= probability <= 1, 0 <= correlation < 1.
FaultPtr make_reorder(ReorderOptions options);

}  // namespace syslab

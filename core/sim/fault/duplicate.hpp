// Messages arrive twice with a probability. Both copies have the same id.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DuplicateOptions {
  LinkTarget links = {};
  double probability = 0.1;
  double correlation = 0;
};
// Requires: 0 <= probability <= 1, 0 <= correlation < 1.
FaultPtr make_duplicate(DuplicateOptions options);

}  // namespace syslab

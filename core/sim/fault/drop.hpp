// Messages of one type are lost, with a probability: "all votes", "every tenth append".
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct DropOptions {
  LinkTarget links = {};
  std::string type = {};  // empty: every type
  double probability = 1;
  double correlation = 0;
};
// Requires: 0 <= probability <= 1, 0 <= correlation < 1.
FaultPtr make_drop(DropOptions options);

}  // namespace syslab

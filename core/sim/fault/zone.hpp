// A whole zone goes dark: every machine in it loses power (what was not synced is lost). Healed, all start
// again.
#pragma once

#include <string>

#include "core/sim/fault.hpp"

namespace syslab {

struct ZoneOptions {
  std::string zone;
};
FaultPtr make_zone(ZoneOptions options);

}  // namespace syslab

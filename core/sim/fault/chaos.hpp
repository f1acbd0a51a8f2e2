// The chaos monkey: at random intervals it injects one of some faults, which pick their targets themselves,
// and heals each after a random time. Healed (or after `span`) it heals what it did and is quiet.
//
// It acts only through other faults, which are journaled in its place: a schedule of what it did replays
// without it.
#pragma once

#include <optional>
#include <vector>

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct ChaosOptions {
  std::vector<FaultPtr> faults = {};           // none: crash, pause, slow, partition and loss, of `target`
  Target target = {};                          // for the default faults; none: one
  Duration every = std::chrono::seconds(10);   // mean of the exponential gaps between injections
  Duration lasting = std::chrono::seconds(5);  // mean of the uniform times from half to one and a half of it
  std::size_t at_once = 1;                     // no more than so many of its faults at a time
  std::optional<Duration> span = std::nullopt;
};
// Requires: every > 0, lasting > 0, at_once > 0; no fault is null.
FaultPtr make_chaos(ChaosOptions options);

}  // namespace syslab

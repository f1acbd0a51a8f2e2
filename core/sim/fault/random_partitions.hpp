// One partition after the other, each of a random shape: one node, a minority, a majority, a ring or a
// bridge, both ways or one way.
#pragma once

#include "core/sim/fault.hpp"
#include "core/sim/target.hpp"

namespace syslab {

struct RandomPartitionsOptions {
  Target of = {};  // a group or a list of names; none: the pool of core/sim/target.hpp
  Duration every = std::chrono::seconds(10);       // mean time from one partition to the next
  std::optional<Duration> lasting = std::nullopt;  // mean; none: half of `every`
  std::optional<Duration> span = std::nullopt;     // for how long; none: until healed
};
// Requires: every > 0, lasting > 0.
FaultPtr make_random_partitions(RandomPartitionsOptions options);

}  // namespace syslab

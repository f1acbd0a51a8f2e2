// How well does a placement do? The two questions of every hash family, over many keys at once.
//
// spread(): how evenly are keys shared? moved(): which keys change their home when nodes come and go, and
// which of them needlessly? A move is needed where the old home has left, or where the new home has just
// come.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/hash/placement.hpp"

namespace syslab {

struct Spread {
  std::vector<std::uint64_t> keys;  // of each node, in the order of nodes()
  // The fullest node against its fair share (by weight), and the standard deviation of keys / fair share.
  double max_over_fair = 0;
  double deviation = 0;
};

// Requires: the placement has a node.
Spread spread(const Placement& placement, std::span<const std::uint64_t> keys);

struct Moved {
  std::uint64_t keys = 0;
  std::uint64_t moved = 0;
  std::uint64_t needless = 0;  // between two nodes that both were there before and after
};

// Nodes are the same where their names are. Requires: both have a node.
Moved moved(const Placement& before, const Placement& after, std::span<const std::uint64_t> keys);

}  // namespace syslab

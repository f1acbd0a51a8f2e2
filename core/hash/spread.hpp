// How well does a placement do? The two questions of every hash family, over many keys at once.
//
// spread(): how evenly are keys shared? moved(): which keys change their home when nodes come and go, and
// which of them needlessly? A move is needed where the old home has left, or where the new home has just
// come. Cost: one look-up a key and placement; 4 bytes a key while it runs.
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
  // Pearson's sum of (keys - fair)^2 / fair: about (nodes - 1) where every key draws its home by itself.
  double chi_square = 0;
};

// Of number keys, or of the nodes that places[i] names. Requires: there is a node.
Spread spread(const Placement& placement, std::span<const std::uint64_t> keys);
Spread spread_of_places(std::span<const PlacedNode> nodes, std::span<const std::uint32_t> places);

struct Moved {
  std::uint64_t keys = 0;
  std::uint64_t moved = 0;
  std::uint64_t needless = 0;         // between two nodes that both were there before and after
  std::vector<std::uint64_t> lost;    // keys that left each node of `before`
  std::vector<std::uint64_t> gained;  // keys that came to each node of `after`
};

// Nodes are the same where their names are. Of number keys, or of keys whose homes before and after are
// given; nodes are sorted by name. Requires: both have a node; `from` and `to` have one size.
Moved moved(const Placement& before, const Placement& after, std::span<const std::uint64_t> keys);
Moved moved_of_places(std::span<const PlacedNode> before, std::span<const std::uint32_t> from,
                      std::span<const PlacedNode> after, std::span<const std::uint32_t> to);
// The node of that name among nodes sorted by name; Placement::kNone where there is none.
std::size_t index_of(std::span<const PlacedNode> nodes, std::string_view name);

}  // namespace syslab

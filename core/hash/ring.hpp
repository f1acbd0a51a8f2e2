// Consistent hash ring: every node owns many points on a circle of 64-bit hashes; a key belongs to the next
// point.
//
// A node that comes takes keys only from others, and one that leaves gives only its own away: exactly the
// keys that must move do. The shares vary by about 1/sqrt(points): 8 % with 160 points a node. A node of
// weight w has round(w * points) points, at least one.
//
// Cost: place is O(1) expected (about 4 ns), by an index on the upper bits of the hash; adding or removing a
// node of a ring with P points is O(P log P) (1000 nodes: 15 ms); 20 to 24 bytes a point. Paper: Karger et
// al., "Consistent hashing and random trees", STOC 1997. 160 points: libketama.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/hash/basic_placement.hpp"
#include "core/hash/circle.hpp"

namespace syslab {

struct RingOptions {
  std::vector<PlacedNode> nodes;  // names must differ
  std::uint32_t points = 160;     // of a node with weight 1
};

class Ring final : public BasicPlacement<Ring> {
 public:
  static constexpr std::string_view kName = "ring";
  static constexpr PlacementTraits kTraits{};
  // The most points of one node, and of all nodes together.
  static constexpr double kMostPoints = 1 << 20;
  static constexpr double kMostPointsOfAll = Circle<std::uint64_t>::kMostPoints;

  // Requires: points >= 1; different names; weights > 0; no more points than that.
  explicit Ring(RingOptions options);

  std::size_t place(std::uint64_t hash) const override { return circle_.owner_of(hash); }
  std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const override;
  std::size_t memory_bytes() const override { return circle_.memory_bytes(); }

  std::uint32_t points() const { return points_; }
  // The part of the circle that a node owns, 0 to 1: its share of ever more keys.
  double share(std::size_t node) const;

 private:
  friend class BasicPlacement<Ring>;
  void build(std::span<const std::uint32_t>);
  std::string room(const std::vector<PlacedNode>& nodes) const;
  std::string room_beside(const PlacedNode& node) const;
  void check() const { circle_.check(nodes_.size()); }

  std::uint32_t points_;
  Circle<std::uint64_t> circle_;
};

namespace internal {

// The points of a node of this weight, and those of all; kMostPoints bounds the sum, so that it fits an
// index.
std::uint64_t points_of(double weight, std::uint32_t points);
// Why so many points cannot be had: "" where they can.
std::string too_many_points(const std::vector<PlacedNode>& nodes, const PlacedNode* another,
                            std::uint32_t points);
// The circle of Ring and BoundedLoad: point i of a node is hash64(name, i), i from 1.
Circle<std::uint64_t> circle_of(const std::vector<PlacedNode>& nodes, std::uint32_t points);

}  // namespace internal
}  // namespace syslab

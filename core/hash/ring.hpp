// Consistent hash ring: every node owns many points on a circle of 64-bit hashes; a key belongs to the next
// point.
//
// A node that comes takes keys only from others, and one that leaves gives only its own away: exactly the
// keys that must move do. The shares vary by about 1/sqrt(points): 8 % with 160 points a node. A node of
// weight w has round(w * points) points, at least one.
//
// Cost: place is O(1) expected (about 4 ns), by an index on the upper bits of the hash; adding or removing a
// node of a ring with P points is O(P log P) (1000 nodes: 15 ms); about 24 bytes a point. Paper: Karger et
// al., "Consistent hashing and random trees", STOC 1997. 160 points: libketama.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/hash/placement.hpp"

namespace syslab {

struct RingOptions {
  std::vector<PlacedNode> nodes;  // names must differ
  std::uint32_t points = 160;     // of a node with weight 1
};

class Ring final : public Placement {
 public:
  // The most points of one node.
  static constexpr double kMostPoints = 1 << 20;

  // Requires: points >= 1; different names; weights > 0; weight * points <= kMostPoints.
  explicit Ring(RingOptions options);

  std::string_view name() const override { return "ring"; }
  bool add(PlacedNode node) override;
  bool remove(std::string_view name) override;
  std::size_t place(std::uint64_t hash) const override { return owners_[point_of(hash)]; }
  std::vector<std::size_t> place_replicas(std::uint64_t hash, std::size_t count) const override;
  void place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const override;
  std::unique_ptr<Placement> clone() const override { return std::make_unique<Ring>(*this); }
  void check_invariants() const override;

  std::uint32_t points() const { return points_; }
  // The part of the circle that a node owns, 0 to 1: its share of ever more keys.
  double share(std::size_t node) const;

 private:
  // The first point at or after the hash, around the circle.
  std::size_t point_of(std::uint64_t hash) const {
    std::size_t i = index_[hash >> shift_];
    while (hashes_[i] < hash) ++i;
    return i;
  }
  void build();

  std::uint32_t points_;
  // Sorted. The last one is a sentinel, at the end of the circle: it belongs to the owner of the first.
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> owners_;
  // For every value of the upper bits, the first point that is not before it.
  std::vector<std::uint32_t> index_;
  int shift_ = 0;
};

}  // namespace syslab

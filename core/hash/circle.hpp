// The circle of a hash ring: points that belong to nodes, sorted, and the first one at or after a hash.
//
// `Hash` is an unsigned type whose values are the places on the circle: 64 bits for our own rings, 32 for
// ketama's. The points of a node and their hashes are the caller's. Cost: build O(P log P) for P points;
// owner O(1) expected, about 4 ns, by an index on the upper bits of the hash; memory a point: 8 bytes, 4 to 8
// for the index (8 to 16 in a small ring), and 8 more where hashes have 64 bits.
//
//   upper bits   0     1     2     3
//   index_       0     2     2     5
//   points_      | a b |     | c d e | f g   end of the circle
//
// With one or more index entries a point, a look-up reads one of them and steps over half a point on average,
// where a binary search of 1000 nodes with 160 points each would take 17 dependent steps. What a look-up
// reads is kept small, so that it stays in the caches: the upper 32 bits of a point's hash and its owner side
// by side. The whole hash is read only where the upper half does not decide, once in 2^32 / P look-ups.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/base/assert.hpp"

namespace syslab {

template <class Hash>
class Circle {
 public:
  struct Point {
    Hash hash;
    std::uint32_t owner;
    // Nodes are sorted by name, so that even two points with one hash are in the same order in every ring.
    bool operator<(const Point& other) const {
      return hash != other.hash ? hash < other.hash : owner < other.owner;
    }
  };
  static constexpr std::size_t kMostPoints = 1 << 22;

  // Requires: at most kMostPoints.
  void build(std::vector<Point> points) {
    SYSLAB_ASSERT(points.size() <= kMostPoints);
    std::sort(points.begin(), points.end());
    points_.clear();
    hashes_.clear();
    index_.clear();
    if (points.empty()) return;
    const std::uint32_t first = points.front().owner;
    points.push_back({std::numeric_limits<Hash>::max(), first});
    points_.reserve(points.size());
    if constexpr (kHalved) hashes_.reserve(points.size());
    for (const Point& point : points) {
      points_.push_back({upper(point.hash), point.owner});
      if constexpr (kHalved) hashes_.push_back(point.hash);
    }
    const int bits = std::bit_width(points.size()) + (points.size() <= kFewPoints);
    shift_ = std::numeric_limits<Hash>::digits - bits;
    index_.resize(std::size_t{1} << bits);
    std::size_t point = 0;
    for (std::size_t i = 0; i < index_.size(); ++i) {
      while (points[point].hash < static_cast<Hash>(i) << shift_) ++point;
      index_[i] = static_cast<std::uint32_t>(point);
    }
  }

  // How many points there are, with the sentinel at the end of the circle, which is the first one again. 0
  // where there is none.
  std::size_t size() const { return points_.size(); }
  Hash hash(std::size_t point) const {
    if constexpr (kHalved) {
      return hashes_[point];
    } else {
      return points_[point].upper;
    }
  }
  std::uint32_t owner(std::size_t point) const { return points_[point].owner; }

  // The first point at or after the hash, around the circle. Requires: there is one.
  std::size_t point_of(Hash hash) const {
    const std::uint32_t half = upper(hash);
    std::size_t i = index_[hash >> shift_];
    i += points_[i].upper < half;  // no branch: it is taken or not at random, and a second step is rare
    while (points_[i].upper < half) ++i;
    if (kHalved && points_[i].upper == half) [[unlikely]]
      return among_equals(i, hash);
    return i;
  }
  std::uint32_t owner_of(Hash hash) const { return points_[point_of(hash)].owner; }

  // The first `count` different owners from the hash on. Requires: there are so many.
  std::vector<std::size_t> owners_from(Hash hash, std::size_t count) const {
    std::vector<std::size_t> out;
    for (std::size_t i = count > 0 ? point_of(hash) : 0; out.size() < count; ++i) {
      if (i == size()) i = 0;
      if (std::find(out.begin(), out.end(), owner(i)) == out.end()) out.push_back(owner(i));
    }
    return out;
  }

  std::size_t memory_bytes() const {
    return points_.capacity() * sizeof(HalfPoint) + hashes_.capacity() * sizeof(Hash) +
           index_.capacity() * sizeof(std::uint32_t);
  }

  void check(std::size_t nodes) const {
    if (nodes == 0) {
      SYSLAB_ASSERT(points_.empty());
      return;
    }
    SYSLAB_ASSERT(hash(size() - 1) == std::numeric_limits<Hash>::max() && owner(size() - 1) == owner(0));
    for (std::size_t i = 0; i < size(); ++i) {
      SYSLAB_ASSERT(owner(i) < nodes && points_[i].upper == upper(hash(i)));
      SYSLAB_ASSERT(i == 0 || hash(i - 1) <= hash(i));
      SYSLAB_ASSERT(hash(point_of(hash(i))) == hash(i));
    }
  }

 private:
  static constexpr bool kHalved = sizeof(Hash) == 8;
  static_assert(sizeof(Hash) == 4 || kHalved);
  struct HalfPoint {
    std::uint32_t upper;
    std::uint32_t owner;
  };
  // Up to here twice as many index entries are still in the processor's nearest caches, and a second step is
  // four times as rare.
  static constexpr std::size_t kFewPoints = 1 << 14;

  static std::uint32_t upper(Hash hash) {
    return static_cast<std::uint32_t>(hash >> (std::numeric_limits<Hash>::digits - 32));
  }
  // point_of() among the points from i on whose upper half is that of the hash.
  [[gnu::noinline]] std::size_t among_equals(std::size_t i, Hash hash) const {
    while (points_[i].upper == upper(hash) && hashes_[i] < hash) ++i;
    return i;
  }

  // Sorted. The last one is a sentinel, at the end of the circle: it belongs to the owner of the first.
  std::vector<HalfPoint> points_;
  std::vector<Hash> hashes_;  // of each point in full, where points_ has only half of it
  // For every value of the upper bits, the first point that is not before it.
  std::vector<std::uint32_t> index_;
  int shift_ = 0;
};

}  // namespace syslab

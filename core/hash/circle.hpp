// The circle of a hash ring: points that belong to nodes, sorted, and the first one at or after a hash.
//
// `Hash` is an unsigned type whose values are the places on the circle: 64 bits for our own rings, 32 for
// ketama's. The points of a node and their hashes are the caller's. Cost: build O(P log P) for P points;
// owner O(1) expected, about 4 ns, by an index on the upper bits of the hash; memory for P points:
// sizeof(Hash) + 4 a point and 8 to 16 for the index.
//
//   upper bits   0     1     2     3
//   index_       0     2     2     5
//   hashes_      | a b |     | c d e | f g   end of the circle
//
// With two to four index entries a point, a look-up reads one of them and steps over half a point on average,
// where a binary search of 1000 nodes with 160 points each would take 17 dependent steps.
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
    hashes_.clear();
    owners_.clear();
    index_.clear();
    if (points.empty()) return;
    hashes_.reserve(points.size() + 1);
    owners_.reserve(points.size() + 1);
    for (const Point& point : points) {
      hashes_.push_back(point.hash);
      owners_.push_back(point.owner);
    }
    hashes_.push_back(std::numeric_limits<Hash>::max());
    owners_.push_back(points.front().owner);
    const int bits = std::bit_width(points.size()) + 1;
    shift_ = std::numeric_limits<Hash>::digits - bits;
    index_.resize(std::size_t{1} << bits);
    std::size_t point = 0;
    for (std::size_t i = 0; i < index_.size(); ++i) {
      while (hashes_[point] < static_cast<Hash>(i) << shift_) ++point;
      index_[i] = static_cast<std::uint32_t>(point);
    }
  }

  // How many points there are, with the sentinel at the end of the circle, which is the first one again. 0
  // where there is none.
  std::size_t size() const { return hashes_.size(); }
  Hash hash(std::size_t point) const { return hashes_[point]; }
  std::uint32_t owner(std::size_t point) const { return owners_[point]; }

  // The first point at or after the hash, around the circle. Requires: there is one.
  std::size_t point_of(Hash hash) const {
    std::size_t i = index_[hash >> shift_];
    i += hashes_[i] < hash;  // without a branch: the first step is taken or not at random, the second is rare
    while (hashes_[i] < hash) [[unlikely]] ++i;
    return i;
  }
  std::uint32_t owner_of(Hash hash) const { return owners_[point_of(hash)]; }

  // The first `count` different owners from the hash on. Requires: there are so many.
  std::vector<std::size_t> owners_from(Hash hash, std::size_t count) const {
    std::vector<std::size_t> out;
    for (std::size_t i = count > 0 ? point_of(hash) : 0; out.size() < count; ++i) {
      if (i == size()) i = 0;
      if (std::find(out.begin(), out.end(), owners_[i]) == out.end()) out.push_back(owners_[i]);
    }
    return out;
  }

  std::size_t memory_bytes() const {
    return hashes_.capacity() * sizeof(Hash) +
           (owners_.capacity() + index_.capacity()) * sizeof(std::uint32_t);
  }

  void check(std::size_t nodes) const {
    if (nodes == 0) {
      SYSLAB_ASSERT(hashes_.empty());
      return;
    }
    SYSLAB_ASSERT(std::is_sorted(hashes_.begin(), hashes_.end()));
    SYSLAB_ASSERT(hashes_.size() == owners_.size());
    SYSLAB_ASSERT(hashes_.back() == std::numeric_limits<Hash>::max() && owners_.back() == owners_.front());
    for (std::uint32_t owner : owners_) SYSLAB_ASSERT(owner < nodes);
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      SYSLAB_ASSERT(hashes_[point_of(hashes_[i])] == hashes_[i]);
    }
  }

 private:
  // Sorted. The last one is a sentinel, at the end of the circle: it belongs to the owner of the first.
  std::vector<Hash> hashes_;
  std::vector<std::uint32_t> owners_;
  // For every value of the upper bits, the first point that is not before it.
  std::vector<std::uint32_t> index_;
  int shift_ = 0;
};

}  // namespace syslab

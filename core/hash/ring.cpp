#include "core/hash/ring.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/base/assert.hpp"

// The circle as an array of points, sorted by hash, and above it the index:
//
//   upper bits   0     1     2     3
//   index_       0     2     2     5
//   hashes_      | a b |     | c d e | f g   end of the circle
//
// With two to four index entries a point, a look-up reads one of them and steps over half a point on average,
// where a binary search of 1000 nodes would take 17 dependent steps.

namespace syslab {
namespace {

struct Point {
  std::uint64_t hash;
  std::uint32_t owner;
  // Nodes are sorted by name, so that even two points with one hash are in the same order in every ring.
  bool operator<(const Point& other) const {
    return hash != other.hash ? hash < other.hash : owner < other.owner;
  }
};

bool by_name(const PlacedNode& a, const PlacedNode& b) {
  return a.name < b.name;
}

}  // namespace

Ring::Ring(RingOptions options) : points_(options.points) {
  SYSLAB_ASSERT(points_ >= 1);
  nodes_ = std::move(options.nodes);
  std::sort(nodes_.begin(), nodes_.end(), by_name);
  for (std::size_t i = 1; i < nodes_.size(); ++i) SYSLAB_ASSERT(nodes_[i - 1].name != nodes_[i].name);
  build();
}

bool Ring::add(PlacedNode node) {
  if (index_of(node.name) != kNone) return false;
  nodes_.insert(std::lower_bound(nodes_.begin(), nodes_.end(), node, by_name), std::move(node));
  build();
  return true;
}

bool Ring::remove(std::string_view name) {
  const std::size_t node = index_of(name);
  if (node == kNone) return false;
  nodes_.erase(nodes_.begin() + static_cast<std::ptrdiff_t>(node));
  build();
  return true;
}

std::vector<std::size_t> Ring::place_replicas(std::uint64_t hash, std::size_t count) const {
  std::vector<std::size_t> out;
  count = std::min(count, nodes_.size());
  for (std::size_t i = count > 0 ? point_of(hash) : 0; out.size() < count; ++i) {
    if (i == hashes_.size()) i = 0;
    if (std::find(out.begin(), out.end(), owners_[i]) == out.end()) out.push_back(owners_[i]);
  }
  return out;
}

void Ring::place_all(std::span<const std::uint64_t> keys, std::span<std::uint32_t> places) const {
  SYSLAB_ASSERT(keys.size() == places.size());
  for (std::size_t i = 0; i < keys.size(); ++i) places[i] = owners_[point_of(hash64(keys[i]))];
}

double Ring::share(std::size_t node) const {
  // The arc before a point is its owner's; the one before the sentinel is the first point's.
  double sum = 0;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    if (owners_[i] == node) sum += static_cast<double>(hashes_[i] - before);
    before = hashes_[i];
  }
  return sum * 0x1p-64;
}

void Ring::build() {
  std::vector<Point> points;
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const double wanted = nodes_[node].weight * points_;
    SYSLAB_ASSERT(nodes_[node].weight > 0 && wanted <= kMostPoints);
    const auto count = static_cast<std::uint32_t>(std::max(1.0, std::floor(wanted + 0.5)));
    for (std::uint32_t i = 0; i < count; ++i) points.push_back({hash64(nodes_[node].name, i + 1), node});
  }
  std::sort(points.begin(), points.end());
  hashes_.clear();
  owners_.clear();
  for (const Point& point : points) {
    hashes_.push_back(point.hash);
    owners_.push_back(point.owner);
  }
  if (points.empty()) return;
  hashes_.push_back(~0ull);
  owners_.push_back(points.front().owner);
  const int bits = std::bit_width(points.size()) + 1;
  shift_ = 64 - bits;
  index_.resize(std::size_t{1} << bits);
  std::size_t point = 0;
  for (std::size_t i = 0; i < index_.size(); ++i) {
    while (hashes_[point] < static_cast<std::uint64_t>(i) << shift_) ++point;
    index_[i] = static_cast<std::uint32_t>(point);
  }
}

void Ring::check_invariants() const {
  if (nodes_.empty()) {
    SYSLAB_ASSERT(hashes_.empty());
    return;
  }
  SYSLAB_ASSERT(std::is_sorted(hashes_.begin(), hashes_.end()));
  SYSLAB_ASSERT(std::is_sorted(nodes_.begin(), nodes_.end(), by_name));
  SYSLAB_ASSERT(hashes_.size() == owners_.size());
  SYSLAB_ASSERT(hashes_.back() == ~0ull && owners_.back() == owners_.front());
  for (std::uint32_t owner : owners_) SYSLAB_ASSERT(owner < nodes_.size());
  for (std::size_t i = 0; i < hashes_.size(); ++i) SYSLAB_ASSERT(hashes_[point_of(hashes_[i])] == hashes_[i]);
}

}  // namespace syslab

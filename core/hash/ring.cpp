#include "core/hash/ring.hpp"

#include <fmt/format.h>

#include <cmath>

namespace syslab {
namespace internal {

std::uint64_t points_of(double weight, std::uint32_t points) {
  return static_cast<std::uint64_t>(std::max(1.0, std::floor(weight * points + 0.5)));
}

std::string too_many_points(const std::vector<PlacedNode>& nodes, const PlacedNode* another,
                            std::uint32_t points) {
  double most = another == nullptr ? 0 : another->weight;
  for (const PlacedNode& node : nodes) most = std::max(most, node.weight);
  if (most * points > Ring::kMostPoints) {
    return fmt::format("a node of weight {} would have {:.0f} points; at most {:.0f} are allowed", most,
                       most * points, Ring::kMostPoints);
  }
  std::uint64_t all = another == nullptr ? 0 : points_of(another->weight, points);
  for (const PlacedNode& node : nodes) all += points_of(node.weight, points);
  if (static_cast<double>(all) <= Ring::kMostPointsOfAll) return "";
  return fmt::format(
      "the ring would have {} points; at most {:.0f} are allowed (fewer points, or smaller weights)", all,
      Ring::kMostPointsOfAll);
}

Circle<std::uint64_t> circle_of(const std::vector<PlacedNode>& nodes, std::uint32_t points) {
  std::vector<Circle<std::uint64_t>::Point> all;
  for (std::uint32_t node = 0; node < nodes.size(); ++node) {
    const std::uint64_t count = points_of(nodes[node].weight, points);
    for (std::uint64_t i = 1; i <= count; ++i) all.push_back({hash64(nodes[node].name, i), node});
  }
  Circle<std::uint64_t> circle;
  circle.build(std::move(all));
  return circle;
}

}  // namespace internal

Ring::Ring(RingOptions options) : points_(options.points) {
  SYSLAB_ASSERT(points_ >= 1);
  const std::string problem = reset(std::move(options.nodes));
  SYSLAB_ASSERT(problem.empty());
}

std::vector<std::size_t> Ring::place_replicas(std::uint64_t hash, std::size_t count) const {
  return circle_.owners_from(hash, std::min(count, nodes_.size()));
}

double Ring::share(std::size_t node) const {
  // The arc before a point is its owner's; the one before the sentinel is the first point's.
  double sum = 0;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < circle_.size(); ++i) {
    if (circle_.owner(i) == node) sum += static_cast<double>(circle_.hash(i) - before);
    before = circle_.hash(i);
  }
  return sum * 0x1p-64;
}

void Ring::build(std::span<const std::uint32_t>) {
  circle_ = internal::circle_of(nodes_, points_);
}

std::string Ring::room(const std::vector<PlacedNode>& nodes) const {
  return internal::too_many_points(nodes, nullptr, points_);
}

std::string Ring::room_beside(const PlacedNode& node) const {
  return internal::too_many_points(nodes_, &node, points_);
}

}  // namespace syslab

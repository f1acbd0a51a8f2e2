#include "core/hash/spread.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

// All keys at once: where one is may depend on the others.
std::vector<std::uint32_t> places_of(const Placement& placement, std::span<const std::uint64_t> keys) {
  std::vector<std::uint32_t> places(keys.size());
  placement.place_all(keys, places);
  return places;
}

}  // namespace

Spread spread(const Placement& placement, std::span<const std::uint64_t> keys) {
  SYSLAB_ASSERT(!placement.nodes().empty());
  return spread_of_places(placement.nodes(), places_of(placement, keys));
}

Spread spread_of_places(std::span<const PlacedNode> nodes, std::span<const std::uint32_t> places) {
  SYSLAB_ASSERT(!nodes.empty());
  Spread out;
  out.keys.resize(nodes.size());
  for (std::uint32_t place : places) ++out.keys[place];
  if (places.empty()) return out;
  double weights = 0;
  for (const PlacedNode& node : nodes) weights += node.weight;
  double squares = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const double fair = static_cast<double>(places.size()) * nodes[i].weight / weights;
    const double ratio = static_cast<double>(out.keys[i]) / fair;
    out.max_over_fair = std::max(out.max_over_fair, ratio);
    squares += (ratio - 1) * (ratio - 1);
    out.chi_square += (ratio - 1) * (ratio - 1) * fair;
  }
  out.deviation = std::sqrt(squares / static_cast<double>(nodes.size()));
  return out;
}

Moved moved(const Placement& before, const Placement& after, std::span<const std::uint64_t> keys) {
  SYSLAB_ASSERT(!before.nodes().empty() && !after.nodes().empty());
  return moved_of_places(before.nodes(), places_of(before, keys), after.nodes(), places_of(after, keys));
}

std::size_t index_of(std::span<const PlacedNode> nodes, std::string_view name) {
  const auto it = std::lower_bound(nodes.begin(), nodes.end(), name,
                                   [](const PlacedNode& node, std::string_view n) { return node.name < n; });
  return it != nodes.end() && it->name == name ? static_cast<std::size_t>(it - nodes.begin())
                                               : Placement::kNone;
}

Moved moved_of_places(std::span<const PlacedNode> before, std::span<const std::uint32_t> from,
                      std::span<const PlacedNode> after, std::span<const std::uint32_t> to) {
  SYSLAB_ASSERT(from.size() == to.size());
  // Where each old node is now, and which of the new nodes are old.
  std::vector<std::size_t> now;
  std::vector<bool> old(after.size());
  for (const PlacedNode& node : before) {
    now.push_back(index_of(after, node.name));
    if (now.back() != Placement::kNone) old[now.back()] = true;
  }
  Moved out;
  out.keys = from.size();
  out.lost.resize(before.size());
  out.gained.resize(after.size());
  for (std::size_t i = 0; i < from.size(); ++i) {
    const std::size_t home = now[from[i]];
    if (home == to[i]) continue;
    ++out.moved;
    ++out.lost[from[i]];
    ++out.gained[to[i]];
    out.needless += home != Placement::kNone && old[to[i]];
  }
  return out;
}

}  // namespace syslab

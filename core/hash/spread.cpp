#include "core/hash/spread.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr std::size_t kBlock = 4096;

}  // namespace

Spread spread(const Placement& placement, std::span<const std::uint64_t> keys) {
  const auto& nodes = placement.nodes();
  SYSLAB_ASSERT(!nodes.empty());
  Spread out;
  out.keys.resize(nodes.size());
  std::uint32_t places[kBlock];
  for (std::size_t start = 0; start < keys.size(); start += kBlock) {
    const auto block = keys.subspan(start, std::min(kBlock, keys.size() - start));
    placement.place_all(block, std::span(places, block.size()));
    for (std::size_t i = 0; i < block.size(); ++i) ++out.keys[places[i]];
  }
  if (keys.empty()) return out;
  double weights = 0;
  for (const PlacedNode& node : nodes) weights += node.weight;
  double squares = 0;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const double fair = static_cast<double>(keys.size()) * nodes[i].weight / weights;
    const double ratio = static_cast<double>(out.keys[i]) / fair;
    out.max_over_fair = std::max(out.max_over_fair, ratio);
    squares += (ratio - 1) * (ratio - 1);
  }
  out.deviation = std::sqrt(squares / static_cast<double>(nodes.size()));
  return out;
}

Moved moved(const Placement& before, const Placement& after, std::span<const std::uint64_t> keys) {
  SYSLAB_ASSERT(!before.nodes().empty() && !after.nodes().empty());
  // Where each old node is now, and which of the new nodes are old.
  std::vector<std::size_t> now;
  std::vector<bool> old(after.nodes().size());
  for (const PlacedNode& node : before.nodes()) {
    now.push_back(after.index_of(node.name));
    if (now.back() != Placement::kNone) old[now.back()] = true;
  }
  Moved out;
  out.keys = keys.size();
  std::uint32_t from[kBlock], to[kBlock];
  for (std::size_t start = 0; start < keys.size(); start += kBlock) {
    const auto block = keys.subspan(start, std::min(kBlock, keys.size() - start));
    before.place_all(block, std::span(from, block.size()));
    after.place_all(block, std::span(to, block.size()));
    for (std::size_t i = 0; i < block.size(); ++i) {
      const std::size_t home = now[from[i]];
      out.moved += home != to[i];
      out.needless += home != to[i] && home != Placement::kNone && old[to[i]];
    }
  }
  return out;
}

}  // namespace syslab

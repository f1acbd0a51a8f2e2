#include "core/hash/placement.hpp"

#include <fmt/format.h>

#include "core/hash/basic_placement.hpp"
#include "core/hash/spread.hpp"

namespace syslab {

std::size_t Placement::index_of(std::string_view name) const {
  return syslab::index_of(nodes_, name);
}

namespace internal {

std::string refusal_of(std::string_view algorithm, const PlacementTraits& traits, const PlacedNode& node,
                       std::size_t nodes) {
  if (!traits.weighted && node.weight != 1) {
    return fmt::format("{} knows no weights: '{}' should weigh 1, not {}", algorithm, node.name, node.weight);
  }
  if (nodes >= traits.nodes_max) {
    return fmt::format("there is no room for '{}': at most {} nodes", node.name, traits.nodes_max);
  }
  return "";
}

}  // namespace internal
}  // namespace syslab

#include "core/hash/placement.hpp"

#include <algorithm>

namespace syslab {

std::size_t Placement::index_of(std::string_view name) const {
  const auto it = std::lower_bound(nodes_.begin(), nodes_.end(), name,
                                   [](const PlacedNode& node, std::string_view n) { return node.name < n; });
  return it != nodes_.end() && it->name == name ? static_cast<std::size_t>(it - nodes_.begin()) : kNone;
}

}  // namespace syslab

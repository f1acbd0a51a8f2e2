// NodeId: names a node of one world.
#pragma once

#include <compare>
#include <cstdint>

namespace syslab {

// Small and dense, in order of creation; never reused.
struct NodeId {
  std::uint32_t index = ~0u;
  auto operator<=>(const NodeId&) const = default;
};
constexpr NodeId kNoNode{};

}  // namespace syslab

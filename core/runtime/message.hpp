// The one envelope: everything that travels between nodes.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "core/base/value.hpp"

namespace syslab {

// Names a node of one world. Small and dense, in order of creation; never reused.
struct NodeId {
  std::uint32_t index = ~0u;
  auto operator<=>(const NodeId&) const = default;
};
constexpr NodeId kNoNode{};

// A message is copied freely: its body is shared. `call` ties a response to its request and is zero for a one-way
// message; calls are numbered by the sender. A failure is a response whose body is {code, definite, message}.
struct Message {
  enum class Kind : std::uint8_t { oneway, request, response, failure };

  NodeId from;
  NodeId to;
  std::string type;  // "vote", "get"; what fault rules and diagrams match on; a response carries its request's type
  Value body;
  Kind kind = Kind::oneway;
  std::uint64_t call = 0;
  std::uint64_t id = 0;  // unique in the world, given by the network when it is sent; a duplicate keeps its id

  // Bytes on the wire: the body and a fixed header.
  std::size_t size_bytes() const { return 40 + type.size() + body.size_bytes(); }
};

}  // namespace syslab

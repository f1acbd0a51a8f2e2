// The one envelope: everything that travels between nodes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/node_id.hpp"
#include "core/base/value.hpp"

namespace syslab {

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

constexpr std::string_view to_string(Message::Kind kind) {
  constexpr std::string_view kNames[] = {"oneway", "request", "response", "failure"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace syslab

// Filters in Lua: `lab.resilience.STEM{...}` describes one; w:service{ filters = {...} } and w:balancer wrap
// services in them.
#pragma once

#include <string>
#include <vector>

#include "bindings/host/object.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

class LabWorld;

struct NamedFilter {
  std::string name;
  Filter make;
  // Of a filter that calls nodes by itself: their world, and who they are.
  const LabWorld* world = nullptr;
  std::vector<NodeId> targets = {};
};

inline int push_filter(lua_State* L, std::string name, Filter make) {
  return push(L, std::make_shared<NamedFilter>(NamedFilter{std::move(name), std::move(make), nullptr, {}}));
}

}  // namespace syslab

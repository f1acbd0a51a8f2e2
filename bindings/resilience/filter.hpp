// Filters in Lua: `lab.resilience.STEM{...}` describes one; w:service{ filters = {...} } and w:balancer wrap
// services in them.
#pragma once

#include <string>

#include "bindings/host/object.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct NamedFilter {
  std::string name;
  Filter make;
};

inline int push_filter(lua_State* L, std::string name, Filter make) {
  return push(L, std::make_shared<NamedFilter>(NamedFilter{std::move(name), std::move(make)}));
}

}  // namespace syslab

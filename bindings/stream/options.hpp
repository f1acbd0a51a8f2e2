// What the components of streams have in common in Lua.
#pragma once

#include <string>
#include <vector>

#include "bindings/resilience/filter.hpp"
#include "core/stream/profile.hpp"

namespace syslab {

// The nodes that an argument names: one, or a list of them, all of one world, which `filter` then belongs to.
std::vector<NodeId> nodes_option(lua_State* L, const Arguments& a, const char* name, NamedFilter& filter);

// A profile of partitioned logs, by the option "profile".
Param log_profile_param();
LogProfile log_profile_option(const Arguments& a);

}  // namespace syslab

// What the parts of a sharded store have in common in Lua.
#pragma once

#include "bindings/resilience/filter.hpp"

namespace syslab {

Param shard_manager_param();
// The node of the option `manager`, of whose world the filter then is.
NodeId shard_manager_option(lua_State* L, const Arguments& a, NamedFilter& filter);

}  // namespace syslab

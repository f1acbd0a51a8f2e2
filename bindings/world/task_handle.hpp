// The handle of a task in Lua.
#pragma once

#include "bindings/world/lab_world.hpp"

namespace syslab {

int push_task(lua_State* L, TaskRef ref);

}  // namespace syslab

// w:autoscaler{...} and the Lua type Autoscaler.
#pragma once

#include "bindings/world/lab_world.hpp"

namespace syslab {

std::vector<Param> autoscaler_params();
int add_autoscaler(lua_State* L, LabWorld& w, Arguments& a);

}  // namespace syslab

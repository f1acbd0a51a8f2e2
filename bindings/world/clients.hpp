// w:replicas and w:clients: a replicated store and those who use it, in Lua.
#pragma once

#include <vector>

#include "bindings/world/lab_world.hpp"

namespace syslab {

std::vector<Param> replicas_params();
int add_replicas(lua_State* L, LabWorld& world, Arguments& arguments);
std::vector<Param> clients_params();
int add_clients(lua_State* L, LabWorld& world, Arguments& arguments);

}  // namespace syslab

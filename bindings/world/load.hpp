// w:load{...}: load generators in Lua.
#pragma once

#include <functional>
#include <vector>

#include "bindings/world/lab_world.hpp"
#include "core/workload/key_stream.hpp"

namespace syslab {

std::vector<Param> load_params();
int add_load(lua_State* L, LabWorld& world, Arguments& arguments);

// The parameter `keys`: a key stream, or a number of keys; null where it was left out.
std::function<Value(Rng&)> keys_option(lua_State* L, const Arguments& arguments);

}  // namespace syslab

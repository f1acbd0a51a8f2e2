// What the constructors of all placements share.
#pragma once

#include <vector>

#include "bindings/host/object.hpp"
#include "core/hash/placement.hpp"

namespace syslab {

// The option `nodes`: a list of names or of tables { name =, weight = }, or a map from names to weights.
Param nodes_param();
std::vector<PlacedNode> placed_nodes(lua_State* L, const Arguments& arguments);

}  // namespace syslab

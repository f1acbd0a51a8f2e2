// What the constructors of all placements share.
#pragma once

#include <memory>
#include <vector>

#include "bindings/host/object.hpp"
#include "core/hash/placement.hpp"

namespace syslab {

// The option `nodes`, or another: a list of names or of tables { name =, weight = }, or a map from names to
// weights.
// In the list's order, those of a map by name.
Param nodes_param();
std::vector<PlacedNode> placed_nodes(lua_State* L, const Arguments& arguments, const char* option = "nodes");
// Gives the placement the nodes of the option `nodes`, or raises why it cannot have them; and pushes it.
int push_placement(lua_State* L, const Arguments& arguments, std::unique_ptr<Placement> placement);

}  // namespace syslab

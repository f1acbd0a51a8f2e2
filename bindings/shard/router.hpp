// What the constructors of all routers share.
#pragma once

#include <memory>
#include <vector>

#include "bindings/hash/placement.hpp"
#include "core/shard/router.hpp"

namespace syslab {

// The option `shards`: a list of names or of tables { name =, weight = }, or a map from names to weights.
Param shards_param();
// Gives the router the shards of the option `shards`, or raises why it cannot have them; and pushes it.
int push_router(lua_State* L, const Arguments& arguments, std::unique_ptr<Router> router);
// The keys at a stack index: a list of them, or a number n for the keys 1 to n. Throws ScriptError.
std::vector<Value> keys_at(lua_State* L, int index);

}  // namespace syslab

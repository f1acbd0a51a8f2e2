#include "core/hash/modulo.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component modulo{{
    .name = "hash.modulo",
    .summary = "The hash modulo the number of nodes: even and fast, but nearly every key moves when a node "
               "comes or goes.",
    .params = {nodes_param()},
    .returns = "Placement",
    .cost = "one division a key, no memory",
    .example = R"(local four = lab.hash.modulo{ nodes = { "a", "b", "c", "d" } }
local five = four:copy()
five:add("e")
local moved = four:moved(five, 10000)
return moved.moved > 7500 and moved.needless > 5500)",
    .make = [](lua_State* L, Arguments& a) { return push_placement(L, a, make_modulo()); },
}};

}  // namespace
}  // namespace syslab

#include "core/hash/rendezvous.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component rendezvous{{
    .name = "hash.rendezvous",
    .summary = "Every node bids for the key by a hash of both, and the highest bid wins: no table, minimal "
               "movement, exact "
               "weights.",
    .params = {nodes_param()},
    .returns = "Placement",
    .cost = "O(nodes) a key, about 1 ns each; 12 bytes a node",
    .paper = "Thaler & Ravishankar 1998; weights by Schindelhauer & Schomaker 2005",
    .example = R"(local three = lab.hash.rendezvous{ nodes = { a = 1, b = 1, c = 2 } }
local two = three:copy()
two:remove("c")
local moved = three:moved(two, 10000)
return moved.moved == three:spread(10000).keys.c and moved.needless == 0)",
    .make = [](lua_State* L, Arguments& a) { return push_placement(L, a, make_rendezvous()); },
}};

}  // namespace
}  // namespace syslab

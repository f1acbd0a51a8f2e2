#include "core/hash/slots.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component slots{{
    .name = "hash.slots",
    .summary = "The 16384 slots of a Redis cluster: a key's slot is fixed (CRC16, {tags}), and a table says "
               "which node has "
               "each slot.",
    .params = {nodes_param()},
    .returns = "Placement",
    .cost = "a CRC16 and one read a key, 64 KiB",
    .paper = "Redis Cluster specification",
    .example = R"(local cluster = lab.hash.slots{ nodes = { "a", "b", "c" } }
return cluster:place("{user1000}.following") == cluster:place("{user1000}.followers")
  and lab.hash.redis_slot("{user1000}.following") == 3443 and cluster:place("{user1000}.following") == "a")",
    .make = [](lua_State* L, Arguments& a) { return push_placement(L, a, make_slots()); },
}};

}  // namespace
}  // namespace syslab

#include "core/hash/ketama.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component ketama{{
    .name = "hash.ketama",
    .summary = "The hash ring of memcached clients, point by point as libmemcached has it: MD5, 160 points "
               "for a node of "
               "average weight.",
    .params = {nodes_param()},
    .returns = "Placement",
    .cost = "an MD5 a key (150 ns), O(P log P) a change of nodes, P points in all",
    .paper = "R. Jones 2007, libketama; libmemcached's weighted ketama",
    .example =
        R"lua(local ring = lab.hash.ketama{ nodes = { ["10.0.1.1"] = 600, ["10.0.1.2"] = 300, ["10.0.1.3"] = 200,
  ["10.0.1.4"] = 350, ["10.0.1.5"] = 1000, ["10.0.1.6"] = 800, ["10.0.1.7"] = 950, ["10.0.1.8"] = 100 } }
return ring:place("SVa_]_V41)") == "10.0.1.7" and ring:place("P1[Ma3=K1/") == "10.0.1.8")lua",
    .make = [](lua_State* L, Arguments& a) { return push_placement(L, a, make_ketama()); },
}};

}  // namespace
}  // namespace syslab

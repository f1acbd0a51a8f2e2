#include "core/hash/bounded_load.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component bounded_load{{
    .name = "hash.bounded_load",
    .summary = "A hash ring on which a full node passes keys on: no node carries more than `bound` times its "
               "fair share.",
    .params = {nodes_param(),
               number("bound", "most keys of a node, as a multiple of its fair share")
                   .at_least(1.01)
                   .at_most(1000)
                   .optional("1.25"),
               count("points", "points of a node of weight 1 on the ring")
                   .at_least(1)
                   .at_most(1000)
                   .optional("160")},
    .returns = "Placement",
    .cost = "O(1/(bound - 1)^2) a key, O(P log P) a change of nodes, P points in all",
    .paper = "Mirrokni, Thorup & Zadimoghaddam 2018, Consistent hashing with bounded loads",
    .example = R"(local names = { "a", "b", "c", "d", "e" }
local plain = lab.hash.ring{ nodes = names, points = 10 }
local bounded = lab.hash.bounded_load{ nodes = names, points = 10, bound = 1.1 }
return plain:spread(10000).max_over_fair > 1.1 and bounded:spread(10000).max_over_fair <= 1.1)",
    .make =
        [](lua_State* L, Arguments& a) {
          BoundedLoadOptions o;
          o.points = static_cast<std::uint32_t>(a.count("points", o.points));
          o.bound = a.number("bound", o.bound);
          return push_placement(L, a, make_bounded_load(o));
        },
}};

}  // namespace
}  // namespace syslab

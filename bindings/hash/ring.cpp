#include "core/hash/ring.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component ring{{
    .name = "hash.ring",
    .summary = "Consistent hashing: nodes own points on a circle, a key belongs to the next point. When a "
               "node comes or "
               "goes, only the keys that must move do.",
    .params = {nodes_param(), count("points", "points of a node of weight 1; more give more even shares")
                                  .at_least(1)
                                  .at_most(1000)
                                  .optional("160")},
    .returns = "Placement",
    .cost = "O(1) a key, O(P log P) a change of nodes, P points in all",
    .paper = "Karger et al. 1997, Consistent hashing and random trees",
    .example = R"(local ring = lab.hash.ring{ nodes = { "a", "b", "c" } }
local before = ring:copy()
ring:remove("b")
local moved = before:moved(ring, 10000)
return moved.moved == before:spread(10000).keys.b and moved.needless == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          RingOptions options{.nodes = {}, .points = static_cast<std::uint32_t>(a.count("points", 160))};
          return push_placement(L, a, std::make_unique<Ring>(std::move(options)));
        },
}};

}  // namespace
}  // namespace syslab

#include "core/hash/anchor.hpp"

#include "bindings/hash/placement.hpp"

namespace syslab {
namespace {

const Component anchor{{
    .name = "hash.anchor",
    .summary = "AnchorHash: a fixed number of buckets, some in use. Any node can leave at any time, movement "
               "is minimal, "
               "shares are even; but it depends on the order of changes.",
    .params = {nodes_param(), count("capacity", "most nodes there can ever be at once")
                                  .at_least(1)
                                  .at_most(Anchor::kMostCapacity)
                                  .optional("four times the nodes, at least 64")},
    .returns = "Placement",
    .cost = "1 + ln(capacity / nodes) hashes a key, 24 bytes for each of the capacity",
    .paper = "Mendelson et al. 2020, AnchorHash: a scalable consistent hash",
    .example = R"(local five = lab.hash.anchor{ nodes = { "a", "b", "c", "d", "e" } }
local four = five:copy()
four:remove("b")
local moved = five:moved(four, 10000)
four:add("b")
return moved.moved == five:spread(10000).keys.b and moved.needless == 0 and five:moved(four, 10000).moved == 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::size_t nodes = placed_nodes(L, a).size();
          const std::uint64_t fallback = std::clamp<std::uint64_t>(4 * nodes, 64, Anchor::kMostCapacity);
          return push_placement(L, a, make_anchor(static_cast<std::uint32_t>(a.count("capacity", fallback))));
        },
}};

}  // namespace
}  // namespace syslab

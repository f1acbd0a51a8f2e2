#include "bindings/shard/router.hpp"
#include "core/hash/ring.hpp"
#include "core/shard/placed.hpp"

namespace syslab {
namespace {

const Component consistent{{
    .name = "shard.consistent",
    .summary =
        "Shards by consistent hashing: a placement of lab.hash says which has a key, and few keys move "
        "when one comes or goes.",
    .params = {shards_param(),
               object("placement", "Placement", "how keys are placed, with the shards that it has")
                   .optional("a ring of 160 points a shard"),
               count("seed", "another seed is another hash").at_most(0x1p53).optional("0")},
    .returns = "Router",
    .cost = "the placement's",
    .paper = "Karger et al. 1997; for others see lab.hash",
    .example =
        R"(local three = lab.shard.consistent{ placement = lab.hash.anchor{ nodes = { "a", "b", "c" } } }
local four = three:copy()
four:add("d")
local moved = three:moved(four, 10000)
return moved.needless == 0 and moved.moved == moved.gained.d)",
    .make =
        [](lua_State* L, Arguments& a) {
          const auto placement = a.object<Placement>("placement");
          if (placement == nullptr) {
            return push_router(
                L, a,
                make_placed_router("consistent", std::make_unique<Ring>(RingOptions{}), a.count("seed", 0)));
          }
          if (a.has("shards")) a.reject("shards", "the placement has them");
          return push(L, make_placed_router("consistent", placement->clone(), a.count("seed", 0)));
        },
}};

}  // namespace
}  // namespace syslab

#include "bindings/shard/router.hpp"
#include "core/hash/modulo.hpp"
#include "core/shard/placed.hpp"

namespace syslab {
namespace {

const Component hash{{
    .name = "shard.hash",
    .summary =
        "Shards by the hash of the key, modulo their number: even, no table, and nearly every key moves "
        "when one comes or goes. A range of keys is on all of them.",
    .params = {shards_param(), count("seed", "another seed is another hash").at_most(0x1p53).optional("0")},
    .returns = "Router",
    .cost = "one division a key, no memory",
    .example = R"(local four = lab.shard.hash{ shards = { "a", "b", "c", "d" } }
local five = four:copy()
five:add("e")
local moved = four:moved(five, 10000)
return moved.moved > 7500 and #five:touched(10, 20) == 5)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_router(L, a, make_placed_router("hash", make_modulo(), a.count("seed", 0)));
        },
}};

}  // namespace
}  // namespace syslab

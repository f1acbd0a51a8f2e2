#include "core/cache/random.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component random{{
    .name = "cache.random",
    .summary = "A cache that evicts any entry, each as likely as the others.",
    .params = cache_params({count("seed", "of its own random stream").optional("1")}),
    .returns = "Cache",
    .cost = "O(1) a call; a hit writes nothing",
    .example = R"(local c = lab.cache.random{ capacity = 90, seed = 7 }
local loop = lab.workload.sequential{ count = 100 }:trace{ requests = 2000 }
return c:replay(loop).hit_ratio > 0.5         -- lru: 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_random(cache_capacity(a), {.seed = a.count("seed", 1)}));
        },
}};

}  // namespace
}  // namespace syslab

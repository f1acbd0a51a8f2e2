#include "core/cache/lirs.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component lirs{{
    .name = "cache.lirs",
    .summary = "A cache that keeps keys whose last two uses were close together; all others pass through"
               " 1 % of it.",
    .params = cache_params({probability("hir_share", "of the capacity, for those others").optional("0.01")}),
    .returns = "Cache",
    .cost = "O(1) a call, amortised",
    .paper = "Jiang & Zhang 2002, LIRS: an efficient low inter-reference recency set replacement "
             "policy",
    .example = R"(local c = lab.cache.lirs{ capacity = 90 }
local loop = lab.workload.sequential{ count = 100 }:trace{ requests = 10000 }
return c:replay(loop).hit_ratio > 0.8         -- lru: 0)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_lirs(cache_capacity(a), {.hir = a.number("hir_share", 0.01)}));
        },
}};

}  // namespace
}  // namespace syslab

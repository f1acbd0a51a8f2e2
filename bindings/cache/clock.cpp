#include "core/cache/clock.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component clock{{
    .name = "cache.clock",
    .summary = "A cache that evicts the oldest entry, but gives one that was used another round.",
    .params = cache_params({count("bits", "of the counter of uses: up to 2^bits - 1 more rounds")
                                .at_least(1)
                                .at_most(8)
                                .optional("1")}),
    .returns = "Cache",
    .cost = "O(1) a call, amortised; a hit writes one byte",
    .paper = "Corbato 1968, A paging experiment with the Multics system",
    .example = R"(local c = lab.cache.clock{ capacity = 2 }
c:put("a", 1); c:put("b", 2); c:get("a"); c:put("c", 3)
return c:contains("a") and not c:contains("b"))",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_clock(cache_capacity(a), {.bits = static_cast<int>(a.count("bits", 1))}));
        },
}};

}  // namespace
}  // namespace syslab

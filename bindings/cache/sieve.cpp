#include "core/cache/sieve.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component sieve{{
    .name = "cache.sieve",
    .summary = "A cache that evicts, from old to new, the next entry that was not used since its hand "
               "last came by.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call, amortised; a hit writes one byte",
    .paper = "Zhang et al. 2024, SIEVE is simpler than LRU",
    .example = R"(local c = lab.cache.sieve{ capacity = 3 }
c:put("a", 1); c:put("b", 2); c:put("c", 3); c:get("a"); c:put("d", 4)
return c:contains("a") and not c:contains("b"))",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_sieve(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

#include "core/cache/slru.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component slru{{
    .name = "cache.slru",
    .summary = "A cache of LRU segments: an entry rises by one with each hit, and falls when its segment"
               " is full.",
    .params =
        cache_params({count("segments", "how many, of equal size").at_least(1).at_most(8).optional("4")}),
    .returns = "Cache",
    .cost = "O(1) a call",
    .paper = "Karedla, Love & Wherry 1994, Caching strategies to improve disk system performance",
    .example = R"(local c = lab.cache.slru{ capacity = 4, segments = 2 }
c:put("a", 1); c:get("a")
for i = 1, 10 do c:put(i) end
return c:contains("a"))",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L,
                      make_slru(cache_capacity(a), {.segments = static_cast<int>(a.count("segments", 4))}));
        },
}};

}  // namespace
}  // namespace syslab

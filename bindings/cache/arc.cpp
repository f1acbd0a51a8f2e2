#include "core/cache/arc.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component arc{{
    .name = "cache.arc",
    .summary = "A cache that balances recency against frequency by itself: the keys it regrets having "
               "evicted tell it how.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call; remembers as many evicted keys as it holds",
    .paper = "Megiddo & Modha 2003, ARC: a self-tuning, low overhead replacement cache",
    .example = R"(local c = lab.cache.arc{ capacity = 100 }
for i = 1, 50 do c:put(i); c:get(i) end
for i = 1000, 2000 do c:put(i) end          -- a scan
return c:contains(1) and c:contains(50))",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_arc(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

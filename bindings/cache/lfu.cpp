#include "core/cache/lfu.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component lfu{{
    .name = "cache.lfu",
    .summary = "A cache that evicts the entry that was used least often since it came; of equals, the "
               "one whose count is oldest.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call, whatever the counts are",
    .paper = "Matani, Shah & Mitra 2010, An O(1) algorithm for implementing the LFU cache eviction "
             "scheme",
    .example = R"(local c = lab.cache.lfu{ capacity = 2 }
c:put("a", 1); c:put("b", 2); c:get("a"); c:put("c", 3)
return c:get("a") == 1 and c:get("b") == nil)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_lfu(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

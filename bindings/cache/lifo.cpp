#include "core/cache/lifo.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component lifo{{
    .name = "cache.lifo",
    .summary = "A cache that evicts the newest entry.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call",
    .example = R"(local c = lab.cache.lifo{ capacity = 2 }
c:put("a", 1); c:put("b", 2); c:put("c", 3)
return c:get("a") == 1 and c:get("b") == nil)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_lifo(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

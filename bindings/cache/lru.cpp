#include "core/cache/lru.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component lru{{
    .name = "cache.lru",
    .summary = "A cache that evicts the entry that was not used for the longest time.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call; about 20 ns a request of a replay",
    .paper = "Mattson, Gecsei, Slutz & Traiger 1970, Evaluation techniques for storage hierarchies",
    .example = R"(local c = lab.cache.lru{ capacity = 2 }
c:put("a", 1); c:put("b", 2); c:get("a"); c:put("c", 3)
local keys = c:keys()
return keys[1] == "c" and keys[2] == "a" and c:get("b") == nil)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_lru(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

#include "core/cache/mru.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component mru{{
    .name = "cache.mru",
    .summary = "A cache that evicts the entry that was used last: right for a scan in a loop, wrong for "
               "nearly all else.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call",
    .paper = "Chou & DeWitt 1985, An evaluation of buffer management strategies for relational "
             "database systems",
    .example = R"(local c = lab.cache.mru{ capacity = 2 }
c:put("a", 1); c:put("b", 2); c:get("a"); c:put("c", 3)
return c:get("a") == nil and c:get("b") == 2)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_mru(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

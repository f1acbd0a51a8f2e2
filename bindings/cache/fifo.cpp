#include "core/cache/fifo.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component fifo{{
    .name = "cache.fifo",
    .summary = "A cache that evicts the entry that came first, however often it was used.",
    .params = cache_params(),
    .returns = "Cache",
    .cost = "O(1) a call; a hit writes nothing",
    .paper = "Belady 1966, A study of replacement algorithms for a virtual-storage computer",
    .example = R"(local c = lab.cache.fifo{ capacity = 2 }
c:put("a", 1); c:put("b", 2); c:get("a"); c:put("c", 3)
return c:get("a") == nil and c:get("b") == 2)",
    .make = [](lua_State* L, Arguments& a) { return push(L, make_fifo(cache_capacity(a))); },
}};

}  // namespace
}  // namespace syslab

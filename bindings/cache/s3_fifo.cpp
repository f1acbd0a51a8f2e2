#include "core/cache/s3_fifo.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component s3_fifo{{
    .name = "cache.s3_fifo",
    .summary = "A cache of three FIFO queues: a small one for newcomers, a main one, and one of keys "
               "that left the small one.",
    .params = cache_params(
        {probability("small_share", "of the capacity, for newcomers").optional("0.1"),
         probability("ghost_share", "of the capacity: how many keys that left it remembers").optional("0.9"),
         count("threshold", "hits in the small queue that earn a place in the main one")
             .at_least(1)
             .at_most(3)
             .optional("2")}),
    .returns = "Cache",
    .cost = "O(1) a call, amortised; a hit writes one counter",
    .paper = "Yang et al. 2023, FIFO queues are all you need for cache eviction",
    .example = R"(local c = lab.cache.s3_fifo{ capacity = 100 }
for i = 1, 10 do c:put(i); c:get(i); c:get(i) end
for i = 1000, 2000 do c:put(i) end          -- a scan
return c:contains(1) and c:contains(10))",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_s3_fifo(cache_capacity(a),
                                      {.small = a.number("small_share", 0.1),
                                       .ghosts = a.number("ghost_share", 0.9),
                                       .threshold = static_cast<unsigned>(a.count("threshold", 2))}));
        },
}};

}  // namespace
}  // namespace syslab

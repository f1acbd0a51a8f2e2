#include "core/cache/two_queue.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component two_queue{{
    .name = "cache.two_queue",
    .summary = "A cache with a FIFO for newcomers; a key that is asked for again after it left gets into"
               " an LRU.",
    .params =
        cache_params({probability("in_share", "of the capacity, for newcomers").optional("0.25"),
                      probability("ghost_share", "of the capacity: how many keys that left it remembers")
                          .optional("0.5")}),
    .returns = "Cache",
    .cost = "O(1) a call",
    .paper = "Johnson & Shasha 1994, 2Q: a low overhead high performance buffer management replacement"
             " algorithm",
    .example = R"(local c = lab.cache.two_queue{ capacity = 4 }
for i = 1, 5 do c:put(i) end                -- 1 has left the queue of newcomers
c:put(1)                                    -- and is back: among the proven
for i = 11, 20 do c:put(i) end
return c:contains(1))",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_two_queue(cache_capacity(a), {.in = a.number("in_share", 0.25),
                                                            .ghosts = a.number("ghost_share", 0.5)}));
        },
}};

}  // namespace
}  // namespace syslab

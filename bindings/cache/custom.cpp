#include "bindings/cache/cache.hpp"
#include "bindings/cache/scripted_policy.hpp"

namespace syslab {
namespace {

const Component custom{{
    .name = "cache.custom",
    .summary =
        "A cache whose policy is yours: hooks in Lua, the same that the others have in C++. Each gets a "
        "table of this cache's own to keep things in.",
    .params = cache_params(
        {function("on_insert", "(p, key, size): the key is new; room was made before"),
         function("victim", "(p, key, size) -> key: who must go so that `key` can come"),
         function("on_remove", "(p, key, why): the key is gone, 'evicted' or 'erased'"),
         function("on_hit", "(p, key): it was asked for, or replaced").optional("hits change nothing"),
         function("start", "(p, capacity): once before all others, and again after clear").optional(),
         function("advance", "(p, now): it is `now`; called where somebody tells the cache the time")
             .optional("time changes nothing")}),
    .returns = "Cache",
    .cost = "a call into Lua for each hook",
    .example = R"(local fifo = lab.cache.custom{
  capacity  = 2,
  start     = function(p) p.queue, p.first = {}, 1 end,
  on_insert = function(p, key) p.queue[#p.queue + 1] = key end,
  victim    = function(p) return p.queue[p.first] end,
  on_remove = function(p, key) p.first = p.first + 1 end,
}
fifo:put("a", 1); fifo:put("b", 2); fifo:put("c", 3)
return fifo:get("a") == nil and fifo:get("b") == 2)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_custom(L, cache_capacity(a),
                                     {.start = a.index_of("start"),
                                      .on_insert = a.index_of("on_insert"),
                                      .on_hit = a.index_of("on_hit"),
                                      .victim = a.index_of("victim"),
                                      .on_remove = a.index_of("on_remove"),
                                      .advance = a.index_of("advance")}));
        },
}};

}  // namespace
}  // namespace syslab

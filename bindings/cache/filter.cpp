#include "core/cache/filter.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component filter{{
    .name = "cache.filter",
    .summary = "Answers reads from a cache that the service fills; writes through it forget their key. Each "
               "process has an "
               "empty cache like the one given.",
    .params =
        {object("cache", "Cache", "of what policy and capacity"),
         duration("ttl", "how long a value is good").above(0).optional("until evicted or written"),
         boolean("single_flight", "reads of a key that is being read wait for that answer").optional("false"),
         string("read", "the type of request that reads").optional("get")},
    .returns = "Filter",
    .cost = "a lookup",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { time = 10*ms, filters = { lab.cache.filter{ cache = lab.cache.lru{ capacity = 100 } } } })
db:call{ key = "x" }
local before = w:now()
db:call{ key = "x" }
return w:now() - before < 10*ms and db:state().filters[1].hits == 1)",
    .make =
        [](lua_State* L, Arguments& a) {
          CacheFilterOptions o;
          o.cache = [like = a.object<Cache>("cache")] { return like->fresh(); };
          o.ttl = a.maybe_duration("ttl");
          o.single_flight = a.boolean("single_flight", false);
          o.read = a.string("read", o.read);
          return push_filter(L, "cache", make_cache_filter(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

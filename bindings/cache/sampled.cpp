#include "core/cache/sampled.hpp"

#include "bindings/cache/cache.hpp"

namespace syslab {
namespace {

const Component sampled{{
    .name = "cache.sampled",
    .summary = "A cache that looks at a few entries at random and evicts the worst of them by LRU or "
               "LFU, as Redis does.",
    .params = cache_params(
        {choice("by", {"lru", "lfu"},
                "what makes an entry worth keeping: last use, or a counter that grows ever more slowly")
             .optional("lru"),
         count("samples", "entries it looks at for each eviction").at_least(1).at_most(64).optional("5"),
         number("log_factor", "lfu: how slowly the counter grows").at_least(0).at_most(1e6).optional("10"),
         duration("decay",
                  "lfu: the counter loses 1 for so much time without a use, as told by advance; 0: never")
             .optional("60"),
         count("seed", "of its own random stream").optional("1")}),
    .returns = "Cache",
    .cost = "O(samples) an eviction, O(1) a hit",
    .example = R"(local c = lab.cache.sampled{ capacity = 100, by = "lfu" }
for i = 1, 100 do c:put(i) end
for _ = 1, 50 do c:get(1) end
for i = 1000, 1500 do c:put(i) end
return c:contains(1))",
    .make =
        [](lua_State* L, Arguments& a) {
          SampledOptions o;
          o.by = a.string("by", "lru") == "lfu" ? SampledOptions::By::lfu : SampledOptions::By::lru;
          o.samples = a.count("samples", o.samples);
          o.log_factor = a.number("log_factor", o.log_factor);
          o.decay = a.duration("decay", o.decay);
          o.seed = a.count("seed", o.seed);
          return push(L, make_sampled(cache_capacity(a), o));
        },
}};

}  // namespace
}  // namespace syslab

#include "core/workload/zipf.hpp"

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

const Component zipf{{
    .name = "workload.zipf",
    .summary = "Keys by popularity: the k-th most popular one is asked for in proportion to k^-skew.",
    .params = {count("count", "how many keys there are").at_least(1).at_most(0x1p50),
               number("skew", "0 is uniform; web and key-value traces have 0.6 to 1.2")
                   .at_least(0)
                   .at_most(100)
                   .optional("0.99"),
               boolean("scrambled",
                       "spreads the popular keys over the key space; else key 1 is the most popular")
                   .optional("false")},
    .returns = "KeyStream",
    .cost = "about 25 ns a key, whatever the count",
    .paper = "Breslau et al. 1999, Web caching and Zipf-like distributions",
    .example = R"(local keys = lab.workload.zipf{ count = 1000, skew = 0.99 }
local cache = lab.cache.lru{ capacity = 100 }
return cache:replay(keys:trace{ requests = 10000 }).hit_ratio > 0.5)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_zipf_keys({.count = a.count("count"),
                                         .skew = a.number("skew", 0.99),
                                         .scrambled = a.boolean("scrambled", false)}));
        },
}};

}  // namespace
}  // namespace syslab

#include "core/workload/zipf_trace.hpp"

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

const Component zipf_trace{{
    .name = "workload.zipf_trace",
    .summary = "The Zipf trace that published hit counts were measured with, bit for bit: to compare a cache "
               "with others to the integer. For anything else workload.zipf is faster.",
    .params = {count("count", "how many keys there are").at_least(1).at_most(1e8),
               count("requests", "how long it is"),
               number("skew", "the k-th key is asked for in proportion to k^-skew")
                   .at_least(0)
                   .at_most(100)
                   .optional("1"),
               count("seed", "of xorshift64*").at_least(1).optional("42")},
    .returns = "RequestTrace",
    .cost = "8 bytes a key; some 50 to 150 ns a request",
    .paper = "Breslau et al. 1999, Web caching and Zipf-like distributions",
    .example = R"(local z2 = lab.workload.zipf_trace{ count = 100000, requests = 100000 }
return lab.cache.lru{ capacity = 10000 }:replay(z2).hits == 71448)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push(L, make_zipf_trace({.count = a.count("count"),
                                          .requests = a.count("requests"),
                                          .skew = a.number("skew", 1),
                                          .seed = a.count("seed", 42)}));
        },
}};

}  // namespace
}  // namespace syslab

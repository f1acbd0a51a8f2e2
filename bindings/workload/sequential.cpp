#include "core/workload/sequential.hpp"

#include "bindings/workload/workload.hpp"

namespace syslab {
namespace {

const Component sequential{{
    .name = "workload.sequential",
    .summary = "Keys 1, 2, ... count, and over again: the scan that defeats LRU.",
    .params = {count("count", "how many keys there are").at_least(1)},
    .returns = "KeyStream",
    .cost = "about 1 ns a key",
    .example = R"(local cache = lab.cache.lru{ capacity = 99 }
cache:replay(lab.workload.sequential{ count = 100 }:trace{ requests = 1000 })
return cache:stats().hits == 0)",
    .make = [](lua_State* L,
               Arguments& a) { return push(L, make_sequential_keys({.count = a.count("count")})); },
}};

}  // namespace
}  // namespace syslab

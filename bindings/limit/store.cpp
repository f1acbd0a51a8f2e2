#include "bindings/resilience/filter.hpp"
#include "core/limit/shared.hpp"

namespace syslab {
namespace {

const Component store{{
    .name = "limit.store",
    .summary =
        "Makes a service the store of limits that nodes share with lab.limit.shared. What they ask takes "
        "the service's time and its place in the queue.",
    .params = {count("max_keys",
                     "budgets it keeps for each rule; beyond that the one closest to full is forgotten")
                   .at_least(1)
                   .at_most(1e9)
                   .optional("1000000")},
    .returns = "Filter",
    .cost = "O(1) a request; 36 to 72 bytes a key",
    .example = R"(
local w = lab.world{ seed = 1 }
local store = w:service("store", { time = 0.1*ms, filters = { lab.limit.store() } })
local limit = lab.limit.shared{ form = "batched", rate = 100, burst = 100, store = store }
local api = w:service("api", { filters = { limit } })
return api:call().node == "api")",
    .make =
        [](lua_State* L, Arguments& a) {
          LimitStoreOptions o;
          o.max_keys = a.count("max_keys", o.max_keys);
          return push_filter(L, "limit_store", make_limit_store(o));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

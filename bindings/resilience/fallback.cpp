#include "core/resilience/fallback.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component fallback{{
    .name = "resilience.fallback",
    .summary = "Answers with a fixed value where the service fails. For reads: of a write it would claim "
               "that it happened.",
    .params = {value("value", "the answer")},
    .returns = "Filter",
    .cost = "O(1) a request, beside what it wraps",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { queue_limit = 0, time = 1*s })
local lb = w:balancer("lb", db, { filters = { lab.resilience.fallback{ value = "stale" } } })
w:inject(lab.fault.crash("db"))
return lb:call() == "stale")",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_filter(L, "fallback", make_fallback({.value = a.value("value")}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

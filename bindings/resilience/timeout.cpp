#include "core/resilience/timeout.hpp"

#include "bindings/resilience/filter.hpp"

namespace syslab {
namespace {

const Component timeout{{
    .name = "resilience.timeout",
    .summary = "Stops waiting: the caller gets an error 'timeout', which is indefinite, and a late answer is "
               "dropped.",
    .params = {duration("after", "how long it waits").above(0)},
    .returns = "Filter",
    .cost = "O(1) a request, beside what it wraps",
    .example = R"(
local w = lab.world{ seed = 1 }
local db = w:service("db", { time = 80*ms, filters = { lab.resilience.timeout{ after = 50*ms } } })
local value, err = db:call()
return value == nil and err.code == "timeout" and not err.definite)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_filter(L, "timeout", make_timeout({.after = a.duration("after")}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

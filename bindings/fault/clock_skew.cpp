#include "core/sim/fault/clock_skew.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component clock_skew{{
    .name = "fault.clock_skew",
    .summary =
        "The wall clock is off by a fixed amount until it is put right. The monotonic clock does not notice.",
    .params = {target_param(), number("by", "seconds; negative: behind")},
    .returns = "Fault",
    .example = R"(return lab.fault.clock_skew{ target = 'db', by = -3 }:options().by == -3)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(
              L, make_clock_skew({.target = target_option(a, "target"), .by = from_seconds(a.number("by"))}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

#include "core/sim/fault/clock_step.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component clock_step{{
    .name = "fault.clock_step",
    .summary = "The wall clock jumps, forward or back, and stays so. Nothing to heal.",
    .params = {target_param(), number("by", "seconds; negative: back")},
    .returns = "Fault",
    .example = R"(return lab.fault.clock_step{ target = 'db', by = 60 }:options().by == 60)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(
              L, make_clock_step({.target = target_option(a, "target"), .by = from_seconds(a.number("by"))}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

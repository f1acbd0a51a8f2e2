#include "core/sim/fault/clock_drift.hpp"

#include "bindings/fault/fault.hpp"

namespace syslab {
namespace {

const Component clock_drift{{
    .name = "fault.clock_drift",
    .summary = "The oscillator runs fast or slow: both clocks gain, and timers of the node follow.",
    .params = {target_param(), number("ppm", "parts per million; negative: slow")
                                   .at_least(-500000)
                                   .at_most(500000)
                                   .optional("200")},
    .returns = "Fault",
    .example = R"(return lab.fault.clock_drift{ target = 'db', ppm = 500 }:options().ppm == 500)",
    .make =
        [](lua_State* L, Arguments& a) {
          return push_fault(
              L, make_clock_drift({.target = target_option(a, "target"), .ppm = a.number("ppm", 200)}));
        },
    .privileged = true,
}};

}  // namespace
}  // namespace syslab

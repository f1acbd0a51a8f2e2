#include "core/compute/target_tracking.hpp"

#include "bindings/compute/scaling.hpp"

namespace syslab {
namespace {

const Component target_tracking{{
    .name = "compute.target_tracking",
    .summary = "As many machines as bring the metric to its target: out after a few readings above it, in "
               "after many "
               "well below it.",
    .params = {number("target", "of the metric, such as a utilisation of 0.5").above(0),
               count("datapoints_out", "readings in a row above it before machines are added")
                   .at_least(1)
                   .optional("3"),
               count("datapoints_in", "readings in a row below it before machines are removed")
                   .at_least(1)
                   .optional("15"),
               number("margin", "so much below the target counts as below")
                   .at_least(0)
                   .at_most(0.99)
                   .optional("0.1"),
               duration("cooldown_in", "after any change, none is removed for so long").optional("300 s")},
    .returns = "ScalingPolicy",
    .cost = "O(1) a reading",
    .paper = "AWS, Amazon EC2 Auto Scaling user guide: target tracking",
    .example = R"(
local p = lab.compute.target_tracking{ target = 0.5 }
local function read(minute) return p:desired{ metric = 1, warm = 4, now = minute*min } end
return read(1) == 4 and read(2) == 4 and read(3) == 8)",
    .make =
        [](lua_State* L, Arguments& a) {
          TargetTrackingOptions o;
          o.target = a.number("target");
          o.datapoints_out = a.count("datapoints_out", o.datapoints_out);
          o.datapoints_in = a.count("datapoints_in", o.datapoints_in);
          o.margin = a.number("margin", o.margin);
          o.cooldown_in = a.duration("cooldown_in", o.cooldown_in);
          return push_scaling_policy(L, "target_tracking", [o] { return make_target_tracking(o); });
        },
}};

}  // namespace
}  // namespace syslab

#include "core/compute/step_scaling.hpp"

#include <fmt/format.h>

#include "bindings/compute/scaling.hpp"
#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

std::vector<StepScalingOptions::Step> steps(lua_State* L, const Arguments& a, const char* name,
                                            const char* what) {
  std::vector<StepScalingOptions::Step> out;
  const int index = a.index_of(name);
  if (index == 0) return out;
  const Value given = to_value(L, index);
  for (const Value& step : given.is_list() ? given.list() : Value::List{}) {
    const Value &at = step["at"], &machines = step[what];
    const double n = machines.is_number() ? machines.number() : 0;
    if (!at.is_number() || n < 1 || n > 1e6 || n != static_cast<double>(static_cast<std::size_t>(n)) ||
        step.map().size() != 2) {
      a.reject(name, fmt::format("a step is {{ at = 0.6, {} = 2 }}, got {}", what, step.json()));
    }
    out.push_back({at.number(), static_cast<std::size_t>(n)});
  }
  if (out.empty())
    a.reject(name, fmt::format("expected a list of steps such as {{ at = 0.6, {} = 2 }}", what));
  return out;
}

const Component step_scaling{{
    .name = "compute.step_scaling",
    .summary =
        "How far the metric is above its alarm says how many machines are added at once; and the same below.",
    .params =
        {list("out",
              "{ { at = 0.6, add = 10 }, { at = 0.75, add = 30 } }: the highest that the metric reaches"),
         list("into", "{ { at = 0.3, remove = 1 } }: the lowest that the metric falls to").optional("none"),
         count("datapoints", "readings in a row before anything is done").at_least(1).optional("3"),
         duration("cooldown", "after a change, none is removed for so long").optional("300 s"),
         boolean("simple", "after a change nothing at all is done during the cooldown").optional("false")},
    .returns = "ScalingPolicy",
    .cost = "O(steps) a reading",
    .paper = "AWS, Amazon EC2 Auto Scaling user guide: step and simple scaling",
    .example = R"(
local p = lab.compute.step_scaling{ datapoints = 1, out = { { at = 0.6, add = 10 }, { at = 0.85, add = 40 } } }
return p:desired{ metric = 0.7, warm = 5, now = 60 } == 15
  and p:desired{ metric = 0.9, warm = 5, ordered = 15, now = 120 } == 45)",
    .make =
        [](lua_State* L, Arguments& a) {
          StepScalingOptions o;
          o.out = steps(L, a, "out", "add");
          o.in = steps(L, a, "into", "remove");
          for (const auto& in : o.in) {
            for (const auto& out : o.out) {
              if (in.at >= out.at)
                a.reject("into", fmt::format("{} is not below {} of 'out'", in.at, out.at));
            }
          }
          o.datapoints = a.count("datapoints", o.datapoints);
          o.cooldown = a.duration("cooldown", o.cooldown);
          o.simple = a.boolean("simple", o.simple);
          return push_scaling_policy(L, "step_scaling", [o] { return make_step_scaling(o); });
        },
}};

}  // namespace
}  // namespace syslab

#include "bindings/compute/scaling.hpp"

#include "bindings/host/convert.hpp"

namespace syslab {
namespace {

int desired(lua_State* L, NamedScalingPolicy& policy, Arguments& a) {
  ScalingReading r;
  r.now = Instant(a.duration("now"));
  r.metric = a.number("metric");
  r.warm = a.count("warm");
  r.ordered = a.count("ordered", r.warm);
  if (r.ordered < r.warm) a.reject("ordered", "these are the warm ones and those that start");
  lua_pushnumber(L, static_cast<double>(policy.own->desired(r)));
  return 1;
}

int reset(lua_State*, NamedScalingPolicy& policy) {
  policy.own->reset();
  return 0;
}

const Type policy{describe_type<NamedScalingPolicy>(
    "ScalingPolicy",
    "Decides how many machines a fleet should have, one reading after another; see w:autoscaler.",
    {
        method<&desired>("desired",
                         {number("metric", "averaged over the warm machines").at_least(0),
                          count("warm", "machines that the metric speaks of").at_least(1).at_most(1e9),
                          count("ordered", "those, and the ones that start").at_most(1e9).optional("warm"),
                          duration("now", "the time of the reading; it does not run backwards")},
                         "number", "Takes a reading; how many machines there should be."),
        method<&reset>("reset", "()", "As freshly made."),
    },
    [](lua_State* L, int index) { return object_at<NamedScalingPolicy>(L, index)->name; })};

}  // namespace

int push_scaling_policy(lua_State* L, std::string name, std::function<ScalingPolicyPtr()> make) {
  auto own = make();
  return push(L, std::make_shared<NamedScalingPolicy>(
                     NamedScalingPolicy{std::move(name), std::move(make), std::move(own)}));
}

}  // namespace syslab

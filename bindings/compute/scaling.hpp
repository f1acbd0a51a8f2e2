// Scaling policies in Lua: `lab.compute.STEM{...}` describes one, w:autoscaler{ policy = ... } uses it.
#pragma once

#include <functional>
#include <string>

#include "bindings/host/object.hpp"
#include "core/compute/scaling.hpp"

namespace syslab {

struct NamedScalingPolicy {
  std::string name;
  std::function<ScalingPolicyPtr()> make;  // anew for each autoscaler
  ScalingPolicyPtr own;                    // what desired() at the prompt asks
};

int push_scaling_policy(lua_State* L, std::string name, std::function<ScalingPolicyPtr()> make);

}  // namespace syslab

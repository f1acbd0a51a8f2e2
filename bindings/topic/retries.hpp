// The option `retries` of topics and buses.
#pragma once

#include <optional>

#include "bindings/host/arguments.hpp"
#include "core/topic/delivery.hpp"

namespace syslab {

Param retries_param();
std::optional<RetryPlan> retries_option(lua_State* L, const Arguments& a);

}  // namespace syslab

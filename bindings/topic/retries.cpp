#include "bindings/topic/retries.hpp"

#include <fmt/format.h>

#include "bindings/host/convert.hpp"
#include "core/base/nearest.hpp"

namespace syslab {

Param retries_param() {
  return table("retries",
               "in place of the published plans: { attempts = 3, wait = 1, wait_max = 20, timeout = 15, "
               "jitter = true }")
      .optional("the protocol's");
}

std::optional<RetryPlan> retries_option(lua_State* L, const Arguments& a) {
  if (!a.has("retries")) return std::nullopt;
  const Value given = to_value(L, a.index_of("retries"));
  const std::vector<std::string> known = {"attempts", "wait", "wait_max", "timeout", "jitter"};
  double attempts = 3, wait = 1, wait_max = 0, timeout = 15;
  RetryPlan plan;
  for (const auto& [name, value] : given.is_map() ? given.map() : Value::Map{}) {
    if (name == "jitter") {
      plan.jitter = value.truthy();
      continue;
    }
    double* const out = name == "attempts"   ? &attempts
                        : name == "wait"     ? &wait
                        : name == "wait_max" ? &wait_max
                        : name == "timeout"  ? &timeout
                                             : nullptr;
    if (out == nullptr)
      a.reject("retries", fmt::format("there is no '{}' in it{}", name, did_you_mean(name, known)));
    if (!value.is_number() || !(value.number() >= 0) || value.number() > 1e9) {
      a.reject("retries", fmt::format("'{}' is no number of at least 0", name));
    }
    *out = value.number();
  }
  if (timeout <= 0) a.reject("retries", "'timeout' is above 0");
  plan.timeout = from_seconds(timeout);
  plan.phases = {{static_cast<std::uint32_t>(attempts), from_seconds(wait), from_seconds(wait_max)}};
  return plan;
}

}  // namespace syslab

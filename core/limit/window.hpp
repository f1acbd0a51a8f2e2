// Window: what the limiters that count requests in a window of time have in common.
//
// Costs are counted in units of 2^-20, so that sums are exact and nothing drifts; costs and limits are
// rounded to them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "core/base/time.hpp"

namespace syslab {

struct WindowOptions {
  double limit = 1;  // requests in a window
  Duration window = std::chrono::seconds(1);
};

// At least 2^-20 and at most 1e12 requests in 1 ns to 70 years.
inline bool valid_window(const WindowOptions& options) {
  return options.limit >= 0x1p-20 && options.limit <= 1e12 && options.window >= Duration(1) &&
         options.window <= std::chrono::hours(24 * 365 * 70);
}

inline constexpr std::int64_t kCostUnits = 1 << 20;  // of a request

inline std::int64_t to_cost_units(double cost) {
  return static_cast<std::int64_t>(std::min(cost * kCostUnits + 0.5, 0x1p61));
}
inline double from_cost_units(std::int64_t units) {
  return static_cast<double>(units) / kCostUnits;
}

}  // namespace syslab

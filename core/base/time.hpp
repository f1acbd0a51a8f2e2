// Simulated time: whole nanoseconds in int64, about 292 years. Lua speaks seconds; the conversion is here.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

namespace syslab {

using Duration = std::chrono::nanoseconds;

// Time since the start of the world. There is no now(): the world tells the time (see core/runtime/env.hpp).
struct WorldClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<WorldClock>;
  static constexpr bool is_steady = true;
};
using Instant = WorldClock::time_point;

constexpr double to_seconds(Duration d) { return static_cast<double>(d.count()) / 1e9; }
constexpr double to_seconds(Instant t) { return to_seconds(t.time_since_epoch()); }

// Rounds to the nearest nanosecond and saturates. Requires: not NaN.
inline Duration from_seconds(double seconds) {
  const double ns = seconds * 1e9;
  if (ns >= 9.2e18) return Duration::max();
  if (ns <= -9.2e18) return Duration::min();
  return Duration(static_cast<std::int64_t>(ns < 0 ? ns - 0.5 : ns + 0.5));  // inline, unlike std::llround
}

// t + d, or Instant::max() where the sum would overflow. Requires: d >= 0.
constexpr Instant saturating_add(Instant t, Duration d) {
  return Instant::max() - t < d ? Instant::max() : t + d;
}

}  // namespace syslab

// Slow exact models of limiters: they remember every request that was admitted and decide from the
// definition, in whole numbers. A decision costs a walk through the history.
#pragma once

#include <cstdint>
#include <vector>

#include "tests/limit/registry.hpp"

namespace syslab::test {

__extension__ typedef __int128 Int128;

constexpr std::int64_t kSecond = 1'000'000'000;

// Quarters of a request.
inline std::int64_t quarters(double cost) {
  return static_cast<std::int64_t>(cost * 4);
}

// Token bucket, leaky bucket, GCRA: what was taken since any earlier moment, this request included, is at
// most burst + rate * (the time since then). It is enough to look at the moments when something was taken.
inline bool arrival_curve_admits(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history,
                                 std::int64_t now, double cost) {
  Int128 taken = quarters(cost);
  if (taken > 4 * burst) return false;
  for (std::size_t i = history.size(); i-- > 0;) {
    taken += quarters(history[i].cost);
    // taken / 4 <= burst + rate * (now - at) / 10^9
    if (taken * kSecond > 4 * (Int128{burst} * kSecond + Int128{rate} * (now - history[i].at))) return false;
  }
  return true;
}

// The length of the window in which `burst` may come, so that it is `rate` a second.
inline std::int64_t window_of(double rate, double burst) {
  return static_cast<std::int64_t>(burst / rate * 1e9 + 0.5);
}

}  // namespace syslab::test

// Sliding window counter: the count of this window, and of the one before as far as it still counts.
//
// Windows lie on the clock. A fraction e into a window the last `window` seconds are estimated as
//     current + previous * (1 - e),
// as if the requests of the window before had come evenly; a request passes while the estimate is below the
// limit. (A cost c passes if current + floor(previous * (1 - e)) + c <= limit, which is the same for c = 1.)
// So 84 requests in the window before and 30 % of this one gone leave 84 * 0.7 = 58.8 of them. Two counters
// approximate a log: Cloudflare published an error of 0.003 % of requests. Whoever knows the windows gets
// more: a burst at the end of one and an even stream after it are nearly 2 * limit within one window's time,
// and that is the bound, as of a fixed window; but never at once. Refused requests do not count. Time that
// runs backwards never lets more through. Cost: O(1), 24 bytes of state. Costs are counted in 2^-20 (see
// window.hpp). Source: Cloudflare, "How we built rate limiting capable of scaling to millions of domains",
// 2017.
#pragma once

#include <memory>
#include <string>

#include "core/limit/limiter.hpp"
#include "core/limit/window.hpp"

namespace syslab {

class SlidingWindow {
 public:
  struct State {
    std::int64_t start;     // of this window, nanoseconds
    std::int64_t current;   // cost units
    std::int64_t previous;  // cost units
  };

  // Requires: valid_window(options).
  explicit SlidingWindow(const WindowOptions& options);

  State fresh() const { return {0, 0, 0}; }
  Decision admit(State& state, Instant now, double cost) const {
    std::int64_t elapsed = now.time_since_epoch().count() - state.start;
    if (now.time_since_epoch().count() < state.start) elapsed = 0;
    if (elapsed >= window_) {
      const std::int64_t windows = elapsed / window_;
      state.start += windows * window_;
      elapsed -= windows * window_;
      state.previous = windows == 1 ? state.current : 0;
      state.current = 0;
    }
    const std::int64_t wanted = to_cost_units(cost);
    const std::int64_t used = state.current + still_counts(state.previous, elapsed);
    if (wanted > limit_ - used) return refuse(state, now, used, wanted);
    state.current += wanted;
    return {true, Duration::zero(), from_cost_units(limit_ - used - wanted)};
  }
  Instant idle_at(const State& state) const;
  std::string describe() const;

 private:
  __extension__ typedef unsigned __int128 Wide;

  // floor(previous * (1 - elapsed / window)) in whole requests, as cost units; exactly.
  std::int64_t still_counts(std::int64_t previous, std::int64_t elapsed) const {
    if (previous == 0) return 0;
    const auto left = static_cast<Wide>(previous) * static_cast<std::uint64_t>(window_ - elapsed);
    // At most 10^12, so the estimate is off by one at most.
    auto whole = static_cast<std::int64_t>(static_cast<double>(previous) *
                                           static_cast<double>(window_ - elapsed) * per_request_window_);
    while (static_cast<Wide>(whole) * request_window_ > left) --whole;
    while (static_cast<Wide>(whole + 1) * request_window_ <= left) ++whole;
    return whole * kCostUnits;
  }
  Decision refuse(const State& state, Instant now, std::int64_t used, std::int64_t wanted) const;
  Duration wait_within(std::int64_t previous, std::int64_t room) const;

  WindowOptions options_;
  std::int64_t window_;
  std::int64_t limit_;
  Wide request_window_;        // window * kCostUnits
  double per_request_window_;  // its inverse
};

// Requires: valid_window(options).
std::unique_ptr<Limiter> make_sliding_window(const WindowOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_sliding_window(const WindowOptions& options, std::size_t max_keys);

}  // namespace syslab

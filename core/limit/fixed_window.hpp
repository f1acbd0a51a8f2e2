// Fixed window: at most `limit` requests in each window of time; then the count starts anew.
//
// One counter, which is why so many systems have it; but a burst at the end of a window and one at the start
// of the next are 2 * limit in hardly any time, and that is the bound: limit * (ceil(t / window) + 1) in any
// time t. Windows lie on the clock (multiples of the window since time 0), as with a counter for each minute;
// or each begins with the first request after the last one, as in OpenResty's resty.limit.count. Time that
// runs backwards stays in the window. Cost: O(1), 16 bytes of state. Costs are counted in 2^-20 (see
// window.hpp).
#pragma once

#include <memory>
#include <string>

#include "core/limit/limiter.hpp"
#include "core/limit/window.hpp"

namespace syslab {

struct FixedWindowOptions {
  enum class Start : std::uint8_t { clock, first };
  WindowOptions count = {};
  Start start = Start::clock;
};

class FixedWindow {
 public:
  struct State {
    std::int64_t start;  // nanoseconds
    std::int64_t used;   // cost units
  };

  // Requires: valid_window(options.count).
  explicit FixedWindow(const FixedWindowOptions& options);

  State fresh() const { return {0, 0}; }

  Decision admit(State& state, Instant now, double cost) const {
    const std::int64_t t = now.time_since_epoch().count();
    const bool begins = first_ && state.used == 0;
    if (t > state.start && (begins || t - state.start >= window_)) {
      state.start = first_ ? t : t - (t - state.start) % window_;
      state.used = 0;
    }
    const std::int64_t wanted = to_cost_units(cost);
    if (wanted > limit_ - state.used) return refuse(state, now, wanted);
    state.used += wanted;
    return {true, Duration::zero(), from_cost_units(limit_ - state.used)};
  }

  Instant idle_at(const State& state) const {
    const Instant start{Duration(state.start)};
    return state.used == 0 ? start : saturating_add(start, Duration(window_));
  }
  std::string describe() const;

 private:
  Decision refuse(const State& state, Instant now, std::int64_t wanted) const;

  FixedWindowOptions options_;
  std::int64_t window_;
  std::int64_t limit_;
  bool first_;
};

// Requires: valid_window(options.count).
std::unique_ptr<Limiter> make_fixed_window(const FixedWindowOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_fixed_window(const FixedWindowOptions& options,
                                                      std::size_t max_keys);

}  // namespace syslab

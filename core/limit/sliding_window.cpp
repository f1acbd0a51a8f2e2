#include "core/limit/sliding_window.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/limit/basic_limiter.hpp"

namespace syslab {

static_assert(LimitAlgorithm<SlidingWindow>);
template class BasicLimiter<SlidingWindow>;
template class BasicKeyedLimiter<SlidingWindow>;

SlidingWindow::SlidingWindow(const WindowOptions& options)
    : options_(options),
      window_(options.window.count()),
      limit_(to_cost_units(options.limit)),
      request_window_(static_cast<Wide>(window_) * kCostUnits),
      per_request_window_(1 / (static_cast<double>(window_) * kCostUnits)) {
  SYSLAB_ASSERT(valid_window(options));
}

// How far into a window it is until at most `room` cost units of the one before still count. Requires: room
// >= 0.
Duration SlidingWindow::wait_within(std::int64_t previous, std::int64_t room) const {
  if (previous == 0) return Duration::zero();
  // previous * (window - e) / (window * unit) < whole + 1, where whole is the room in whole requests.
  // So window - e is at most (below - 1) / previous.
  const Wide below = static_cast<Wide>(room / kCostUnits + 1) * request_window_;
  if (below > static_cast<Wide>(window_) * static_cast<std::uint64_t>(previous)) return Duration::zero();
  return Duration(window_ - static_cast<std::int64_t>((below - 1) / static_cast<std::uint64_t>(previous)));
}

// What was refused passes later in this window, or in the next, when this one is the one before; or in the
// one after that, where nothing counts any more.
Decision SlidingWindow::refuse(const State& state, Instant now, std::int64_t used,
                               std::int64_t wanted) const {
  Duration wait = Duration::max();
  if (wanted <= limit_) {
    const Instant start{Duration(state.start)};
    const std::int64_t room = limit_ - state.current - wanted;
    Duration into = Duration(window_);
    if (room >= 0) into = wait_within(state.previous, room);
    if (into >= Duration(window_)) into = Duration(window_) + wait_within(state.current, limit_ - wanted);
    wait = saturating_add(start, into) - now;
  }
  return {false, wait, from_cost_units(std::max<std::int64_t>(limit_ - used, 0))};
}

Instant SlidingWindow::idle_at(const State& state) const {
  const Instant start{Duration(state.start)};
  if (state.current != 0) return saturating_add(start, 2 * Duration(window_));
  return state.previous != 0 ? saturating_add(start, Duration(window_)) : start;
}

std::string SlidingWindow::describe() const {
  return fmt::format("sliding_window{{limit = {}, window = {}}}", options_.limit,
                     to_seconds(options_.window));
}

std::unique_ptr<Limiter> make_sliding_window(const WindowOptions& options) {
  return std::make_unique<BasicLimiter<SlidingWindow>>(SlidingWindow(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_sliding_window(const WindowOptions& options, std::size_t max_keys) {
  return std::make_unique<BasicKeyedLimiter<SlidingWindow>>(SlidingWindow(options), max_keys);
}

}  // namespace syslab

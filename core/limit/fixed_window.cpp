#include "core/limit/fixed_window.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/limit/basic_limiter.hpp"

namespace syslab {

static_assert(LimitAlgorithm<FixedWindow>);
template class BasicLimiter<FixedWindow>;
template class BasicKeyedLimiter<FixedWindow>;

FixedWindow::FixedWindow(const FixedWindowOptions& options)
    : options_(options),
      window_(options.count.window.count()),
      limit_(to_cost_units(options.count.limit)),
      first_(options.start == FixedWindowOptions::Start::first) {
  SYSLAB_ASSERT(valid_window(options.count));
}

Decision FixedWindow::refuse(const State& state, Instant now, std::int64_t wanted) const {
  Duration wait = Duration::max();
  if (wanted <= limit_) wait = saturating_add(Instant(Duration(state.start)), Duration(window_)) - now;
  return {false, wait, from_cost_units(limit_ - state.used)};
}

std::string FixedWindow::describe() const {
  return fmt::format("fixed_window{{limit = {}, window = {}{}}}", options_.count.limit,
                     to_seconds(options_.count.window), first_ ? ", start = \"first\"" : "");
}

std::unique_ptr<Limiter> make_fixed_window(const FixedWindowOptions& options) {
  return std::make_unique<BasicLimiter<FixedWindow>>(FixedWindow(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_fixed_window(const FixedWindowOptions& options,
                                                      std::size_t max_keys) {
  return std::make_unique<BasicKeyedLimiter<FixedWindow>>(FixedWindow(options), max_keys);
}

}  // namespace syslab

#include "core/limit/gradient2.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/limit/basic_concurrency.hpp"

namespace syslab {

static_assert(ConcurrencyAlgorithm<Gradient2>);
template class BasicConcurrencyLimiter<Gradient2>;
template class BasicKeyedConcurrencyLimiter<Gradient2>;

bool Gradient2::valid(const Gradient2Options& o) {
  return o.min >= 1 && o.min <= o.initial && o.initial <= o.max && o.queue >= 0 && o.queue <= 1e9 &&
         o.smoothing > 0 && o.smoothing <= 1 && o.tolerance >= 1 && o.tolerance <= 1e9 && o.long_window >= 1;
}

Gradient2::Gradient2(const Gradient2Options& options) : options_(options) {
  SYSLAB_ASSERT(valid(options));
}

Admission Gradient2::acquire(State& state) const {
  const auto limit = static_cast<std::uint32_t>(state.limit);
  if (state.in_flight >= limit) return {};
  ++state.in_flight;
  return {true, Duration::zero(), static_cast<double>(limit - state.in_flight)};
}

void Gradient2::release(State& state, RequestOutcome outcome, std::optional<Duration> latency) const {
  const std::uint32_t inside = state.in_flight--;
  if (outcome == RequestOutcome::ignored || !latency) return;
  const double now = static_cast<double>(std::max(*latency, Duration(1)).count());
  if (state.samples < kWarmup) {
    ++state.samples;
    state.warmup_sum += now;
    state.long_latency = state.warmup_sum / state.samples;
  } else {
    const double share = 2.0 / (options_.long_window + 1.0);
    state.long_latency = state.long_latency * (1 - share) + now * share;
  }
  const double normal = state.long_latency;
  if (normal / now > 2) state.long_latency *= 0.95;
  if (inside < state.limit / 2) return;
  const double gradient = std::clamp(options_.tolerance * normal / now, 0.5, 1.0);
  const double estimate = state.limit * gradient + options_.queue;
  state.limit = std::clamp(state.limit * (1 - options_.smoothing) + estimate * options_.smoothing,
                           static_cast<double>(options_.min), static_cast<double>(options_.max));
}

std::string Gradient2::describe() const {
  return fmt::format(
      "gradient2{{initial = {}, min = {}, max = {}, queue = {}, smoothing = {}, tolerance = {}, long_window "
      "= {}}}",
      options_.initial, options_.min, options_.max, options_.queue, options_.smoothing, options_.tolerance,
      options_.long_window);
}

std::unique_ptr<ConcurrencyLimiter> make_gradient2(const Gradient2Options& options) {
  return std::make_unique<BasicConcurrencyLimiter<Gradient2>>(Gradient2(options));
}

std::unique_ptr<KeyedConcurrencyLimiter> make_keyed_gradient2(const Gradient2Options& options,
                                                              std::size_t max_keys) {
  return std::make_unique<BasicKeyedConcurrencyLimiter<Gradient2>>(Gradient2(options), max_keys);
}

}  // namespace syslab

#include "core/limit/aimd.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"
#include "core/limit/basic_concurrency.hpp"

namespace syslab {

static_assert(ConcurrencyAlgorithm<Aimd>);
template class BasicConcurrencyLimiter<Aimd>;
template class BasicKeyedConcurrencyLimiter<Aimd>;

bool Aimd::valid(const AimdOptions& o) {
  return o.min >= 1 && o.min <= o.initial && o.initial <= o.max && o.backoff > 0 && o.backoff < 1 &&
         o.timeout > Duration::zero();
}

Aimd::Aimd(const AimdOptions& options) : options_(options) {
  SYSLAB_ASSERT(valid(options));
}

Admission Aimd::acquire(State& state) const {
  if (state.in_flight >= state.limit) return {};
  ++state.in_flight;
  return {true, Duration::zero(), static_cast<double>(state.limit - state.in_flight)};
}

void Aimd::release(State& state, RequestOutcome outcome, std::optional<Duration> latency) const {
  const std::uint32_t inside = state.in_flight--;
  if (outcome == RequestOutcome::ignored) return;
  if (outcome == RequestOutcome::dropped || (latency && *latency > options_.timeout)) {
    state.limit = std::max(options_.min, static_cast<std::uint32_t>(state.limit * options_.backoff));
  } else if (2 * std::uint64_t{inside} >= state.limit) {
    state.limit = std::min(options_.max, state.limit + 1);
  }
}

std::string Aimd::describe() const {
  return fmt::format("aimd{{initial = {}, min = {}, max = {}, backoff = {}, timeout = {}}}", options_.initial,
                     options_.min, options_.max, options_.backoff, to_seconds(options_.timeout));
}

std::unique_ptr<ConcurrencyLimiter> make_aimd(const AimdOptions& options) {
  return std::make_unique<BasicConcurrencyLimiter<Aimd>>(Aimd(options));
}

std::unique_ptr<KeyedConcurrencyLimiter> make_keyed_aimd(const AimdOptions& options, std::size_t max_keys) {
  return std::make_unique<BasicKeyedConcurrencyLimiter<Aimd>>(Aimd(options), max_keys);
}

}  // namespace syslab

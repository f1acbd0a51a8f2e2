#include "core/limit/concurrency.hpp"

#include <fmt/format.h>

#include "core/base/assert.hpp"
#include "core/limit/basic_concurrency.hpp"

namespace syslab {

static_assert(ConcurrencyAlgorithm<Concurrency>);
template class BasicConcurrencyLimiter<Concurrency>;
template class BasicKeyedConcurrencyLimiter<Concurrency>;

Concurrency::Concurrency(const ConcurrencyOptions& options)
    : options_(options), unit_delay_(options.unit_delay) {
  SYSLAB_ASSERT(options.limit >= 1 && options.burst <= ~options.limit);
  SYSLAB_ASSERT(options.unit_delay >= Duration::zero());
}

Admission Concurrency::acquire(State& state) const {
  const std::uint32_t most = options_.limit + options_.burst;
  if (state.in_flight >= most) return {};
  const std::uint32_t before = state.in_flight++;
  return {true, unit_delay_ * (before / options_.limit), static_cast<double>(most - state.in_flight)};
}

void Concurrency::release(State& state, RequestOutcome, std::optional<Duration> latency) {
  --state.in_flight;
  if (latency) unit_delay_ = (*latency + unit_delay_) / 2;
}

std::string Concurrency::describe() const {
  return fmt::format("concurrency{{limit = {}, burst = {}, unit_delay = {}}}", options_.limit, options_.burst,
                     to_seconds(options_.unit_delay));
}

std::unique_ptr<ConcurrencyLimiter> make_concurrency(const ConcurrencyOptions& options) {
  return std::make_unique<BasicConcurrencyLimiter<Concurrency>>(Concurrency(options));
}

std::unique_ptr<KeyedConcurrencyLimiter> make_keyed_concurrency(const ConcurrencyOptions& options,
                                                                std::size_t max_keys) {
  return std::make_unique<BasicKeyedConcurrencyLimiter<Concurrency>>(Concurrency(options), max_keys);
}

}  // namespace syslab

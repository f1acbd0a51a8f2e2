#include "core/limit/gcra.hpp"

#include <fmt/format.h>

#include "core/limit/basic_limiter.hpp"

namespace syslab {

static_assert(LimitAlgorithm<Gcra>);
static_assert(LimitAlgorithm<FineGcra>);
template class BasicLimiter<Gcra>;
template class BasicLimiter<FineGcra>;
template class BasicKeyedLimiter<Gcra>;
template class BasicKeyedLimiter<FineGcra>;

template <class Stamp>
bool BasicGcra<Stamp>::fits(const GcraOptions& options) {
  return !kCoarse || ExactRate::nanoseconds_fit(options.rate);
}

template <class Stamp>
BasicGcra<Stamp>::BasicGcra(const GcraOptions& options)
    : options_(options),
      exact_(kCoarse ? ExactRate::in_nanoseconds(options.rate, options.burst)
                     : ExactRate(options.rate, options.burst)) {}

template <class Stamp>
Instant BasicGcra<Stamp>::idle_at(const State& state) const {
  if constexpr (kCoarse) {
    return Instant(Duration(state.tat));
  } else {
    const Wide ns = (wide(state.tat) + exact_.per_ns() - 1) / exact_.per_ns();
    return Instant(Duration(static_cast<std::int64_t>(std::min<Wide>(ns, Duration::max().count()))));
  }
}

template <class Stamp>
std::string BasicGcra<Stamp>::describe() const {
  return fmt::format("gcra{{rate = {}, burst = {}}}", options_.rate, options_.burst);
}

template class BasicGcra<CoarseStamp>;
template class BasicGcra<FineStamp>;

std::unique_ptr<Limiter> make_gcra(const GcraOptions& options) {
  if (Gcra::fits(options)) return std::make_unique<BasicLimiter<Gcra>>(Gcra(options));
  return std::make_unique<BasicLimiter<FineGcra>>(FineGcra(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_gcra(const GcraOptions& options, std::size_t max_keys) {
  if (Gcra::fits(options)) return std::make_unique<BasicKeyedLimiter<Gcra>>(Gcra(options), max_keys);
  return std::make_unique<BasicKeyedLimiter<FineGcra>>(FineGcra(options), max_keys);
}

}  // namespace syslab

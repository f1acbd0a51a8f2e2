#include "core/limit/leaky_bucket.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/base/assert.hpp"
#include "core/limit/basic_limiter.hpp"

namespace syslab {
namespace {

std::int64_t whole_ms(Instant now) {
  return std::chrono::floor<std::chrono::milliseconds>(now).time_since_epoch().count();
}

std::string describe_bucket(const LeakyBucketOptions& o) {
  const char* form = o.form == LeakyBucketOptions::Form::meter   ? "meter"
                     : o.form == LeakyBucketOptions::Form::queue ? "queue"
                                                                 : "openresty";
  return fmt::format("leaky_bucket{{rate = {}, burst = {}, form = \"{}\"}}", o.rate, o.burst, form);
}

}  // namespace

static_assert(LimitAlgorithm<LeakyBucket>);
static_assert(LimitAlgorithm<OpenrestyBucket>);
template class BasicLimiter<LeakyBucket>;
template class BasicLimiter<OpenrestyBucket>;
template class BasicKeyedLimiter<LeakyBucket>;
template class BasicKeyedLimiter<OpenrestyBucket>;

LeakyBucket::LeakyBucket(const LeakyBucketOptions& options)
    : options_(options),
      exact_(options.rate, options.burst),
      queue_(options.form == LeakyBucketOptions::Form::queue) {
  SYSLAB_ASSERT(options.form != LeakyBucketOptions::Form::openresty);
}

Decision LeakyBucket::refuse(const State& state, Instant now, std::int64_t wanted) const {
  Duration wait = Duration::max();
  if (wanted <= exact_.full()) {
    const std::int64_t over = state.level + wanted - exact_.full();
    wait = saturating_add(Instant(Duration(state.at)), Duration(exact_.time_for(over))) - now;
  }
  return {false, wait, exact_.to_tokens(exact_.full() - state.level)};
}

std::string LeakyBucket::describe() const {
  return describe_bucket(options_);
}

bool OpenrestyBucket::valid(const LeakyBucketOptions& options) {
  return options.burst >= 0 && ExactRate::valid(options.rate, options.burst + 1);
}

// A rate of r requests a second is r thousandths a millisecond.
OpenrestyBucket::OpenrestyBucket(const LeakyBucketOptions& options)
    : options_(options), leak_per_ms_(options.rate), most_(options.burst * 1000) {
  SYSLAB_ASSERT(valid(options));
}

double OpenrestyBucket::drained(const State& state, std::int64_t elapsed_ms) const {
  const double leaked = leak_per_ms_ * std::abs(static_cast<double>(elapsed_ms));
  return std::max(state.excess - leaked, kNone);
}

Decision OpenrestyBucket::admit(State& state, Instant now, double cost) const {
  const std::int64_t now_ms = whole_ms(now);
  const double before = drained(state, now_ms - state.last_ms);
  const double wanted = cost * 1000;
  if (before + wanted > most_) {
    return {false, retry_after(state, now, wanted), std::max(most_ - before, 0.0) / 1000};
  }
  const double excess = std::max(before + wanted, 0.0);
  state.excess = std::floor(excess);
  state.last_ms = now_ms;
  return {true, Duration::zero(), (most_ - excess) / 1000, from_seconds(excess / leak_per_ms_ / 1000)};
}

Duration OpenrestyBucket::retry_after(const State& state, Instant now, double wanted) const {
  if (kNone + wanted > most_) return Duration::max();
  const auto passes = [&](double ms) { return state.excess - leak_per_ms_ * ms + wanted <= most_; };
  double ms = std::ceil((state.excess + wanted - most_) / leak_per_ms_);
  while (!passes(ms)) ++ms;  // the quotient was rounded
  while (passes(ms - 1)) --ms;
  if (ms > 9e12) return Duration::max();
  const Instant last = Instant(std::chrono::milliseconds(state.last_ms));
  return saturating_add(last, std::chrono::milliseconds(static_cast<std::int64_t>(ms))) - now;
}

Instant OpenrestyBucket::idle_at(const State& state) const {
  const double ms = std::min(std::ceil((state.excess - kNone) / leak_per_ms_), 9e12);
  return saturating_add(Instant(std::chrono::milliseconds(state.last_ms)),
                        std::chrono::milliseconds(static_cast<std::int64_t>(ms)));
}

std::string OpenrestyBucket::describe() const {
  return describe_bucket(options_);
}

std::unique_ptr<Limiter> make_leaky_bucket(const LeakyBucketOptions& options) {
  if (options.form == LeakyBucketOptions::Form::openresty) {
    return std::make_unique<BasicLimiter<OpenrestyBucket>>(OpenrestyBucket(options));
  }
  return std::make_unique<BasicLimiter<LeakyBucket>>(LeakyBucket(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_leaky_bucket(const LeakyBucketOptions& options,
                                                      std::size_t max_keys) {
  if (options.form == LeakyBucketOptions::Form::openresty) {
    return std::make_unique<BasicKeyedLimiter<OpenrestyBucket>>(OpenrestyBucket(options), max_keys);
  }
  return std::make_unique<BasicKeyedLimiter<LeakyBucket>>(LeakyBucket(options), max_keys);
}

}  // namespace syslab

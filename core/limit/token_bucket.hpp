// Token bucket: tokens drip in at `rate` a second up to `burst`; a request takes as many as it costs, or is
// refused.
//
// Admits at most burst + rate * t in any time t. Starts full. Time that runs backwards neither refills nor
// takes.
//
// Exact: a bucket counts whole units, of which p arrive every nanosecond and u make one token. A rate that is
// a fraction a/b with burst * b below 2.3e9 (10, 0.1, 2.5, 1/3 ...) is met without any rounding, however long
// the bucket runs, and larger bursts with round rates too; any other rate is met to one part in 2^61 / burst
// or better. Costs and the burst are rounded to units. Cost: O(1), 16 bytes of state; about 2 ns a decision.
// GCRA is the same with one timestamp. Paper: Turner, "New directions in communications", IEEE Communications
// 1986 (the leaky bucket as a meter).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "core/limit/limiter.hpp"

namespace syslab {

struct TokenBucketOptions {
  double rate = 1;   // tokens a second
  double burst = 1;  // tokens the bucket holds
};

class TokenBucket {
 public:
  struct State {
    std::int64_t units;
    std::int64_t at;  // nanoseconds; the latest time seen
  };

  // Requires: valid(options).
  explicit TokenBucket(const TokenBucketOptions& options);
  // Both positive and at most 1e15, and burst / rate is at most 70 years.
  static bool valid(const TokenBucketOptions& options);

  State fresh() const { return {full_, 0}; }

  Decision admit(State& state, Instant now, double cost) const {
    refill(state, now.time_since_epoch().count());
    const std::int64_t wanted = to_units(cost);
    if (wanted > state.units) return refuse(state, now, wanted);
    state.units -= wanted;
    return {true, Duration::zero(), to_tokens(state.units)};
  }

  Instant idle_at(const State& state) const {
    return saturating_add(Instant(Duration(state.at)), Duration(time_for(full_ - state.units)));
  }

  // Tokens a second as it is done.
  double rate() const { return static_cast<double>(per_ns_) * 1e9 / units_per_token_; }
  std::string describe() const;

 private:
  void refill(State& state, std::int64_t now) const {
    if (now <= state.at) return;
    const std::int64_t elapsed = now - state.at;
    state.at = now;
    // Beyond fill_ns_ the product could overflow.
    state.units = elapsed >= fill_ns_ ? full_ : std::min(full_, state.units + elapsed * per_ns_);
  }
  std::int64_t to_units(double tokens) const {
    return static_cast<std::int64_t>(std::min(tokens * units_per_token_ + 0.5, 0x1p62));
  }
  double to_tokens(std::int64_t units) const { return static_cast<double>(units) * tokens_per_unit_; }
  std::int64_t time_for(std::int64_t units) const { return (units + per_ns_ - 1) / per_ns_; }
  Decision refuse(const State& state, Instant now, std::int64_t wanted) const;

  TokenBucketOptions options_;
  std::int64_t per_ns_;     // p; at most 2^60
  double units_per_token_;  // u, a whole number
  double tokens_per_unit_;  // 1/u
  std::int64_t full_;       // burst, in units; at most 2^61
  std::int64_t fill_ns_;    // from empty to full
};

// Requires: TokenBucket::valid(options).
std::unique_ptr<Limiter> make_token_bucket(const TokenBucketOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_token_bucket(const TokenBucketOptions& options,
                                                      std::size_t max_keys);

}  // namespace syslab

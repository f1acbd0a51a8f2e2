// Token bucket: tokens drip in at `rate` a second up to `burst`; a request takes as many as it costs, or is
// refused.
//
// Admits at most burst + rate * t in any time t. Starts full. Time that runs backwards neither refills nor
// takes. Exact for rates that are simple fractions (see exact_rate.hpp). Cost: O(1), 16 bytes of state; about
// 2 ns a decision. GCRA is the same with one timestamp, the leaky bucket as a meter is its mirror image.
// Paper: Turner, "New directions in communications", IEEE Communications 1986 (the leaky bucket as a meter).
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "core/limit/exact_rate.hpp"
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
  static bool valid(const TokenBucketOptions& options) {
    return ExactRate::valid(options.rate, options.burst);
  }

  State fresh() const { return {exact_.full(), 0}; }

  Decision admit(State& state, Instant now, double cost) const {
    refill(state, now.time_since_epoch().count());
    const std::int64_t wanted = exact_.to_units(cost);
    if (wanted > state.units) return refuse(state, now, wanted);
    state.units -= wanted;
    return {true, Duration::zero(), exact_.to_tokens(state.units)};
  }

  Instant idle_at(const State& state) const {
    return saturating_add(Instant(Duration(state.at)),
                          Duration(exact_.time_for(exact_.full() - state.units)));
  }

  // Tokens a second as it is done.
  double rate() const { return exact_.rate(); }
  std::string describe() const;

 private:
  void refill(State& state, std::int64_t now) const {
    if (now <= state.at) return;
    const std::int64_t elapsed = now - state.at;
    state.at = now;
    state.units = std::min(exact_.full(), state.units + exact_.arrived(elapsed));
  }
  Decision refuse(const State& state, Instant now, std::int64_t wanted) const {
    Duration wait = Duration::max();
    if (wanted <= exact_.full()) {
      const Instant ready =
          saturating_add(Instant(Duration(state.at)), Duration(exact_.time_for(wanted - state.units)));
      wait = ready - now;  // the clock may be behind the latest time seen
    }
    return {false, wait, exact_.to_tokens(state.units)};
  }

  TokenBucketOptions options_;
  ExactRate exact_;
};

// Requires: TokenBucket::valid(options).
std::unique_ptr<Limiter> make_token_bucket(const TokenBucketOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_token_bucket(const TokenBucketOptions& options,
                                                      std::size_t max_keys);

}  // namespace syslab

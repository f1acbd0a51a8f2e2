// Concurrency: at most `limit` requests inside at once, and `burst` more that are held back.
//
// The n-th request inside goes on at once up to n = limit, beyond that after unit_delay * floor((n - 1) /
// limit) (it counts as inside meanwhile), and is refused beyond limit + burst. unit_delay is meant to be the
// typical latency of a request, so that those held back go on about when room comes; with every measured
// latency it moves half way there. This is resty.limit.conn of OpenResty (lua-resty-limit-traffic); without a
// burst it is a semaphore. Cost: O(1), 4 bytes of state; unit_delay is one for all keys.
#pragma once

#include <memory>
#include <string>

#include "core/limit/concurrency_limiter.hpp"

namespace syslab {

struct ConcurrencyOptions {
  std::uint32_t limit = 1;
  std::uint32_t burst = 0;
  Duration unit_delay = Duration::zero();  // the first guess
};

class Concurrency {
 public:
  struct State {
    std::uint32_t in_flight;
  };

  // Requires: options.limit >= 1; limit + burst < 2^32.
  explicit Concurrency(const ConcurrencyOptions& options);

  State fresh() const { return {0}; }
  Admission acquire(State& state) const;
  void release(State& state, RequestOutcome outcome, std::optional<Duration> latency);
  double limit(const State&) const { return options_.limit; }
  bool learned(const State&) const { return false; }
  Concurrency renew() const { return Concurrency(options_); }
  std::string describe() const;

 private:
  ConcurrencyOptions options_;
  Duration unit_delay_;
};

// Requires: as above.
std::unique_ptr<ConcurrencyLimiter> make_concurrency(const ConcurrencyOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedConcurrencyLimiter> make_keyed_concurrency(const ConcurrencyOptions& options,
                                                                std::size_t max_keys);

}  // namespace syslab

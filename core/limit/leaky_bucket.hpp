// Leaky bucket: every request pours its cost into a bucket that leaks `rate` a second and holds `burst`; what
// would overflow is refused.
//
// As a meter, what fits goes on at once: the mirror image of a token bucket, full where that is empty. As a
// queue, what fits waits until everything before it has leaked out (Decision::delay), so that requests leave
// evenly, `rate` a second; that is what shapes traffic. Either admits at most burst + rate * t in any time t,
// so 150 at once at a bucket of 100 lose exactly 50. Starts empty. Time that runs backwards neither leaks nor
// fills. Exact for rates that are simple fractions (see exact_rate.hpp). Cost: O(1), 16 bytes of state.
// Paper: Turner, "New directions in communications", IEEE Communications 1986.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "core/limit/exact_rate.hpp"
#include "core/limit/limiter.hpp"

namespace syslab {

struct LeakyBucketOptions {
  enum class Form : std::uint8_t { meter, queue, openresty };
  double rate = 1;   // leaks so much a second
  double burst = 1;  // holds so much; in the form of OpenResty: what may wait
  Form form = Form::meter;
};

// The forms meter and queue.
class LeakyBucket {
 public:
  struct State {
    std::int64_t level;  // units
    std::int64_t at;     // nanoseconds; the latest time seen
  };

  // Requires: valid(options).
  explicit LeakyBucket(const LeakyBucketOptions& options);
  static bool valid(const LeakyBucketOptions& options) {
    return ExactRate::valid(options.rate, options.burst);
  }

  State fresh() const { return {0, 0}; }

  Decision admit(State& state, Instant now, double cost) const {
    leak(state, now.time_since_epoch().count());
    const std::int64_t wanted = exact_.to_units(cost);
    if (wanted > exact_.full() - state.level) return refuse(state, now, wanted);
    const Duration delay = queue_ ? Duration(exact_.time_for(state.level)) : Duration::zero();
    state.level += wanted;
    return {true, Duration::zero(), exact_.to_tokens(exact_.full() - state.level), delay};
  }

  Instant idle_at(const State& state) const {
    return saturating_add(Instant(Duration(state.at)), Duration(exact_.time_for(state.level)));
  }
  std::string describe() const;

 private:
  void leak(State& state, std::int64_t now) const {
    if (now <= state.at) return;
    state.level = std::max<std::int64_t>(0, state.level - exact_.arrived(now - state.at));
    state.at = now;
  }
  Decision refuse(const State& state, Instant now, std::int64_t wanted) const;

  LeakyBucketOptions options_;
  ExactRate exact_;
  bool queue_;
};

// The leaky bucket of OpenResty (lua-resty-limit-traffic, lib/resty/limit/req.lua, after nginx's limit_req).
//
// Its state is the excess over the rate and the time of the last admitted request, in thousandths of requests
// and milliseconds. A request that comes dt after the last one finds
//     excess' = max(excess - rate * |dt| + 1, 0);
// it is refused, and nothing is stored, if excess' > burst; else it may go on after excess' / rate. The first
// has excess 0, so burst + 1 may come at once. A cost c counts as c in place of 1, from c - 1 on for the
// first.
//
// Because of the absolute value, a clock that steps back by a minute leaks a minute of requests: it admits
// more. Stored numbers are cut to whole thousandths, so under load up to 0.1 % more than the rate may pass.
class OpenrestyBucket {
 public:
  struct State {
    double excess;  // thousandths of requests, whole; -1000 where none came
    std::int64_t last_ms;
  };

  // Requires: valid(options).
  explicit OpenrestyBucket(const LeakyBucketOptions& options);
  // The burst may be 0.
  static bool valid(const LeakyBucketOptions& options);

  State fresh() const { return {kNone, 0}; }
  Decision admit(State& state, Instant now, double cost) const;
  Instant idle_at(const State& state) const;
  std::string describe() const;

 private:
  // Before the first request. As a request counts 1000, its excess is then 0.
  static constexpr double kNone = -1000;
  double drained(const State& state, std::int64_t elapsed_ms) const;
  Duration retry_after(const State& state, Instant now, double wanted) const;

  LeakyBucketOptions options_;
  double leak_per_ms_;  // thousandths
  double most_;         // excess, in thousandths
};

// Requires: valid(options) of the class above that its form has.
std::unique_ptr<Limiter> make_leaky_bucket(const LeakyBucketOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_leaky_bucket(const LeakyBucketOptions& options,
                                                      std::size_t max_keys);

}  // namespace syslab

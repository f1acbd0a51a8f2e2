// AIMD: a concurrency limit that grows by one while all goes well and shrinks by a factor when it does not,
// as TCP does.
//
// With every request that leaves: if it was dropped, or took longer than `timeout`, limit = floor(limit *
// backoff); else, if at least half of the limit was in use, limit = limit + 1; always within min and max. As
// it learns from losses only, it fills the queue of the service until something is lost: set `timeout` to the
// latency that is still good. It settles into a saw-tooth below what the service can take.
//
// The rules are those of AIMDLimit in Netflix's concurrency-limits; deviation: "in use" is what is inside
// when a request leaves, not when it came. Defaults are ours. Cost: O(1), 8 bytes of state. Paper: Chiu &
// Jain, "Analysis of the increase and decrease algorithms for congestion avoidance", 1989.
#pragma once

#include <memory>
#include <string>

#include "core/limit/concurrency_limiter.hpp"

namespace syslab {

struct AimdOptions {
  std::uint32_t initial = 20;
  std::uint32_t min = 1;
  std::uint32_t max = 1000;
  double backoff = 0.9;
  Duration timeout = std::chrono::seconds(5);
};

class Aimd {
 public:
  struct State {
    std::uint32_t in_flight;
    std::uint32_t limit;
  };

  // Requires: valid(options).
  explicit Aimd(const AimdOptions& options);
  // 1 <= min <= initial <= max; 0 < backoff < 1; timeout > 0.
  static bool valid(const AimdOptions& options);

  State fresh() const { return {0, options_.initial}; }
  Admission acquire(State& state) const;
  void release(State& state, RequestOutcome outcome, std::optional<Duration> latency) const;
  double limit(const State& state) const { return state.limit; }
  bool learned(const State& state) const { return state.limit != options_.initial; }
  Aimd renew() const { return *this; }
  std::string describe() const;

 private:
  AimdOptions options_;
};

// Requires: Aimd::valid(options).
std::unique_ptr<ConcurrencyLimiter> make_aimd(const AimdOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedConcurrencyLimiter> make_keyed_aimd(const AimdOptions& options, std::size_t max_keys);

}  // namespace syslab

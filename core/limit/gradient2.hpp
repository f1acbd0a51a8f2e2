// Gradient2: a concurrency limit that follows the slope of the latency, and so shrinks before anything is
// lost.
//
// With every request that leaves after a measured latency:
//     long     = the average of about the last `long_window` latencies (of the first ten: the plain one)
//     gradient = tolerance * long / latency, within 0.5 and 1: below 1 where requests queue
//     limit    = limit * (1 - smoothing) + (limit * gradient + queue) * smoothing, within min and max
// but it stays where less than half of it is in use. Where long is over twice the latency, it is cut by 5 %,
// so that it comes down soon after a long overload. In steady state the limit is where limit * (1 - gradient)
// = queue. A latency that is high for long becomes the normal one: then the limit grows again.
//
// This is Gradient2Limit of Netflix's concurrency-limits (2018), which calls the parameters rttTolerance,
// longWindow, queueSize; deviations: it learns from every request and not from windows of them, "in use" is
// what is inside when a request leaves, and the defaults of min and max are ours. Cost: O(1), 40 bytes of
// state.
#pragma once

#include <memory>
#include <string>

#include "core/limit/concurrency_limiter.hpp"

namespace syslab {

struct Gradient2Options {
  std::uint32_t initial = 20;
  std::uint32_t min = 1;
  std::uint32_t max = 1000;
  double queue = 4;        // how many requests may queue
  double smoothing = 0.2;  // how far the limit goes towards a new estimate
  double tolerance = 1.5;  // a latency that is so many times the normal one is still no sign of a queue
  std::uint32_t long_window = 600;
};

class Gradient2 {
 public:
  struct State {
    std::uint32_t in_flight;
    std::uint32_t samples;  // up to kWarmup
    double limit;
    double long_latency;  // nanoseconds
    double warmup_sum;
  };

  // Requires: valid(options).
  explicit Gradient2(const Gradient2Options& options);
  // 1 <= min <= initial <= max; 0 <= queue; 0 < smoothing <= 1; tolerance >= 1; long_window >= 1.
  static bool valid(const Gradient2Options& options);

  State fresh() const { return {0, 0, static_cast<double>(options_.initial), 0, 0}; }
  Admission acquire(State& state) const;
  void release(State& state, RequestOutcome outcome, std::optional<Duration> latency) const;
  double limit(const State& state) const { return state.limit; }
  bool learned(const State& state) const { return state.samples > 0; }
  Gradient2 renew() const { return *this; }
  std::string describe() const;

 private:
  static constexpr std::uint32_t kWarmup = 10;

  Gradient2Options options_;
};

// Requires: Gradient2::valid(options).
std::unique_ptr<ConcurrencyLimiter> make_gradient2(const Gradient2Options& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedConcurrencyLimiter> make_keyed_gradient2(const Gradient2Options& options,
                                                              std::size_t max_keys);

}  // namespace syslab

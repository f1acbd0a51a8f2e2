// Circuit breaker: stops asking a service that fails, and tries it again after a while.
//
//   closed     every request passes. Over the last `window` results: where the share of failures reaches
//   failure_rate
//              (or of slow ones slow_rate), it opens.
//   open       every request is refused with `unavailable` (definite). After open_time the next request makes
//   it half open  and is the first of `trials` that pass; all others are refused. When the last trial has its
//   result, the
//              same rates decide between closed and open.
//
// A failure is a fault (see is_fault). Results of requests that were let in before the last change of state
// are ignored, as they speak of the past; Resilience4j counts them, so that a straggler can decide a trial.
// Seen: Resilience4j, count-based window, whose defaults these are. Also: Nygard 2007, "Release It!".
// Cost: O(1), one byte a result in the window.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/runtime/service.hpp"

namespace syslab {

struct BreakerOptions {
  std::uint32_t window = 100;         // results that are looked at; at least 1
  std::uint32_t minimum_calls = 100;  // no rate is taken from fewer results; at most `window` counts
  double failure_rate = 0.5;          // in (0, 1]
  std::optional<Duration> slow = {};  // an answer that took this long is slow
  double slow_rate = 1;               // in (0, 1]
  Duration open_time = std::chrono::seconds(60);
  std::uint32_t trials = 10;  // at least 1
  // Where the trials have not all come back after this time, it opens again. None: it waits for them for
  // ever.
  std::optional<Duration> trial_time = {};
};

// The policy by itself. Time is an argument and must not run backwards.
class Breaker {
 public:
  enum class State : std::uint8_t { closed, open, half_open };
  // Given with each request that may pass, and back with its result.
  struct Ticket {
    std::uint64_t period = 0;
  };

  // Requires: the ranges given above.
  explicit Breaker(const BreakerOptions& options);

  // Whether a request may pass now: none where it is refused.
  std::optional<Ticket> admit(Instant now);
  void record(Instant now, Ticket ticket, bool failed, Duration took);

  State state() const { return state_; }
  static std::string_view name_of(State state);
  // Over the results in the window, 0 where there are none.
  double failure_rate() const;
  double slow_rate() const;
  std::size_t results() const { return filled_; }

 private:
  static constexpr std::uint8_t kFailed = 1;
  static constexpr std::uint8_t kSlow = 2;

  void enter(State state, Instant now);
  bool too_bad() const;

  const BreakerOptions options_;
  State state_ = State::closed;
  std::uint64_t period_ = 0;    // counts changes of state
  Instant since_ = {};          // the last change
  std::uint32_t admitted_ = 0;  // trials let in
  // A ring of results. Invariant: failures_ and slows_ are the numbers of their bits in the first filled_
  // entries.
  std::vector<std::uint8_t> ring_;
  std::size_t size_ = 0;  // of the ring in this state: `window` or `trials`
  std::size_t next_ = 0;
  std::size_t filled_ = 0;
  std::uint32_t failures_ = 0;
  std::uint32_t slows_ = 0;
};

Filter make_breaker(const BreakerOptions& options = {});

}  // namespace syslab

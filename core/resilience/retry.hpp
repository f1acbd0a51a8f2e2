// Retry: a filter that asks again after a failure that may pass.
//
// Tried again: faults (see is_fault), rate_limited and not_leader, if the error is definite. An indefinite
// one (a timeout, a reset) is tried again only where requests are idempotent, because the first attempt may
// have been executed. The last error is passed on; it is made indefinite where any attempt may have been
// executed.
//
// Retries multiply load just when there is too much of it: r tiers of three attempts each make 3^r calls of
// one. The budget bounds that: over any n requests there are at most `reserve + budget * n` retries. Waits
// are exponential with a cap and jitter, so that those who failed together do not come back together. Seen:
// Finagle's RetryBudget; "Exponential Backoff And Jitter" (AWS architecture blog, 2015), whose names of
// jitter these are. Paper: Bronson, Aghayev, Charapko & Zhu 2021, "Metastable failures in distributed
// systems".
#pragma once

#include <cstdint>
#include <optional>

#include "core/runtime/service.hpp"

namespace syslab {

struct RetryOptions {
  enum class Jitter : std::uint8_t {
    none,          // d = min(max, base * 2^(n-1)) before the n-th retry
    full,          // between 0 and d
    equal,         // between d/2 and d
    decorrelated,  // between base and three times the wait before, up to max
  };

  std::uint32_t attempts = 3;  // in all, the first one included; at least 1
  Duration base = std::chrono::milliseconds(100);
  Duration max = std::chrono::seconds(10);
  Jitter jitter = Jitter::full;
  bool idempotent = false;
  std::optional<double> budget = {};  // retries per request in the long run; none: without bound
  std::uint32_t reserve =
      10;  // retries that may be made before any were earned; also the most that are saved
  // No retry starts later than this after the request: the caller will have gone.
  std::optional<Duration> within = {};
};
Filter make_retry(const RetryOptions& options = {});

}  // namespace syslab

// Limit filter: refuses the requests that a limiter does not admit, with `rate_limited` (definite), or, where
// it limits how many are inside at once, with `overloaded` (definite).
//
// Each process has a limiter of its own, as freshly made: behind a balancer over n of them up to n times the
// rate gets through (see shared.hpp). A keyed limiter gives every key of a request, or every caller, its own
// budget. What a limiter admits after a delay (a queue) is held back so long; what it holds dies with the
// process. A limiter of what is inside learns the latency of every answer, and counts as dropped the errors
// that speak of the health of the service (is_fault). A dry run lets everything pass and counts what it would
// have refused: how a limit is tried out. Cost: the limiter's decision.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/limit/concurrency_limiter.hpp"
#include "core/limit/limiter.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct LimitFilterOptions {
  enum class By : std::uint8_t { key, caller };
  // One of the four makers is set; it is called once for each process.
  std::function<std::unique_ptr<Limiter>()> limiter = nullptr;
  std::function<std::unique_ptr<KeyedLimiter>()> keyed_limiter = nullptr;
  std::function<std::unique_ptr<ConcurrencyLimiter>()> concurrency = nullptr;
  std::function<std::unique_ptr<KeyedConcurrencyLimiter>()> keyed_concurrency = nullptr;
  By by = By::key;  // of a keyed limiter; requests without a key share a budget
  bool dry_run = false;
};
Filter make_limit_filter(const LimitFilterOptions& options);

}  // namespace syslab

// Limit filter: refuses the requests that a limiter does not admit, with `rate_limited` (definite).
//
// Each process has a budget of its own, full at its start: behind a balancer over n of them up to n times the
// rate gets through. A keyed limiter gives every key of a request, or every caller, its own budget. Cost: the
// limiter's decision.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "core/limit/limiter.hpp"
#include "core/runtime/service.hpp"

namespace syslab {

struct LimitFilterOptions {
  enum class By : std::uint8_t { key, caller };
  // One of the two makers is set; it is called once for each process.
  std::function<std::unique_ptr<Limiter>()> limiter = nullptr;
  std::function<std::unique_ptr<KeyedLimiter>()> keyed_limiter = nullptr;
  By by = By::key;  // of a keyed limiter; requests without a key share a budget
};
Filter make_limit_filter(const LimitFilterOptions& options);

}  // namespace syslab

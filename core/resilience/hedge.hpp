// Hedge: a filter that asks a second time where the first answer is slow, and takes whichever comes first.
//
// Cuts the tail of latencies that come from one slow backend of several: with `after` near the 95th
// percentile it costs about 5 % more requests. Only for idempotent requests, since both may be executed. A
// failed attempt is not repeated (see core/resilience/retry); the caller gets an error only when all attempts
// that were sent have failed. Paper: Dean & Barroso 2013, "The tail at scale".
#pragma once

#include <cstdint>

#include "core/runtime/service.hpp"

namespace syslab {

struct HedgeOptions {
  Duration after;              // before each further attempt
  std::uint32_t attempts = 2;  // in all; at least 2
};
Filter make_hedge(const HedgeOptions& options);

}  // namespace syslab

// Bulkhead: a filter that lets only so many requests in at once.
//
// What does not fit waits in line, first come first served, up to `queue` requests and up to `wait` each;
// beyond that it is refused with `overloaded` (definite: it never went in). Named after a ship's
// compartments: one slow dependency fills its own, not every slot of the process. Envoy calls it circuit
// breaking (max_requests, max_pending_requests). Cost: O(1).
#pragma once

#include <cstdint>
#include <optional>

#include "core/runtime/service.hpp"

namespace syslab {

struct BulkheadOptions {
  std::uint32_t concurrent = 1;       // at least 1
  std::uint32_t queue = 0;            // requests that may wait
  std::optional<Duration> wait = {};  // the longest time in line; none: no limit
};
Filter make_bulkhead(const BulkheadOptions& options);

}  // namespace syslab

// Fallback: a filter that answers with a fixed value where the service inside fails.
//
// Only faults (see is_fault) fall back; not_found and conflict are answers. For reads only: of a write it
// would claim that it happened.
#pragma once

#include "core/runtime/service.hpp"

namespace syslab {

struct FallbackOptions {
  Value value;
};
Filter make_fallback(const FallbackOptions& options);

}  // namespace syslab

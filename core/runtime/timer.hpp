// TimerId: a handle to a scheduled action, safe to keep after the action has run or was cancelled.
#pragma once

#include <cstdint>

namespace syslab {

struct TimerId {
  std::uint64_t value = 0;  // 0 names no timer
  explicit operator bool() const { return value != 0; }
};

}  // namespace syslab

// Whole numbers in messages and records of this family: a Value has doubles, which hold them up to 2^53.
#pragma once

#include <cstdint>

#include "core/base/value.hpp"

namespace syslab::numbers {

// 0 where it is no number.
inline std::uint64_t integer(const Value& value) {
  return value.is_number() ? static_cast<std::uint64_t>(value.number()) : 0;
}

inline Value number(std::uint64_t n) {
  return static_cast<double>(n);
}

}  // namespace syslab::numbers

// 64-bit numbers as decimal text: the exact form of an id where numbers are doubles, as in Lua and JSON.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace syslab {

std::string write_decimal(std::uint64_t number);
// Errors: malformed, for what is no plain decimal number below 2^64 (signs, spaces, leading zeros, nothing).
Expected<std::uint64_t> read_decimal(std::string_view text);

}  // namespace syslab

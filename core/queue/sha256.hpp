// SHA-256 of a text: what content-based deduplication compares.
//
// Paper: FIPS 180-4. Cost: about 5 ns a byte. Not for secrets: it is written for clarity, not against side
// channels.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace syslab {

std::array<std::uint8_t, 32> sha256(std::string_view text);
// The same as 64 hexadecimal digits.
std::string sha256_hex(std::string_view text);

}  // namespace syslab

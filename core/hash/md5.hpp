// MD5: 128 bits, for agreeing with others who use it (ketama rings, Kinesis, name-based UUIDs), never for
// security.
//
// Broken against collisions since 2004. Cost: about 150 ns for up to 55 bytes, 2 ns a byte beyond. Source: R.
// Rivest, RFC 1321.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace syslab {

using Md5Digest = std::array<std::uint8_t, 16>;  // in the order in which it is written

Md5Digest md5(std::string_view bytes);

// Word `i` of a digest (0 to 3), little-endian: the four points that a digest gives a ketama ring.
inline std::uint32_t md5_word(const Md5Digest& digest, int i) {
  const std::uint8_t* p = digest.data() + 4 * i;
  return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
         static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
}

}  // namespace syslab

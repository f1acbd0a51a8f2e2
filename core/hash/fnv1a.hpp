// FNV-1a: a hash of a few lines, one multiplication a byte.
//
// For short keys where one wants to be able to check the sum by hand; weak in its upper bits for short input,
// so take hash64 for placing. Not for adversaries. Cost: about 1 ns a byte. Source: Fowler, Noll & Vo 1991;
// draft-eastlake-fnv, whose constants and order of operations are frozen.
#pragma once

#include <cstdint>
#include <string_view>

namespace syslab {

constexpr std::uint32_t fnv1a_32(std::string_view bytes) {
  std::uint32_t h = 0x811C9DC5u;
  for (char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x01000193u;
  return h;
}

constexpr std::uint64_t fnv1a_64(std::string_view bytes) {
  std::uint64_t h = 0xCBF29CE484222325ull;
  for (char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3ull;
  return h;
}

}  // namespace syslab

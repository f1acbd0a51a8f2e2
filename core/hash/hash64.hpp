// The hash of the house for anything that is placed, sketched or indexed by its bytes: XXH3, 64 bits (Y.
// Collet, xxHash 0.8; the format is frozen). Bit-equal on every little-endian machine. Cost: about 1 ns for a
// number, 2 ns for a short string. Not for adversaries: whoever knows the seed can make collisions.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "core/base/value.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace syslab {

static_assert(std::endian::native == std::endian::little, "numbers are hashed by their little-endian bytes");

inline std::uint64_t hash64(std::string_view bytes, std::uint64_t seed = 0) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

inline std::uint64_t hash64(std::uint64_t number, std::uint64_t seed = 0) {
  return XXH3_64bits_withSeed(&number, sizeof number, seed);
}

// The hash of a key as scripts and requests name it: the whole number 5 is the id 5, a string its bytes;
// anything else gets a hash of its own. Whoever places, shards or balances by a request's key uses this one.
inline std::uint64_t hash_key(const Value& key) {
  if (key.is_string()) return hash64(key.string());
  if (key.is_number()) {
    const double number = key.number();
    if (number >= 0 && number < 0x1p64) {
      const auto id = static_cast<std::uint64_t>(number);
      if (static_cast<double>(id) == number) return hash64(id);
    }
  }
  return key.hash();
}

}  // namespace syslab

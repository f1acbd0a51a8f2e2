// SipHash: a keyed hash for tables that an adversary fills.
//
// Who does not know the 128-bit key cannot find keys that collide, so nobody can turn a hash table into a
// list (hash flooding). 2-4 (two rounds a word, four at the end) is the authors' choice; 1-3 is half the work
// and what Rust, Python and Ruby use for their tables. Cost: about 1 ns a byte for short input. Source:
// Aumasson & Bernstein, "SipHash: a fast short-input PRF", INDOCRYPT 2012; vectors from the authors'
// reference code.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace syslab {

// k0 and k1: the key's first and last eight bytes as little-endian numbers.
using SipKey = std::array<std::uint64_t, 2>;

std::uint64_t siphash_2_4(std::string_view bytes, const SipKey& key);
std::uint64_t siphash_1_3(std::string_view bytes, const SipKey& key);

}  // namespace syslab

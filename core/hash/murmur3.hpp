// MurmurHash3: the hash of Cassandra's partitioner, of many Bloom filters and client-side shards.
//
// Two of its three forms: 32 bits for 32-bit machines, and 128 bits for 64-bit machines. Not for adversaries:
// collisions for every seed are known (Aumasson & Bernstein 2012). Cost: about 0.3 ns a byte. Little-endian
// bytes on every machine. Source: A. Appleby, SMHasher, MurmurHash3.cpp (public domain).
#pragma once

#include <cstdint>
#include <string_view>

namespace syslab {

std::uint32_t murmur3_x86_32(std::string_view bytes, std::uint32_t seed = 0);

struct Hash128 {
  std::uint64_t low = 0;   // the first eight bytes of the result, as a little-endian number: h1
  std::uint64_t high = 0;  // h2
  bool operator==(const Hash128&) const = default;
};
Hash128 murmur3_x64_128(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace syslab

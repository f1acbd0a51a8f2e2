#include "core/hash/siphash.hpp"

#include <bit>
#include <cstring>

#include "core/hash/hash64.hpp"  // asserts that the machine is little-endian

namespace syslab {
namespace {

template <int kCompress, int kFinish>
std::uint64_t siphash(std::string_view bytes, const SipKey& key) {
  std::uint64_t v0 = key[0] ^ 0x736F6D6570736575ull;
  std::uint64_t v1 = key[1] ^ 0x646F72616E646F6Dull;
  std::uint64_t v2 = key[0] ^ 0x6C7967656E657261ull;
  std::uint64_t v3 = key[1] ^ 0x7465646279746573ull;
  const auto rounds = [&](int n) {
    for (; n > 0; --n) {
      v0 += v1;
      v1 = std::rotl(v1, 13) ^ v0;
      v0 = std::rotl(v0, 32);
      v2 += v3;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 += v3;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 += v1;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  };
  const auto absorb = [&](std::uint64_t word) {
    v3 ^= word;
    rounds(kCompress);
    v0 ^= word;
  };
  const char* p = bytes.data();
  std::uint64_t word = 0;
  for (std::size_t n = bytes.size() / 8; n > 0; --n, p += 8) {
    std::memcpy(&word, p, 8);
    absorb(word);
  }
  // The last word: what is left, and the length in its top byte.
  word = 0;
  if (bytes.size() % 8 > 0) std::memcpy(&word, p, bytes.size() % 8);
  absorb(word | static_cast<std::uint64_t>(bytes.size()) << 56);
  v2 ^= 0xFF;
  rounds(kFinish);
  return v0 ^ v1 ^ v2 ^ v3;
}

}  // namespace

std::uint64_t siphash_2_4(std::string_view bytes, const SipKey& key) {
  return siphash<2, 4>(bytes, key);
}

std::uint64_t siphash_1_3(std::string_view bytes, const SipKey& key) {
  return siphash<1, 3>(bytes, key);
}

}  // namespace syslab

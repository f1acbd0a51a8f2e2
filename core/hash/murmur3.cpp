#include "core/hash/murmur3.hpp"

#include <bit>
#include <cstring>

#include "core/hash/hash64.hpp"  // asserts that the machine is little-endian

namespace syslab {
namespace {

template <class Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

std::uint32_t scramble(std::uint32_t k) {
  return std::rotl(k * 0xCC9E2D51u, 15) * 0x1B873593u;
}

std::uint64_t scramble_1(std::uint64_t k) {
  return std::rotl(k * 0x87C37B91114253D5ull, 31) * 0x4CF5AD432745937Full;
}

std::uint64_t scramble_2(std::uint64_t k) {
  return std::rotl(k * 0x4CF5AD432745937Full, 33) * 0x87C37B91114253D5ull;
}

std::uint64_t finish(std::uint64_t h) {
  h = (h ^ (h >> 33)) * 0xFF51AFD7ED558CCDull;
  h = (h ^ (h >> 33)) * 0xC4CEB9FE1A85EC53ull;
  return h ^ (h >> 33);
}

}  // namespace

std::uint32_t murmur3_x86_32(std::string_view bytes, std::uint32_t seed) {
  std::uint32_t h = seed;
  const char* p = bytes.data();
  for (std::size_t n = bytes.size() / 4; n > 0; --n, p += 4) {
    h = std::rotl(h ^ scramble(load<std::uint32_t>(p)), 13) * 5 + 0xE6546B64u;
  }
  const std::size_t tail = bytes.size() % 4;
  std::uint32_t k = 0;
  for (std::size_t i = tail; i-- > 0;) k = k << 8 | static_cast<unsigned char>(p[i]);
  if (tail > 0) h ^= scramble(k);
  h ^= static_cast<std::uint32_t>(bytes.size());
  h = (h ^ (h >> 16)) * 0x85EBCA6Bu;
  h = (h ^ (h >> 13)) * 0xC2B2AE35u;
  return h ^ (h >> 16);
}

Hash128 murmur3_x64_128(std::string_view bytes, std::uint32_t seed) {
  std::uint64_t h1 = seed, h2 = seed;
  const char* p = bytes.data();
  for (std::size_t n = bytes.size() / 16; n > 0; --n, p += 16) {
    h1 = (std::rotl(h1 ^ scramble_1(load<std::uint64_t>(p)), 27) + h2) * 5 + 0x52DCE729u;
    h2 = (std::rotl(h2 ^ scramble_2(load<std::uint64_t>(p + 8)), 31) + h1) * 5 + 0x38495AB5u;
  }
  // The last 1 to 15 bytes, as if zeros followed them.
  const std::size_t tail = bytes.size() % 16;
  if (tail > 0) {
    char block[16] = {};
    std::memcpy(block, p, tail);
    if (tail > 8) h2 ^= scramble_2(load<std::uint64_t>(block + 8));
    h1 ^= scramble_1(load<std::uint64_t>(block));
  }
  h1 ^= bytes.size();
  h2 ^= bytes.size();
  h1 += h2;
  h2 += h1;
  h1 = finish(h1);
  h2 = finish(h2);
  h1 += h2;
  h2 += h1;
  return {h1, h2};
}

}  // namespace syslab

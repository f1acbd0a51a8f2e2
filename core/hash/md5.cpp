#include "core/hash/md5.hpp"

#include <bit>
#include <cstring>

#include "core/hash/hash64.hpp"  // asserts that the machine is little-endian

namespace syslab {
namespace {

// floor(2^32 * abs(sin(i + 1))), as RFC 1321 section 3.4 tables it.
constexpr std::uint32_t kSines[64] = {
    0xD76AA478, 0xE8C7B756, 0x242070DB, 0xC1BDCEEE, 0xF57C0FAF, 0x4787C62A, 0xA8304613, 0xFD469501,
    0x698098D8, 0x8B44F7AF, 0xFFFF5BB1, 0x895CD7BE, 0x6B901122, 0xFD987193, 0xA679438E, 0x49B40821,
    0xF61E2562, 0xC040B340, 0x265E5A51, 0xE9B6C7AA, 0xD62F105D, 0x02441453, 0xD8A1E681, 0xE7D3FBC8,
    0x21E1CDE6, 0xC33707D6, 0xF4D50D87, 0x455A14ED, 0xA9E3E905, 0xFCEFA3F8, 0x676F02D9, 0x8D2A4C8A,
    0xFFFA3942, 0x8771F681, 0x6D9D6122, 0xFDE5380C, 0xA4BEEA44, 0x4BDECFA9, 0xF6BB4B60, 0xBEBFBC70,
    0x289B7EC6, 0xEAA127FA, 0xD4EF3085, 0x04881D05, 0xD9D4D039, 0xE6DB99E5, 0x1FA27CF8, 0xC4AC5665,
    0xF4292244, 0x432AFF97, 0xAB9423A7, 0xFC93A039, 0x655B59C3, 0x8F0CCC92, 0xFFEFF47D, 0x85845DD1,
    0x6FA87E4F, 0xFE2CE6E0, 0xA3014314, 0x4E0811A1, 0xF7537E82, 0xBD3AF235, 0x2AD7D2BB, 0xEB86D391};
constexpr int kShifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};

using State = std::array<std::uint32_t, 4>;

void absorb(State& state, const char* block) {
  std::uint32_t words[16];
  std::memcpy(words, block, sizeof words);
  auto [a, b, c, d] = state;
  for (int i = 0; i < 64; ++i) {
    std::uint32_t f = 0;
    int word = 0;
    switch (i / 16) {
      case 0:
        f = (b & c) | (~b & d), word = i;
        break;
      case 1:
        f = (d & b) | (~d & c), word = 5 * i + 1;
        break;
      case 2:
        f = b ^ c ^ d, word = 3 * i + 5;
        break;
      default:
        f = c ^ (b | ~d), word = 7 * i;
        break;
    }
    const std::uint32_t turned = std::rotl(a + f + kSines[i] + words[word % 16], kShifts[i / 16][i % 4]);
    a = d;
    d = c;
    c = b;
    b += turned;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

}  // namespace

Md5Digest md5(std::string_view bytes) {
  State state{0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476};
  std::size_t done = 0;
  for (; done + 64 <= bytes.size(); done += 64) absorb(state, bytes.data() + done);
  // Padding: a one bit, zeros, and the length in bits in the last eight bytes of the last block.
  char last[128] = {};
  const std::size_t rest = bytes.size() - done;
  if (rest > 0) std::memcpy(last, bytes.data() + done, rest);
  last[rest] = static_cast<char>(0x80);
  const std::size_t end = rest < 56 ? 64 : 128;
  const std::uint64_t bits = static_cast<std::uint64_t>(bytes.size()) * 8;
  std::memcpy(last + end - 8, &bits, 8);
  absorb(state, last);
  if (end == 128) absorb(state, last + 64);
  Md5Digest digest;
  std::memcpy(digest.data(), state.data(), digest.size());
  return digest;
}

}  // namespace syslab

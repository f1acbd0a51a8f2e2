#include "core/hash/siphash.hpp"

#include <fmt/format.h>

#include <cstring>

#include "bindings/hash/digest.hpp"

namespace syslab {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

SipKey sip_key(const Arguments& a) {
  std::string bytes = a.string("key");
  if (bytes.size() == 32) {
    const std::string digits = bytes;
    bytes.clear();
    for (std::size_t i = 0; i < 32; i += 2) {
      const int high = digit(digits[i]), low = digit(digits[i + 1]);
      if (high < 0 || low < 0)
        a.reject("key", "expected 16 bytes or 32 hexadecimal digits; these 32 bytes are no digits");
      bytes += static_cast<char>(high * 16 + low);
    }
  }
  if (bytes.size() != 16) {
    a.reject("key", fmt::format("expected 16 bytes or 32 hexadecimal digits, got {} bytes", bytes.size()));
  }
  SipKey key;
  std::memcpy(key.data(), bytes.data(), 16);
  return key;
}

const Component siphash{{
    .name = "hash.siphash",
    .summary = "SipHash: a keyed hash. Who does not know the key cannot make keys collide.",
    .params = {text_param(), string("key", "16 bytes, or 32 hexadecimal digits"),
               choice("rounds", {"2-4", "1-3"}, "a word and at the end").optional("'2-4'")},
    .returns = "16 hexadecimal digits",
    .cost = "1 ns a byte",
    .paper = "Aumasson & Bernstein 2012, SipHash: a fast short-input PRF",
    .example =
        R"(return lab.hash.siphash{ text = "", key = "000102030405060708090a0b0c0d0e0f" } == "726fdb47dd0e0e31")",
    .make =
        [](lua_State* L, Arguments& a) {
          const std::string text = a.string("text");
          const SipKey key = sip_key(a);
          return push_hash(
              L, a.string("rounds", "2-4") == "2-4" ? siphash_2_4(text, key) : siphash_1_3(text, key));
        },
}};

}  // namespace
}  // namespace syslab

// Base62: whole numbers as short texts of digits and letters, exact up to 2^64 - 1; and any other alphabet.
//
// Eleven characters of base 62 hold 64 bits; seven are 3.5e12 numbers. Encoding has no leading zeros unless a
// width is asked for; decoding takes them. Cost: O(characters), one division each. Not thread-safe to change,
// free to share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace syslab {

class Base62 {
 public:
  static constexpr std::string_view kAlphabet =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  // Requires: valid(alphabet) is empty.
  explicit Base62(std::string alphabet = std::string(kAlphabet));
  // What is wrong with an alphabet (its digits in order: 2 to 94 different visible ASCII characters); else
  // empty.
  static std::string valid(std::string_view alphabet);

  std::uint64_t base() const { return alphabet_.size(); }
  const std::string& alphabet() const { return alphabet_; }

  // At least `width` characters.
  std::string encode(std::uint64_t number, std::size_t width = 1) const;
  // Errors: malformed, for an empty text, a character that is no digit (with its place), or 2^64 and more.
  Expected<std::uint64_t> decode(std::string_view text) const;

 private:
  std::string alphabet_;
  std::array<std::int8_t, 256> digits_;
};

}  // namespace syslab

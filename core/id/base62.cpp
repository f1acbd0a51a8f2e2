#include "core/id/base62.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/assert.hpp"

namespace syslab {

std::string Base62::valid(std::string_view alphabet) {
  if (alphabet.size() < 2) return fmt::format("expected at least 2 characters, got {}", alphabet.size());
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    if (alphabet[i] <= ' ' || alphabet[i] > '~') {
      return fmt::format("character {} is no visible ASCII character", i + 1);
    }
    if (alphabet.find(alphabet[i], i + 1) != std::string_view::npos) {
      return fmt::format("'{}' is there twice", alphabet[i]);
    }
  }
  return "";
}

Base62::Base62(std::string alphabet) : alphabet_(std::move(alphabet)) {
  SYSLAB_ASSERT(valid(alphabet_).empty());
  digits_.fill(-1);
  for (std::size_t i = 0; i < alphabet_.size(); ++i) {
    digits_[static_cast<unsigned char>(alphabet_[i])] = static_cast<std::int8_t>(i);
  }
}

std::string Base62::encode(std::uint64_t number, std::size_t width) const {
  char reversed[64];  // base 2 needs them all
  std::size_t n = 0;
  do {
    reversed[n++] = alphabet_[number % base()];
    number /= base();
  } while (number != 0);
  std::string out(std::max(width, n), alphabet_[0]);
  std::reverse_copy(reversed, reversed + n, out.end() - static_cast<std::ptrdiff_t>(n));
  return out;
}

Expected<std::uint64_t> Base62::decode(std::string_view text) const {
  if (text.empty()) return make_error("malformed", "an empty text is no number");
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int digit = digits_[static_cast<unsigned char>(text[i])];
    if (digit < 0) {
      return make_error("malformed",
                        fmt::format("byte {} at place {} is no digit of the alphabet",
                                    static_cast<int>(static_cast<unsigned char>(text[i])), i + 1));
    }
    if (__builtin_mul_overflow(number, base(), &number) ||
        __builtin_add_overflow(number, static_cast<std::uint64_t>(digit), &number)) {
      return make_error("malformed", "the number is 2^64 or more");
    }
  }
  return number;
}

}  // namespace syslab

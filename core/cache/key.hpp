// Key: what names an entry of a cache. A string or a number, in a form that costs a recorded trace nothing.
//
// A whole number from 0 to 2^64-1 is an id: the id of a trace and the Lua number 5 are the same key. Other
// numbers (negative, fractional, infinite) are reals. "5" and 5 are different keys. A Key is a view: a text
// key points to bytes that must outlive it; the cache keeps its own copy. Every key has a 64-bit word (the
// id, the bits of the real, the hash of the text) and equality is exact, words only come first.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <string_view>

#include "core/base/assert.hpp"
#include "core/base/probe_table.hpp"  // fold_hash
#include "core/base/value.hpp"
#include "core/hash/hash64.hpp"

namespace syslab {

class Key {
 public:
  enum class Kind : std::uint8_t { id, real, text };

  // Requires: not NaN, which equals nothing.
  Key(double number) {
    SYSLAB_ASSERT(number == number);
    if (number >= 0 && number < 0x1p64 && number == static_cast<double>(static_cast<std::uint64_t>(number))) {
      word_ = static_cast<std::uint64_t>(number);
    } else {
      kind_ = Kind::real;
      word_ = std::bit_cast<std::uint64_t>(number);
    }
  }
  template <std::unsigned_integral Id>
  Key(Id id) : word_(id) {}
  template <std::signed_integral Id>
  Key(Id number) : Key(static_cast<double>(number)) {
    if (number >= 0) word_ = static_cast<std::uint64_t>(number);
  }
  Key(std::string_view text) : kind_(Kind::text), word_(hash64(text)), text_(text) {}
  Key(const char* text) : Key(std::string_view(text)) {}
  // Requires: a string or a number that is not NaN.
  explicit Key(const Value& value) : Key(value.is_string() ? Key(value.string()) : Key(value.number())) {}

  Kind kind() const { return kind_; }
  std::uint64_t word() const { return word_; }
  std::string_view text() const { return text_; }

  static std::uint64_t hash_of(Kind kind, std::uint64_t word) {
    return kind == Kind::text ? word : hash_of_id(word);
  }
  static std::uint64_t hash_of_id(std::uint64_t id) { return fold_hash(id); }
  std::uint64_t hash() const { return hash_of(kind_, word_); }

 private:
  Kind kind_ = Kind::id;
  std::uint64_t word_ = 0;
  std::string_view text_;
};

}  // namespace syslab

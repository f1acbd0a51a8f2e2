// ShortCodes: a register of short codes for long texts, as a link shortener keeps, with the ways of avoiding
// that two texts get one code.
//
//   random   a random code; where it is taken, another one. Calls for more tries the fuller the space is.
//   hash     the code is a hash of the text; where another text has it, the next of a sequence of hashes.
//   Equal texts
//            get the same code.
//   counter  a counter, sent through a keyed permutation: never a collision, and neighbours cannot be
//   guessed. sequence the bare counter: never a collision, and everybody can read how many there are, and the
//   next one.
//
// A code has a fixed length, so there are base^length of them. Cost: O(1) expected, a hash-table look-up a
// try; about 120 bytes an entry with a text that is not long. Not thread-safe. Deterministic: depends on the
// seed and the calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/probe_table.hpp"
#include "core/base/rng.hpp"
#include "core/id/base62.hpp"
#include "core/id/feistel.hpp"

namespace syslab {

struct ShortCodesOptions {
  enum class Method : std::uint8_t { random, hash, counter, sequence };
  Method method = Method::random;
  std::string alphabet = std::string(Base62::kAlphabet);
  std::size_t length = 7;
  std::size_t most_tries = 100;  // for one code
  std::uint64_t seed = 1;
};

class ShortCodes {
 public:
  // The most codes that are held.
  static constexpr std::size_t kMostHeld = std::size_t{1} << 31;

  // Requires: valid(options) is empty.
  explicit ShortCodes(const ShortCodesOptions& options);
  // What is wrong with the options, as "OPTION: why"; empty where nothing is.
  static std::string valid(const ShortCodesOptions& options);

  // A code for the text. Errors: exhausted, where every try met a taken code, or all codes are given out.
  Expected<std::string> assign(std::string_view text);
  // The text of a code. Errors: not_found; malformed for what is no such code.
  Expected<std::string> resolve(std::string_view code) const;
  // The largest number of tries that one code took, and of tries that met a taken code.
  std::uint64_t tries() const { return tries_; }
  std::uint64_t collisions() const { return collisions_; }
  std::uint64_t worst_tries() const { return worst_tries_; }
  std::size_t size() const { return texts_.size(); }
  // How many codes there are.
  std::uint64_t space() const { return space_; }
  // How many collisions are to be expected on the way to size(), by theory: at n of N codes a random one is
  // taken with probability n/N and is drawn anew, which makes the sum over i < n of i / (N - i).
  double expected_collisions() const;
  const ShortCodesOptions& options() const { return options_; }
  std::string describe() const;

  // Ends the process if the structure contradicts itself. O(n); for tests.
  void check_invariants() const;

 private:
  struct Entry {
    std::uint64_t code;
    std::uint32_t text;  // where in texts_
    std::uint64_t hash() const { return fold_hash(code); }
  };

  const Entry* find(std::uint64_t code) const {
    return codes_.find(fold_hash(code), [code](const Entry& e) { return e.code == code; });
  }
  std::uint64_t candidate(std::string_view text, std::uint64_t attempt);

  ShortCodesOptions options_;
  Base62 digits_;
  std::uint64_t space_;
  FeistelPermutation permutation_;
  Rng rng_;
  ProbeTable<Entry> codes_;
  std::vector<std::string> texts_;
  std::uint64_t counter_ = 0;
  std::uint64_t tries_ = 0, collisions_ = 0, worst_tries_ = 0;
};

}  // namespace syslab

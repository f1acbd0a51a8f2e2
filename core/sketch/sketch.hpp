// Sketch: the face of the sketch family. An answer that is nearly right, in memory that does not grow with
// the data.
//
// What goes in is the 64-bit hash of a key (hash64, hash_key): a sketch sees keys only so. Every sketch knows
// what theory promises for its size, and measures on itself what is true of that. Pure data structure, not
// thread-safe, deterministic: the same hashes in the same order give the same sketch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace syslab {

// An experiment: what was promised, what came out, and what it costs.
struct Accuracy {
  std::string error;  // which error is measured: "false positive rate"
  double measured = 0;
  double theory = 0;        // what is promised: an expectation or a bound, as `error` says
  double outside = 0;       // share of the answers beyond the bound, where theory promises one for most
  std::uint64_t items = 0;  // what went in
  std::uint64_t keys = 0;   // how many of them were different
  std::size_t memory_bytes = 0;
  std::size_t theory_bytes = 0;  // the least that theory knows for this error (see each sketch)
  std::size_t exact_bytes = 0;   // what the keys (and counts) themselves take, 8 bytes each, without an index

  // Below 1: better than promised.
  double accuracy_quotient() const { return theory > 0 ? measured / theory : 0; }
  double memory_quotient() const {
    return theory_bytes > 0 ? static_cast<double>(memory_bytes) / static_cast<double>(theory_bytes) : 0;
  }
};

class Sketch {
 public:
  virtual ~Sketch() = default;
  // The kind: "bloom".
  virtual std::string_view name() const = 0;
  // As it would be written in Lua: "bloom{bits = 96, hashes = 7}".
  virtual std::string describe() const = 0;
  virtual void clear() = 0;
  // What the data takes; the object itself is not counted.
  virtual std::size_t memory_bytes() const = 0;

  // Makes this the sketch of both inputs, as if all that went into `other` had gone in here too. What is
  // wrong, else nothing: conflict, where the other is of another kind or size, or where merging is not
  // defined for the kind. Then nothing has changed.
  virtual std::optional<Error> merge(const Sketch& other) = 0;

  // Puts ids (their hash64) into fresh sketches of this size, and compares their answers with the truth. O(n
  // log n).
  virtual Accuracy accuracy(std::span<const std::uint64_t> ids) const = 0;

  // Ends the process if the structure contradicts itself. O(size); for tests.
  virtual void check_invariants() const = 0;
};

inline Error unlike(const Sketch& one, const Sketch& other) {
  return make_error("conflict", "only sketches of one kind and size can be merged: this is " +
                                    one.describe() + ", the other " + other.describe());
}

}  // namespace syslab

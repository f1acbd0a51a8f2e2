// UUID versions 4 (random) and 7 (milliseconds since 1970, then random), RFC 9562.
//
//     version 7:  48 bits unix_ts_ms | 4 bits 0111 | 12 bits rand_a | 2 bits 10 | 62 bits rand_b
//
// Within one millisecond version 7 sorts by one of the methods of RFC 9562 section 6.2, or not at all:
//   none      fresh random bits: ids of one millisecond are in no order
//   counter   method 1: rand_a is a counter that starts at random below 2^11 each millisecond, rand_b is
//   random random    method 2: all 74 bits are one number that grows by a random step of 1 to 2^32 fraction
//   method 3: rand_a is the fraction of the millisecond in 1/4096, one more where that is no progress
// With a method, ids of one generator grow strictly even if the clock goes back, and a counter that runs over
// borrows from the next millisecond: the generator then runs ahead of the clock rather than wait or repeat.
//
// Cost: O(1), about 10 ns, 80 bytes of state. Uniqueness among generators rests on 122 (v4), 74 or 62 (v7)
// random bits: n ids collide with probability about n^2 / 2^(bits + 1). Errors: clock_backwards for a version
// 7 before 1970.
#pragma once

#include "core/id/generator.hpp"

namespace syslab {

struct UuidOptions {
  enum class Monotonic : std::uint8_t { none, counter, random, fraction };
  int version = 7;  // or 4
  Monotonic monotonic = Monotonic::counter;
};

class Uuid final : public IdGenerator {
 public:
  // Requires: version is 4 or 7.
  Uuid(const UuidOptions& options, const Rng& rng) : options_(options), rng_(rng) {
    SYSLAB_ASSERT(options.version == 4 || options.version == 7);
  }

  std::string_view name() const override { return "uuid"; }
  Expected<Issued> next(Instant now) override;
  std::string write(Id id) const override;
  // Any version, in either case of letters, of the form 8-4-4-4-12.
  Expected<Id> read(std::string_view text) const override;
  // {version, variant}, and {ms, time} of a version 7.
  Value fields(Id id) const override;
  std::unique_ptr<IdGenerator> fresh(const Rng& rng, std::optional<std::uint64_t> worker) const override;
  std::string describe() const override;

  // A version 4 of these random bits (six of them are replaced), and a version 7 of its fields; what does not
  // fit is cut off.
  static Id version_4(std::uint64_t high, std::uint64_t low);
  static Id version_7(std::uint64_t ms, std::uint64_t rand_a, std::uint64_t rand_b);

 private:
  Expected<Issued> next_7(std::uint64_t ns);

  UuidOptions options_;
  Rng rng_;
  // Of the last version 7.
  bool any_ = false;
  std::uint64_t ms_ = 0, a_ = 0, b_ = 0;
};

}  // namespace syslab

// IdGenerator: the face of the id family. A name for a new thing, without asking anybody.
//
// Time is an argument: the wall clock, as the time since 1970 (in a world the wall clock begins at 1970). A
// generator never sleeps: where it has to wait for the clock it says how long, and the caller waits (see
// filter.hpp for one that does, inside a world). Pure data structure, not thread-safe, deterministic: all
// randomness comes from the Rng it was made with.
//
// An id is 128 bits (a 64-bit id is the lower half). Its text is exact: decimal digits, UUID or ULID, never a
// double.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/base/rng.hpp"
#include "core/base/time.hpp"
#include "core/base/value.hpp"

namespace syslab {

struct Id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Id&, const Id&) = default;
};

// What next() gives: an id, or how long to wait for one.
struct Issued {
  Id id;
  Duration wait = Duration::zero();  // above zero: there is no id now; ask again when so much time has passed
  bool ready() const { return wait == Duration::zero(); }
};

class IdGenerator {
 public:
  virtual ~IdGenerator() = default;
  // The kind: "snowflake".
  virtual std::string_view name() const = 0;

  // Errors: clock_backwards, exhausted. Then nothing has changed, and a better clock gets an id again.
  // Requires: now is within 200 years of 1970.
  virtual Expected<Issued> next(Instant now) = 0;

  // The text of an id, and back. Errors: malformed, saying what is wrong with the text.
  virtual std::string write(Id id) const = 0;
  virtual Expected<Id> read(std::string_view text) const = 0;
  // What an id tells about itself: a map, with the milliseconds since 1970 as `ms` where it holds a time.
  virtual Value fields(Id id) const = 0;

  // Another one with the same options that has issued nothing yet: for another process. `worker`, where it is
  // given, replaces the number of the worker in kinds that have one. Requires: worker <= most_worker().
  virtual std::unique_ptr<IdGenerator> fresh(const Rng& rng, std::optional<std::uint64_t> worker) const = 0;
  // The largest number of a worker; 0 where the kind knows no workers.
  virtual std::uint64_t most_worker() const { return 0; }
  // As it would be written in Lua: "ulid{}".
  virtual std::string describe() const = 0;
};

// Quotient rounded towards minus infinity: the tick in which a time falls. Requires: b > 0.
constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

}  // namespace syslab

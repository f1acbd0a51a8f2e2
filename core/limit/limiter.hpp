// Limiter: the face of the limiter family. May this request pass now, and if not, when?
//
// Time is an argument: a limiter never sleeps and reads no clock; the caller waits, drops or tells the
// client. Times may run backwards (a stepped clock): that lets no more through (but see leaky_bucket.hpp for
// what OpenResty does). Pure data structure, not thread-safe, deterministic. An algorithm is one file: see
// basic_limiter.hpp. Limits on how many requests are inside at once are in concurrency_limiter.hpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "core/base/time.hpp"

namespace syslab {

struct Decision {
  bool admitted = false;
  // How long after `now` the same request would be admitted if nothing else came: zero if it was admitted,
  // Duration::max() if it never can be. Exact: one nanosecond earlier it would be refused.
  Duration retry_after = Duration::zero();
  // What is left afterwards, in units of cost.
  double remaining = 0;
  // How long an admitted request should be held back before it goes on. Only limiters that queue say so.
  Duration delay = Duration::zero();
};

// One budget.
class Limiter {
 public:
  virtual ~Limiter() = default;
  // Takes `cost` from the budget, or nothing. Requires: cost > 0, finite.
  virtual Decision admit(Instant now, double cost = 1) = 0;
  // A dry run: what admit() would say, without taking anything.
  virtual Decision peek(Instant now, double cost = 1) const = 0;
  // As freshly made.
  virtual void reset() = 0;
  // Another one with the same options, as freshly made.
  virtual std::unique_ptr<Limiter> fresh() const = 0;
  // As it would be written in Lua: "token_bucket{rate = 10, burst = 5}".
  virtual std::string describe() const = 0;
};

// A budget for every key (client, tenant, route), in bounded memory.
//
// A key that was not seen before starts fresh. Keys that are idle, so that forgetting them changes nothing,
// are swept away two at a time whenever a new key comes; so the table is about as large as the number of keys
// that are busy. When `max_keys` are held and another comes, the one of a few that is closest to fresh is
// forgotten; where it was not idle, that key's next request finds a fresh budget too early, and forgotten()
// counts it. Cost: O(1), one or two cache misses a decision; when full, 1.5 times (8 + state) bytes a key,
// each algorithm's header says how large its state is. Keys are 64-bit numbers; hash other names (hash64),
// and two names share a budget with probability 2^-64.
class KeyedLimiter {
 public:
  virtual ~KeyedLimiter() = default;
  // Requires: cost > 0, finite.
  virtual Decision admit(std::uint64_t key, Instant now, double cost = 1) = 0;
  virtual Decision peek(std::uint64_t key, Instant now, double cost = 1) const = 0;
  virtual void reset() = 0;
  // Another one with the same options, as freshly made.
  virtual std::unique_ptr<KeyedLimiter> fresh() const = 0;
  virtual std::string describe() const = 0;

  // Keys held now, and the bound.
  virtual std::size_t size() const = 0;
  virtual std::size_t max_keys() const = 0;
  // Memory of the table now.
  virtual std::size_t size_bytes() const = 0;
  // How many keys were forgotten that were not idle.
  virtual std::uint64_t forgotten() const = 0;
  // Ends the process if the structure contradicts itself. O(n); for tests.
  virtual void check_invariants() const = 0;
};

}  // namespace syslab

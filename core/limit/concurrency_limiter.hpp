// ConcurrencyLimiter: how many requests may be inside at once? The face of concurrency, aimd and gradient2.
//
// A rate limiter has to be told what a service can take; a limit on what is inside follows by itself when the
// service gets slower (Little's law: rate = inside / time). Whoever was admitted must say so when it leaves.
// There is no retry_after: it depends on when somebody leaves. Pure data structure, not thread-safe,
// deterministic. Cost: O(1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/base/time.hpp"

namespace syslab {

struct Admission {
  bool admitted = false;
  // How long it should be held back before it goes on; it is inside meanwhile.
  Duration delay = Duration::zero();
  // How many more may come in now.
  double remaining = 0;
};

// How a request went, for limits that learn: dropped is what overload looks like (a timeout, a refusal);
// ignored says nothing about the service (a bad request, a cache hit).
enum class RequestOutcome : std::uint8_t { success, dropped, ignored };

class ConcurrencyLimiter {
 public:
  virtual ~ConcurrencyLimiter() = default;
  virtual Admission acquire() = 0;
  // A dry run: what acquire() would say.
  virtual Admission peek() const = 0;
  // One that was admitted leaves, after `latency` inside where it was measured. False where nobody is inside.
  virtual bool release(RequestOutcome outcome = RequestOutcome::success,
                       std::optional<Duration> latency = {}) = 0;
  virtual std::uint32_t in_flight() const = 0;
  // How many may be inside now; a limit that learns may be below in_flight().
  virtual double limit() const = 0;
  virtual void reset() = 0;
  // Another one with the same options, as freshly made.
  virtual std::unique_ptr<ConcurrencyLimiter> fresh() const = 0;
  virtual std::string describe() const = 0;
};

// A limit for every key, in bounded memory.
//
// A key of which nobody is inside and of which nothing was learned is not held. When `max_keys` are held and
// another comes, one of which nobody is inside is forgotten with what was learned of it (forgotten() counts
// it); where somebody is inside of all of them, the new one is refused. Cost: O(1), except for that last
// refusal, which looks at all keys.
class KeyedConcurrencyLimiter {
 public:
  virtual ~KeyedConcurrencyLimiter() = default;
  virtual Admission acquire(std::uint64_t key) = 0;
  virtual Admission peek(std::uint64_t key) const = 0;
  virtual bool release(std::uint64_t key, RequestOutcome outcome = RequestOutcome::success,
                       std::optional<Duration> latency = {}) = 0;
  virtual std::uint32_t in_flight(std::uint64_t key) const = 0;
  virtual double limit(std::uint64_t key) const = 0;
  virtual void reset() = 0;
  virtual std::unique_ptr<KeyedConcurrencyLimiter> fresh() const = 0;
  virtual std::string describe() const = 0;

  virtual std::size_t size() const = 0;
  virtual std::size_t max_keys() const = 0;
  virtual std::size_t size_bytes() const = 0;
  virtual std::uint64_t forgotten() const = 0;
  virtual void check_invariants() const = 0;
};

}  // namespace syslab

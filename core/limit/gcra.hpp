// GCRA, the generic cell rate algorithm: a budget is one timestamp.
//
// Requests should be T = 1/rate apart. The state is the theoretical arrival time TAT at which the next
// request would come if all came exactly so; a request may come up to tau = (burst - 1) * T before it. It is
// refused if now < TAT - tau; else TAT = max(now, TAT) + T. A request that costs n counts as n.
//
// Decides as the token bucket of the same rate and burst does, to the nanosecond (a test compares them); but
// `remaining` is in whole requests, as in an X-RateLimit-Remaining header. Admits at most burst + rate * t in
// any time t. When the clock runs backwards it is judged by the earlier time, so fewer pass. Exact for rates
// that are simple fractions (see exact_rate.hpp). Cost: O(1); 8 bytes of state where T is a whole number of
// nanoseconds, else 16. Paper: ITU-T I.371 (ATM traffic control); for APIs J. Lao, "Rate limiting with GCRA".
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "core/limit/exact_rate.hpp"
#include "core/limit/limiter.hpp"

namespace syslab {

struct GcraOptions {
  double rate = 1;   // requests a second
  double burst = 1;  // requests that may come at once
};

// A TAT in units, where p of them are a nanosecond. 128 bits, because p may be large and time is long.
struct FineStamp {
  std::uint64_t low = 0;
  std::int64_t high = 0;
};

// A TAT in nanoseconds, where p is 1.
using CoarseStamp = std::int64_t;

template <class Stamp>
class BasicGcra {
 public:
  struct State {
    Stamp tat;
  };

  // Requires: valid(options); fits(options).
  explicit BasicGcra(const GcraOptions& options);
  static bool valid(const GcraOptions& options) { return ExactRate::valid(options.rate, options.burst); }
  // Whether a stamp of this kind is exact for these options.
  static bool fits(const GcraOptions& options);

  State fresh() const { return {Stamp{}}; }

  Decision admit(State& state, Instant now, double cost) const {
    const std::int64_t t = now.time_since_epoch().count();
    const std::uint64_t ahead = ahead_of(state.tat, t);
    const std::int64_t wanted = exact_.to_units(cost);
    const std::int64_t most = exact_.full() - wanted;  // that TAT may be ahead
    if (most < 0 || ahead > static_cast<std::uint64_t>(most)) return refuse(ahead, wanted);
    state.tat = later(t, static_cast<std::int64_t>(ahead) + wanted);
    return {true, Duration::zero(), exact_.whole_tokens(most - static_cast<std::int64_t>(ahead))};
  }

  Instant idle_at(const State& state) const;
  std::string describe() const;

 private:
  static constexpr bool kCoarse = std::same_as<Stamp, CoarseStamp>;
  static constexpr std::int64_t kFar = std::int64_t{1} << 62;

  // max(TAT - now, 0), in units; if it is more than kFar, anything that is.
  std::uint64_t ahead_of(Stamp tat, std::int64_t t) const {
    if constexpr (kCoarse) {
      return static_cast<std::uint64_t>(std::max(tat, t)) - static_cast<std::uint64_t>(t);
    } else {
      const Wide ahead = wide(tat) - static_cast<Wide>(t) * exact_.per_ns();
      return static_cast<std::uint64_t>(std::clamp<Wide>(ahead, 0, kFar));
    }
  }
  Stamp later(std::int64_t t, std::int64_t units) const {
    if constexpr (kCoarse) {
      std::int64_t sum;
      return __builtin_add_overflow(t, units, &sum) ? std::numeric_limits<std::int64_t>::max() : sum;
    } else {
      const Wide sum = static_cast<Wide>(t) * exact_.per_ns() + units;
      return {static_cast<std::uint64_t>(sum), static_cast<std::int64_t>(sum >> 64)};
    }
  }
  Decision refuse(std::uint64_t far_ahead, std::int64_t wanted) const {
    const auto ahead = static_cast<std::int64_t>(std::min<std::uint64_t>(far_ahead, kFar));
    Duration wait = Duration::max();
    if (wanted <= exact_.full() && ahead < kFar) {
      wait = Duration(exact_.time_for(ahead + wanted - exact_.full()));
    }
    return {false, wait, exact_.whole_tokens(std::max<std::int64_t>(exact_.full() - ahead, 0))};
  }

  __extension__ typedef __int128 Wide;
  static Wide wide(const FineStamp& stamp) {
    return static_cast<Wide>(stamp.high) * (Wide{1} << 64) + stamp.low;
  }

  GcraOptions options_;
  ExactRate exact_;
};

using Gcra = BasicGcra<CoarseStamp>;
using FineGcra = BasicGcra<FineStamp>;

// Requires: valid(options).
std::unique_ptr<Limiter> make_gcra(const GcraOptions& options);
// Requires: also 1 <= max_keys < 2^31.
std::unique_ptr<KeyedLimiter> make_keyed_gcra(const GcraOptions& options, std::size_t max_keys);

}  // namespace syslab

// ExactRate: the arithmetic of "so many a second", in whole numbers.
//
// An amount is counted in units, of which p arrive every nanosecond and u make one token. A rate that is a
// fraction a/b with burst * b below 2.3e9 (10, 0.1, 2.5, 1/3 ...) is met without any rounding, however long
// it runs, and larger bursts with round rates too; any other rate is met to one part in 2^61 / burst or
// better. Costs and the burst are rounded to units. Token bucket, leaky bucket and GCRA share it, so that
// they agree to the nanosecond.
#pragma once

#include <algorithm>
#include <cstdint>

namespace syslab {

class ExactRate {
 public:
  // Both positive and at most 1e15, and burst / rate is at most 70 years.
  static bool valid(double rate, double burst);
  // Tokens a second, and the most that are ever there at once. Requires: valid(rate, burst).
  ExactRate(double rate, double burst);
  // The same in units of one nanosecond, so that amounts are times: exact in time, and costs are met to one
  // part in 10^5 or better. Requires: also nanoseconds_fit(rate).
  static ExactRate in_nanoseconds(double rate, double burst);
  // Whether a token takes a whole number of nanoseconds, and many of them.
  static bool nanoseconds_fit(double rate);

  std::int64_t per_ns() const { return per_ns_; }
  // The burst, in units; at most 2^61.
  std::int64_t full() const { return full_; }
  // Units that arrive in a time, but at most a burst. Requires: ns >= 0.
  std::int64_t arrived(std::int64_t ns) const {
    return ns >= fill_ns_ ? full_ : ns * per_ns_;  // beyond fill_ns_ the product could overflow
  }
  // How long it takes until so many have arrived. Requires: units >= 0.
  std::int64_t time_for(std::int64_t units) const { return by_per_ns_.divide(units + per_ns_ - 1); }

  std::int64_t to_units(double tokens) const {
    return static_cast<std::int64_t>(std::min(tokens * units_per_token_ + 0.5, 0x1p62));
  }
  double to_tokens(std::int64_t units) const { return static_cast<double>(units) * tokens_per_unit_; }
  // The whole tokens in so many units, exactly. Requires: units >= 0.
  double whole_tokens(std::int64_t units) const { return static_cast<double>(by_per_token_.divide(units)); }

  // Tokens a second as it is done.
  double rate() const { return static_cast<double>(per_ns_) * 1e9 / units_per_token_; }

 private:
  ExactRate(double per_ns, double units_per_token, double burst);

  // Division by a constant as a multiplication (Granlund & Montgomery 1994): exact for 0 <= n < 2^63, at a
  // tenth of the price.
  class Divider {
   public:
    explicit Divider(std::uint64_t d);  // 1 <= d < 2^62
    std::int64_t divide(std::int64_t n) const {
      // n * magic >> 63 + shift, by way of the upper half of the product of 2n.
      const auto product = static_cast<Wide>(2 * static_cast<std::uint64_t>(n)) * magic_;
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(product >> 64) >> shift_);
    }

   private:
    __extension__ typedef unsigned __int128 Wide;
    int shift_;            // ceil(log2 d)
    std::uint64_t magic_;  // floor(2^(63 + shift) / d) + 1
  };

  std::int64_t per_ns_;     // p; at most 2^60
  double units_per_token_;  // u, a whole number
  double tokens_per_unit_;  // 1/u
  Divider by_per_ns_;
  Divider by_per_token_;
  std::int64_t full_;
  std::int64_t fill_ns_;  // from nothing to the burst
};

}  // namespace syslab

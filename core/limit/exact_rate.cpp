#include "core/limit/exact_rate.hpp"

#include <bit>
#include <cmath>
#include <optional>

#include "core/base/assert.hpp"

namespace syslab {
namespace {

constexpr double kMost = 0x1p61;  // units in a full burst
constexpr double kLongestFill = 70 * 365.25 * 86400;

struct Fraction {
  double numerator;
  double denominator;
};

// The simplest fraction that is this double, by its continued fraction; nothing where the denominator gets
// large.
std::optional<Fraction> simple_fraction(double x) {
  Fraction last{1, 0}, before{0, 1};
  double rest = x;
  for (int step = 0; step < 30; ++step) {
    const double whole = std::floor(rest);
    const Fraction next{whole * last.numerator + before.numerator,
                        whole * last.denominator + before.denominator};
    if (next.denominator > 0x1p31 || next.numerator > 0x1p53) break;
    if (next.numerator / next.denominator == x) return next;
    before = last;
    last = next;
    rest = 1 / (rest - whole);
  }
  return std::nullopt;
}

// Units a nanosecond and units a token, so that a full burst stays in range. Many units a token are good:
// costs are rounded to units.
Fraction choose_units(double rate, double burst) {
  const double most_per_token = kMost / std::max(burst, 1.0);
  if (const std::optional<Fraction> fraction = simple_fraction(rate)) {
    // a/b tokens a second are a units a nanosecond where a token is b * 10^9 units; common factors may go.
    auto per_ns = static_cast<std::uint64_t>(fraction->numerator);
    std::uint64_t per_token = static_cast<std::uint64_t>(fraction->denominator) * 1'000'000'000;
    for (std::uint64_t factor : {2, 5, 3, 7}) {
      while (static_cast<double>(per_token) > most_per_token && per_ns % factor == 0 &&
             per_token % factor == 0) {
        per_ns /= factor;
        per_token /= factor;
      }
    }
    if (static_cast<double>(per_token) <= most_per_token) {
      return {static_cast<double>(per_ns), static_cast<double>(per_token)};
    }
  }
  const double per_ns = std::clamp(std::floor(rate * most_per_token / 1e9), 1.0, 0x1p60);
  return {per_ns, std::floor(per_ns * 1e9 / rate + 0.5)};
}

}  // namespace

bool ExactRate::valid(double rate, double burst) {
  return rate > 0 && rate <= 1e15 && burst > 0 && burst <= 1e15 && burst / rate <= kLongestFill;
}

bool ExactRate::nanoseconds_fit(double rate) {
  const double per_token = 1e9 / rate;
  return per_token >= 1e5 && std::floor(per_token) == per_token && per_token * rate == 1e9;
}

ExactRate::Divider::Divider(std::uint64_t d)
    : shift_(std::bit_width(d - 1)), magic_(static_cast<std::uint64_t>((Wide{1} << (63 + shift_)) / d) + 1) {}

ExactRate::ExactRate(double per_ns, double units_per_token, double burst)
    : per_ns_(static_cast<std::int64_t>(per_ns)),
      units_per_token_(units_per_token),
      tokens_per_unit_(1 / units_per_token),
      by_per_ns_(static_cast<std::uint64_t>(per_ns)),
      // A token that is larger than any burst of it: nothing is a whole one.
      by_per_token_(static_cast<std::uint64_t>(std::min(units_per_token, 0x1.8p61))),
      full_(to_units(burst)),
      fill_ns_(time_for(full_)) {}

ExactRate::ExactRate(double rate, double burst) : ExactRate(1, 1, 1) {
  SYSLAB_ASSERT(valid(rate, burst));
  const Fraction units = choose_units(rate, burst);
  *this = ExactRate(units.numerator, units.denominator, burst);
}

ExactRate ExactRate::in_nanoseconds(double rate, double burst) {
  SYSLAB_ASSERT(valid(rate, burst) && nanoseconds_fit(rate));
  return {1, 1e9 / rate, burst};
}

}  // namespace syslab

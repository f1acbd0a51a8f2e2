#include "core/limit/token_bucket.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>

#include "core/base/assert.hpp"
#include "core/limit/basic_limiter.hpp"

namespace syslab {
namespace {

constexpr double kMost = 0x1p61;  // units in a full bucket
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

// Units a nanosecond and units a token, so that a full bucket stays in range. Many units a token are good:
// costs are rounded to units.
Fraction choose_units(const TokenBucketOptions& options) {
  const double most_per_token = kMost / std::max(options.burst, 1.0);
  if (const std::optional<Fraction> rate = simple_fraction(options.rate)) {
    // a/b tokens a second are a units a nanosecond where a token is b * 10^9 units; common factors may go.
    auto per_ns = static_cast<std::uint64_t>(rate->numerator);
    std::uint64_t per_token = static_cast<std::uint64_t>(rate->denominator) * 1'000'000'000;
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
  const double per_ns = std::clamp(std::floor(options.rate * most_per_token / 1e9), 1.0, 0x1p60);
  return {per_ns, std::floor(per_ns * 1e9 / options.rate + 0.5)};
}

}  // namespace

static_assert(LimitAlgorithm<TokenBucket>);
template class BasicLimiter<TokenBucket>;
template class BasicKeyedLimiter<TokenBucket>;

bool TokenBucket::valid(const TokenBucketOptions& o) {
  return o.rate > 0 && o.rate <= 1e15 && o.burst > 0 && o.burst <= 1e15 && o.burst / o.rate <= kLongestFill;
}

TokenBucket::TokenBucket(const TokenBucketOptions& options) : options_(options) {
  SYSLAB_ASSERT(valid(options));
  const Fraction units = choose_units(options);
  per_ns_ = static_cast<std::int64_t>(units.numerator);
  units_per_token_ = units.denominator;
  tokens_per_unit_ = 1 / units_per_token_;
  full_ = to_units(options.burst);
  fill_ns_ = time_for(full_);
}

Decision TokenBucket::refuse(const State& state, Instant now, std::int64_t wanted) const {
  Duration wait = Duration::max();
  if (wanted <= full_) {
    const Instant ready =
        saturating_add(Instant(Duration(state.at)), Duration(time_for(wanted - state.units)));
    wait = ready - now;  // the clock may be behind the latest time seen
  }
  return {false, wait, to_tokens(state.units)};
}

std::string TokenBucket::describe() const {
  return fmt::format("token_bucket{{rate = {}, burst = {}}}", options_.rate, options_.burst);
}

std::unique_ptr<Limiter> make_token_bucket(const TokenBucketOptions& options) {
  return std::make_unique<BasicLimiter<TokenBucket>>(TokenBucket(options));
}

std::unique_ptr<KeyedLimiter> make_keyed_token_bucket(const TokenBucketOptions& options,
                                                      std::size_t max_keys) {
  return std::make_unique<BasicKeyedLimiter<TokenBucket>>(TokenBucket(options), max_keys);
}

}  // namespace syslab

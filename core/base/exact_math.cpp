// The reductions are those of fdlibm (Ng, 1993; Sun Microsystems), written afresh.
//
// log:  x = 2^k * (1 + f) with sqrt(1/2) <= 1 + f < sqrt(2), then s = f / (2 + f) and
//       log(1 + f) = 2s + s*R(s^2) = f - (f^2/2 - s * (f^2/2 + R)), which rounds only once near the result.
// exp:  x = k*ln2 + r with |r| <= ln2/2, then c = r - r^2 * P(r^2) and exp(r) = 1 + r + r*c / (2 - c).
//
// The coefficients of R and P interpolate the functions at Chebyshev nodes (computed with 60 digits); their
// errors are below 2^-56 and 2^-57 before they are scaled down by s and r. ln2 is split so that k * kLn2High
// is exact for every exponent k: the low 21 bits of kLn2High are zero.
#include "core/base/exact_math.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace syslab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr std::uint64_t kOne = 0x3FF0000000000000;
constexpr std::uint64_t kSqrtHalf = 0x3FE6A09E667F3BCD;  // the bits of sqrt(1/2)
constexpr std::uint64_t kFraction = 0x000FFFFFFFFFFFFF;

struct Split {  // x = 2^exponent * fraction, sqrt(1/2) <= fraction < sqrt(2)
  int exponent;
  double fraction;
};

// Requires: x is positive, finite.
inline Split split(double x) {
  std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  int denormal = 0;
  if (bits < 0x0010000000000000) {
    bits = std::bit_cast<std::uint64_t>(x * 0x1p54);
    denormal = -54;
  }
  const std::uint64_t shifted = bits + (kOne - kSqrtHalf);
  const int exponent = static_cast<int>(shifted >> 52) - 1023;
  return {exponent + denormal, std::bit_cast<double>((shifted & kFraction) + kSqrtHalf)};
}

// 2^k as a double. Requires: -1022 <= k <= 1023.
inline double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// y * 2^k, rounded once, for 0.5 < y < 2 and any k that exp can reach.
inline double scale(double y, int k) {
  if (k > 1023) return y * 0x1p1023 * power_of_two(k - 1023);
  if (k < -1021) return y * power_of_two(k + 1000) * 0x1p-1000;
  return y * power_of_two(k);
}

// log(x) + correction, where the correction is far below the logarithm. Requires: x positive, finite.
inline double log_corrected(double x, double correction) {
  const auto [k, fraction] = split(x);
  const double f = fraction - 1;
  const double s = f / (2 + f);
  const double z = s * s, w = z * z;
  const double even = w * (0x1.99999999952e2p-2 + w * (0x1.c71c62e5800a1p-3 + w * 0x1.39fe606542ddep-3));
  const double odd = z * (0x1.5555555555558p-1 +
                          w * (0x1.2492492df148dp-2 + w * (0x1.7462b4ab2ef6bp-3 + w * 0x1.2b584aae78a57p-3)));
  const double half_square = 0.5 * f * f;
  const double dk = k;
  return dk * kLn2High -
         ((half_square - (s * (half_square + (odd + even)) + (dk * kLn2Low + correction))) - f);
}

struct Reduced {  // x = k * ln2 + (high - low)
  int k;
  double high, low;
};

// Requires: |x| < 2000.
inline Reduced reduce(double x, double x_low) {
  constexpr double kShift = 0x1.8p52;  // adding and subtracting it rounds to the nearest integer
  const double dk = (x * 0x1.71547652b82fep0 + kShift) - kShift;
  return {static_cast<int>(dk), x - dk * kLn2High, dk * kLn2Low - x_low};
}

// exp(high - low) - 1 for |high - low| <= ln2/2. Its relative error is about one ulp if low is 0.
inline double expm1_reduced(double high, double low) {
  const double r = high - low;
  const double t = r * r;
  const double p =
      0x1.5555555555553p-3 +
      t * (-0x1.6c16c16c0abe6p-9 +
           t * (0x1.1566ab5c0cca8p-14 + t * (-0x1.bbd53204bb10fp-20 + t * 0x1.63f262586d051p-25)));
  const double c = r - t * p;
  return high - (low - (r * c) / (2 - c));
}

// exp(x + x_low), with overflow and underflow. Requires: neither is NaN.
inline double exp_sum(double x, double x_low) {
  if (x > 709.8) return kInfinity;
  if (x < -745.2) return 0;
  const auto [k, high, low] = reduce(x, x_low);
  return scale(1 + expm1_reduced(high, low), k);
}

// A number in twice the precision: the unevaluated sum high + low, |low| <= ulp(high)/2 (Dekker 1971).
struct Double2 {
  double high, low;
};

inline Double2 quick_two_sum(double a, double b) {  // Requires: |a| >= |b| or a == 0.
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

inline Double2 two_sum(double a, double b) {
  const double sum = a + b;
  const double bb = sum - a;
  return {sum, (a - (sum - bb)) + (b - bb)};
}

// a * b exactly, by Veltkamp's split into halves of 26 bits: std::fma would be slow where hardware lacks it.
inline Double2 two_product(double a, double b) {
  constexpr double kSplitter = 0x1p27 + 1;
  const double ta = kSplitter * a, tb = kSplitter * b;
  const double ah = ta - (ta - a), bh = tb - (tb - b);
  const double al = a - ah, bl = b - bh;
  const double product = a * b;
  return {product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

inline Double2 multiply(Double2 a, Double2 b) {
  const Double2 p = two_product(a.high, b.high);
  return quick_two_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

inline Double2 add(Double2 a, Double2 b) {  // Requires: |a| >= |b| or so; the error is relative to |a|.
  const Double2 s = two_sum(a.high, b.high);
  return quick_two_sum(s.high, s.low + (a.low + b.low));
}

// log(x) to about 67 bits: 2 * atanh(s) with the first three terms of the series in double precision twice
// over.
Double2 log_twice(double x) {
  const auto [k, fraction] = split(x);
  const double f = fraction - 1;
  const Double2 divisor = two_sum(fraction, 1);
  const double s_high = f / divisor.high;
  const Double2 back = two_product(s_high, divisor.high);
  const double s_low = (((f - back.high) - back.low) - s_high * divisor.low) / divisor.high;
  const Double2 s = quick_two_sum(s_high, s_low);
  const Double2 z = multiply(s, s);
  static constexpr double kOdd[] = {1. / 7,  1. / 9,  1. / 11, 1. / 13, 1. / 15, 1. / 17,
                                    1. / 19, 1. / 21, 1. / 23, 1. / 25, 1. / 27};
  double tail = 0;
  for (int i = 10; i >= 0; --i) tail = tail * z.high + kOdd[i];
  Double2 sum = add({0x1.999999999999ap-3, -0x1.999999999999ap-57}, {z.high * tail, 0});  // 1/5
  sum = add({0x1.5555555555555p-2, 0x1.5555555555555p-56}, multiply(z, sum));             // 1/3
  sum = multiply(s, add({1, 0}, multiply(z, sum)));
  const double dk = k;
  return add(add({dk * kLn2High, 0}, {dk * kLn2Low, 0}), {2 * sum.high, 2 * sum.low});
}

bool is_integer(double y) {
  return std::floor(y) == y;
}
bool is_odd(double y) {
  return is_integer(y) && std::fabs(y) < 0x1p53 && std::floor(y / 2) * 2 != y;
}

}  // namespace

double exact_log(double x) {
  // One test for everything unusual: zero, negative, infinite, NaN.
  if (std::bit_cast<std::uint64_t>(x) - 1 >= 0x7FF0000000000000 - 1) [[unlikely]] {
    if (x == 0) return -kInfinity;
    return x > 0 ? x : kNan;
  }
  return log_corrected(x, 0);
}

double exact_log1p(double x) {
  if (!(x > -1)) return x == -1 ? -kInfinity : kNan;
  if (x == kInfinity) return x;
  const double u = 1 + x;
  if (u == 1) return x;
  // What the sum lost, to first order: log(u + e) = log(u) + e/u.
  const double lost = x >= 1 ? 1 - (u - x) : x - (u - 1);
  return log_corrected(u, lost / u);
}

double exact_exp(double x) {
  if (x != x) return x;
  return exp_sum(x, 0);
}

double exact_expm1(double x) {
  if (x != x) return x;
  if (x > 709.8) return kInfinity;
  if (x < -40) return -1;
  if (std::fabs(x) < 0x1p-54) return x;
  const auto [k, high, low] = reduce(x, 0);
  const double m = expm1_reduced(high, low);
  if (k == 0) return m;
  if (k > 60) return scale(1 + m, k);
  return (m + (1 - power_of_two(-k))) * power_of_two(k);
}

double exact_pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return kNan;
  const double magnitude = std::fabs(x);
  if (std::isinf(y)) {
    if (magnitude == 1) return 1;
    return (magnitude > 1) == (y > 0) ? kInfinity : 0;
  }
  const bool negative = std::signbit(x) && is_odd(y);
  const double sign = negative ? -1 : 1;
  if (magnitude == 0 || magnitude == kInfinity) return sign * ((magnitude == 0) == (y < 0) ? kInfinity : 0);
  if (x < 0 && !is_integer(y)) return kNan;
  const Double2 log = log_twice(magnitude);
  // Beyond these bounds the result overflows or underflows, and the exact product below could not be formed.
  const double estimate = log.high * y;
  if (estimate > 800) return sign * kInfinity;
  if (estimate < -800) return sign * 0.0;
  if (std::fabs(y) > 0x1p900) return 1;  // only |x| == 1 comes here
  const Double2 product = two_product(log.high, y);
  return sign * exp_sum(product.high, product.low + log.low * y);
}

}  // namespace syslab

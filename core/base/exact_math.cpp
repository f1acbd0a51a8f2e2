// The idea is to bring every argument so close to a tabulated point that a short Taylor polynomial does the
// rest:
//
// log:  x = 2^k * z with 11/16 <= z < 11/8. The upper bits of z choose one of 128 cells, and the cell a short
// number
//       `inverse` near 1/z, so that r = z * inverse - 1 is below 2^-7 and comes out with a single rounding.
//       Then log(x) = k * ln2 - log(inverse) + log(1 + r). In the two cells next to 1 the inverse is 1, which
//       keeps the relative error where the logarithm vanishes.
// exp:  x = (128 * e + j) * ln2/128 + r with |r| <= ln2/256, then exp(x) = 2^e * 2^(j/128) * exp(r).
// pow:  the same logarithm with its rounding errors kept, times y, through the same exponential.
//
// After Tang 1989/1990, "Table-driven implementation of the exponential/logarithm function in IEEE
// floating-point arithmetic"; ARM's optimized-routines (Nagy 2018) use the same shape. The tables are worked
// out by the compiler, in twice the precision, from the formulas below. ln2 and log(inverse) are split so
// that the sum of their upper parts is exact: both are multiples of 2^-42 and the sum is below 2^10.
#include "core/base/exact_math.hpp"

#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <limits>

namespace syslab {
namespace {

static_assert(FLT_EVAL_METHOD == 0,
              "doubles must be computed as doubles: on 32-bit x86 use -msse2 -mfpmath=sse");

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLn2High = 0x1.62e42fee00000p-1;
constexpr double kLn2Low = 0x1.a39ef35793c76p-33;
constexpr int kCellBits = 7;
constexpr int kCells = 1 << kCellBits;
constexpr std::uint64_t kLeast = 0x3FE6000000000000;  // the bits of 11/16
constexpr std::uint64_t kExponentMask = 0xFFF0000000000000;
constexpr std::uint64_t kUpperHalf = 0xFFFFFFFFF8000000;  // the sign, the exponent and 26 bits of a number

// A number in twice the precision: the unevaluated sum high + low, |low| <= ulp(high)/2 (Dekker 1971).
struct Double2 {
  double high, low;
};

// Requires: |a| >= |b| or a == 0.
constexpr Double2 quick_two_sum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// a * b exactly, by Veltkamp's split into halves of 26 bits: std::fma would be slow where hardware lacks it.
constexpr Double2 two_product(double a, double b) {
  constexpr double kSplitter = 0x1p27 + 1;
  const double ta = kSplitter * a, tb = kSplitter * b;
  const double ah = ta - (ta - a), bh = tb - (tb - b);
  const double al = a - ah, bl = b - bh;
  const double product = a * b;
  return {product, ((ah * bh - product) + ah * bl + al * bh) + al * bl};
}

constexpr Double2 multiply(Double2 a, Double2 b) {
  const Double2 p = two_product(a.high, b.high);
  return quick_two_sum(p.high, p.low + (a.high * b.low + a.low * b.high));
}

// Requires: |a| >= |b|.
constexpr Double2 add(Double2 a, Double2 b) {
  const Double2 s = quick_two_sum(a.high, b.high);
  return quick_two_sum(s.high, s.low + (a.low + b.low));
}

// a / b. Requires: b is a whole number.
constexpr Double2 divide(Double2 a, double b) {
  const double quotient = a.high / b;
  const Double2 back = two_product(quotient, b);
  return quick_two_sum(quotient, (((a.high - back.high) - back.low) + a.low) / b);
}

struct LogCell {
  double inverse;   // near 1/z, a multiple of 2^-12
  double log_high;  // -log(inverse), a multiple of 2^-42
  double log_low;
};

// 2 * atanh(s) with s = (1 - v) / (1 + v) is -log(v). 1 - v and 1 + v are exact for a multiple of 2^-12.
constexpr Double2 minus_log(double v) {
  const Double2 s = divide(divide({(1 - v) * 4096, 0}, (1 + v) * 4096), 1);
  const Double2 square = multiply(s, s);
  Double2 sum = {0, 0};
  for (int i = 24; i >= 0; --i) sum = add(divide({1, 0}, 2 * i + 1), multiply(square, sum));
  sum = multiply(s, sum);
  return {2 * sum.high, 2 * sum.low};
}

constexpr std::array<LogCell, kCells> make_log_cells() {
  std::array<LogCell, kCells> cells{};
  for (std::uint64_t i = 0; i < kCells; ++i) {
    constexpr std::uint64_t kWidth = 1ull << (52 - kCellBits);
    const double least = std::bit_cast<double>(kLeast + i * kWidth);
    const double end = std::bit_cast<double>(kLeast + (i + 1) * kWidth);
    const bool touches_one = least == 1 || end == 1;
    const double inverse = touches_one ? 1 : static_cast<int>(4096 * 2 / (least + end) + 0.5) / 4096.0;
    const Double2 log = touches_one ? Double2{0, 0} : minus_log(inverse);
    constexpr double kRound = 0x1.8p10;  // one unit in the last place of it is 2^-42
    const double high = (log.high + kRound) - kRound;
    cells[i] = {inverse, high, (log.high - high) + log.low};
  }
  return cells;
}

struct ExpCell {
  std::uint64_t bits;  // of 2^(j/128)
  double low;          // what those bits lack, as a part of 2^(j/128)
};

constexpr std::array<ExpCell, kCells> make_exp_cells() {
  constexpr Double2 kStep = {0x1.0163da9fb3335p+0, 0x1.b61299ab8cdb7p-54};  // 2^(1/128)
  std::array<ExpCell, kCells> cells{};
  Double2 power = {1, 0};
  for (auto& cell : cells) {
    cell = {std::bit_cast<std::uint64_t>(power.high), power.low / power.high};
    power = multiply(power, kStep);
  }
  return cells;
}

constexpr std::array<LogCell, kCells> kLogCells = make_log_cells();
constexpr std::array<ExpCell, kCells> kExpCells = make_exp_cells();

struct LogParts {       // log(x) = (base + r) + low + (log(1 + r) - r), where base is exact
  double base, low, r;  // |base| > |r|, or base is 0
  double r_error;       // what r lost in rounding, for exact_pow
};

// `bits` are those of a positive normal number; its true exponent is lower by `denormal`.
inline LogParts log_parts(std::uint64_t bits, int denormal) {
  const std::uint64_t offset = bits - kLeast;
  const auto k = static_cast<double>((static_cast<std::int64_t>(offset) >> 52) - denormal);
  const LogCell& cell = kLogCells[(offset >> (52 - kCellBits)) % kCells];
  const std::uint64_t z_bits = bits - (offset & kExponentMask);
  const double z = std::bit_cast<double>(z_bits);
  // Both products are exact, as `inverse` is short, and so is the difference: only the sum rounds.
  const double z_high = std::bit_cast<double>(z_bits & kUpperHalf);
  const double r_high = z_high * cell.inverse - 1, r_low = (z - z_high) * cell.inverse;
  const double r = r_high + r_low;
  return {k * kLn2High + cell.log_high, k * kLn2Low + cell.log_low, r, (r_high - r) + r_low};
}

constexpr std::uint64_t kLeastNormal = 0x0010000000000000;
constexpr std::uint64_t kInfinityBits = 0x7FF0000000000000;

// False for zero, denormal, negative, infinite and NaN, in one comparison.
inline bool is_positive_normal(std::uint64_t bits) {
  return bits - kLeastNormal < kInfinityBits - kLeastNormal;
}

// Requires: x is positive and finite.
inline LogParts log_parts(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  if (is_positive_normal(bits)) [[likely]] {
    return log_parts(bits, 0);
  }
  return log_parts(std::bit_cast<std::uint64_t>(x * 0x1p54), 54);
}

// The sum of the parts and of a correction far below them.
inline double log_sum(const LogParts& parts, double correction) {
  const double r = parts.r, r2 = r * r;
  const double sum = parts.base + r;
  const double lost = (parts.base - sum) + r;
  // log(1 + r) = r + r^2 * (-1/2 + r/3 - r^2/4 + ...), evaluated in pairs (Estrin).
  const double tail = (1. / 5 - r * (1. / 6)) + r2 * (1. / 7 - r * (1. / 8));
  const double poly = -0.5 + r * ((1. / 3 - r * 0.25) + r2 * tail);
  return sum + ((lost + (parts.low + correction)) + r2 * poly);
}

struct ExpParts {  // exp(x) = 2^exponent * scale * (1 + rest)
  int exponent;
  std::uint64_t scale_bits;
  double rest;  // about r, |r| <= ln2/256
};

// Requires: |x| < 2000, |x_low| far below it.
inline ExpParts exp_parts(double x, double x_low) {
  constexpr double kShift = 0x1.8p52;  // adding it rounds to the nearest integer, which fills the low bits
  const double shifted = x * (0x1.71547652b82fep0 * kCells) + kShift;
  const auto index = static_cast<std::int32_t>(std::bit_cast<std::uint64_t>(shifted));
  const double steps = shifted - kShift;
  const double r = (x - steps * (kLn2High / kCells)) - (steps * (kLn2Low / kCells) - x_low);
  const ExpCell& cell = kExpCells[static_cast<std::uint32_t>(index) % kCells];
  const double r2 = r * r;
  const double rest = (cell.low + r) + r2 * ((0.5 + r * (1. / 6)) + r2 * (1. / 24 + r * (1. / 120)));
  return {index >> kCellBits, cell.bits, rest};
}

// 2^k. Requires: -1022 <= k <= 1023.
inline double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

// exp(x + x_low), with overflow and underflow. NaN stays NaN.
inline double exp_sum(double x, double x_low) {
  if (!(std::fabs(x) < 670)) [[unlikely]] {  // so that scale * rest below keeps all its bits
    if (x != x) return x;
    if (x > 709.8) return kInfinity;
    if (x < -745.2) return 0;
    const auto [exponent, bits, rest] = exp_parts(x, x_low);
    const double scale = std::bit_cast<double>(bits);
    // In two steps, of which only the second can round or overflow.
    const int half = exponent / 2;
    return (scale + scale * rest) * power_of_two(half) * power_of_two(exponent - half);
  }
  const auto [exponent, bits, rest] = exp_parts(x, x_low);
  const double scale = std::bit_cast<double>(bits + (static_cast<std::uint64_t>(exponent) << 52));
  return scale + scale * rest;
}

bool is_integer(double y) {
  return std::floor(y) == y;
}
bool is_odd(double y) {
  return is_integer(y) && std::fabs(y) < 0x1p53 && std::floor(y / 2) * 2 != y;
}

}  // namespace

double exact_log(double x) {
  const auto bits = std::bit_cast<std::uint64_t>(x);
  if (is_positive_normal(bits)) [[likely]] {
    return log_sum(log_parts(bits, 0), 0);
  }
  if (x == 0) return -kInfinity;
  if (!(x > 0)) return kNan;
  return x == kInfinity ? x : log_sum(log_parts(x), 0);
}

double exact_log1p(double x) {
  if (!(x > -1)) return x == -1 ? -kInfinity : kNan;
  if (x == kInfinity) return x;
  const double u = 1 + x;
  if (u == 1) return x;
  // What the sum lost, to first order: log(u + e) = log(u) + e/u.
  const double lost = x >= 1 ? 1 - (u - x) : x - (u - 1);
  return log_sum(log_parts(u), lost / u);
}

double exact_exp(double x) {
  return exp_sum(x, 0);
}

double exact_expm1(double x) {
  if (!(x < 40)) return exact_exp(x);  // minus one is far below the last bit
  if (x < -40) return -1;
  if (std::fabs(x) < 0x1p-54) return x;
  const auto [exponent, bits, rest] = exp_parts(x, 0);
  const double scale = std::bit_cast<double>(bits + (static_cast<std::uint64_t>(exponent) << 52));
  return (scale - 1) + scale * rest;
}

double exact_pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (x != x || y != y) return kNan;
  const double magnitude = std::fabs(x);
  if (std::isinf(y)) {
    if (magnitude == 1) return 1;
    return (magnitude > 1) == (y > 0) ? kInfinity : 0;
  }
  const double sign = std::signbit(x) && is_odd(y) ? -1 : 1;
  if (magnitude == 0 || magnitude == kInfinity) return sign * ((magnitude == 0) == (y < 0) ? kInfinity : 0);
  if (x < 0 && !is_integer(y)) return kNan;
  if (magnitude == 1) return sign;
  // The logarithm to about 67 bits: as in log_sum, but the square is exact, and what r lost takes part in it.
  const LogParts parts = log_parts(magnitude);
  const double r = parts.r, r2 = r * r;
  const Double2 square = two_product(r, r);
  const double cubic = (1. / 3 - r * 0.25) + r2 * ((1. / 5 - r * (1. / 6)) + r2 * (1. / 7 - r * (1. / 8)));
  const double below = parts.low + (parts.r_error - r * parts.r_error) - 0.5 * square.low + r * r2 * cubic;
  Double2 log = quick_two_sum(parts.base, r);
  const Double2 with_square = quick_two_sum(log.high, -0.5 * square.high);
  log = quick_two_sum(with_square.high, with_square.low + log.low + below);
  // Beyond these bounds the result overflows or underflows, and the exact product below could not be formed.
  const double estimate = log.high * y;
  if (estimate > 800) return sign * kInfinity;
  if (estimate < -800) return sign * 0.0;
  const Double2 product = two_product(log.high, y);
  return sign * exp_sum(product.high, product.low + log.low * y);
}

}  // namespace syslab

#include "core/base/exact_math.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kDenormal = std::numeric_limits<double>::denorm_min();

// The distance in units of the last place of a double near the reference, which libm computes in long double.
double ulps(double got, long double want) {
  int exponent;
  std::frexp(want, &exponent);
  return static_cast<double>(std::fabs(got - want) / std::ldexp(1.0L, std::max(exponent - 53, -1074)));
}

template <class F, class Reference>
double worst(F f, Reference reference, double low, double high, bool exponents = false) {
  Rng rng(1);
  double most = 0;
  for (int i = 0; i < 100000; ++i) {
    double x = low + (high - low) * rng.unit();
    if (exponents) x = std::exp2(x);
    most = std::max(most, ulps(f(x), reference(static_cast<long double>(x))));
  }
  return most;
}

bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

}  // namespace

TEST_CASE("exact_math: logarithms are within one ulp of the true value", "[base][exact_math]") {
  const auto log = [](long double x) { return std::log(x); };
  const auto log1p = [](long double x) { return std::log1p(x); };
  CHECK(worst(exact_log, log, 0.7, 1.45) < 1);
  CHECK(worst(exact_log, log, 0.999, 1.001) < 1);
  CHECK(worst(exact_log, log, -1074, 1023.9, true) < 1);
  CHECK(worst(exact_log1p, log1p, -1, 1) < 1);
  CHECK(worst(exact_log1p, log1p, -70, 70, true) < 1);
}

TEST_CASE("exact_math: exponentials are within one ulp, expm1 within 2.3", "[base][exact_math]") {
  const auto exp = [](long double x) { return std::exp(x); };
  const auto expm1 = [](long double x) { return std::expm1(x); };
  CHECK(worst(exact_exp, exp, -1, 1) < 0.52);
  CHECK(worst(exact_exp, exp, -708, 709.7) < 0.52);
  CHECK(worst(exact_exp, exp, -745, -708) < 1);
  CHECK(worst(exact_expm1, expm1, -1, 1) < 2.3);
  CHECK(worst(exact_expm1, expm1, -40, 709) < 2.3);
  CHECK(worst(exact_expm1, expm1, -70, 6, true) < 2.3);
}

TEST_CASE("exact_math: powers are almost correctly rounded, and whole powers exact", "[base][exact_math]") {
  Rng rng(2);
  double most = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = std::exp2(40 * rng.unit() - 20), y = 40 * rng.unit() - 20;
    most = std::max(
        most, ulps(exact_pow(x, y), std::pow(static_cast<long double>(x), static_cast<long double>(y))));
    const double near_one = 1 + 1e-3 * rng.unit(), big = 1e5 * rng.unit();
    most = std::max(most, ulps(exact_pow(near_one, big),
                               std::pow(static_cast<long double>(near_one), static_cast<long double>(big))));
  }
  CHECK(most < 0.52);
  for (int base = 2; base < 100; ++base) {
    double power = base;
    for (int k = 1; power < 0x1p53; ++k, power *= base) {
      CHECK(exact_pow(base, k) == power);
      CHECK(exact_pow(-base, k) == (k % 2 != 0 ? -power : power));
    }
  }
}

TEST_CASE("exact_math: zero, infinity, NaN and denormals give what C99 asks for", "[base][exact_math]") {
  CHECK(exact_log(0) == -kInf);
  CHECK(exact_log(-0.0) == -kInf);
  CHECK(same(exact_log(1), 0));
  CHECK(exact_log(kInf) == kInf);
  CHECK(std::isnan(exact_log(-1)));
  CHECK(std::isnan(exact_log(-kInf)));
  CHECK(std::isnan(exact_log(kNan)));
  CHECK(ulps(exact_log(kDenormal), std::log(static_cast<long double>(kDenormal))) < 1);

  CHECK(exact_log1p(-1) == -kInf);
  CHECK(same(exact_log1p(-0.0), -0.0));
  CHECK(exact_log1p(kDenormal) == kDenormal);
  CHECK(exact_log1p(kInf) == kInf);
  CHECK(std::isnan(exact_log1p(-1.5)));
  CHECK(std::isnan(exact_log1p(kNan)));

  CHECK(exact_exp(0) == 1);
  CHECK(exact_exp(-kInf) == 0);
  CHECK(exact_exp(kInf) == kInf);
  CHECK(exact_exp(709.79) == kInf);
  CHECK(exact_exp(709.78) < kInf);
  CHECK(exact_exp(-745.13) == kDenormal);
  CHECK(exact_exp(-745.14) == 0);
  CHECK(std::isnan(exact_exp(kNan)));

  CHECK(same(exact_expm1(-0.0), -0.0));
  CHECK(exact_expm1(kDenormal) == kDenormal);
  CHECK(exact_expm1(-kInf) == -1);
  CHECK(exact_expm1(kInf) == kInf);
  CHECK(std::isnan(exact_expm1(kNan)));

  CHECK(exact_pow(kNan, 0) == 1);
  CHECK(exact_pow(1, kNan) == 1);
  CHECK(std::isnan(exact_pow(kNan, 1)));
  CHECK(std::isnan(exact_pow(2, kNan)));
  CHECK(std::isnan(exact_pow(-2, 0.5)));
  CHECK(exact_pow(0, -1) == kInf);
  CHECK(exact_pow(-0.0, -1) == -kInf);
  CHECK(same(exact_pow(-0.0, 3), -0.0));
  CHECK(same(exact_pow(-0.0, 2), 0));
  CHECK(exact_pow(-1, kInf) == 1);
  CHECK(exact_pow(-1, 1e300) == 1);
  CHECK(exact_pow(0.5, kInf) == 0);
  CHECK(exact_pow(0.5, -kInf) == kInf);
  CHECK(exact_pow(-kInf, 3) == -kInf);
  CHECK(exact_pow(kInf, -2) == 0);
  CHECK(exact_pow(2, 1024) == kInf);
  CHECK(exact_pow(-2, 1025) == -kInf);
  CHECK(exact_pow(2, -1074) == kDenormal);
  CHECK(exact_pow(2, -1080) == 0);
  CHECK(exact_pow(kDenormal, 1) == kDenormal);
  CHECK(exact_pow(1e300, 1e300) == kInf);
}

TEST_CASE("exact_math: the last bit never changes", "[base][exact_math][golden]") {
  // Provenance: this test's own digest on x86-64 (gcc 12, -O0 and -O3). It has to be the same on every
  // machine.
  Rng rng(42);
  std::uint64_t digest = 0;
  const auto fold = [&](double x) { digest = mix64(digest ^ std::bit_cast<std::uint64_t>(x)); };
  for (int i = 0; i < 100000; ++i) {
    const double x = 100 * rng.unit(), y = 40 * rng.unit() - 20;
    fold(exact_log(x));
    fold(exact_log1p(x));
    fold(exact_exp(y));
    fold(exact_expm1(y));
    fold(exact_pow(x, y));
  }
  CHECK(digest == 0x1a5c8ce9b2b05c68);
}

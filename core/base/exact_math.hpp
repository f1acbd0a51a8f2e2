// Logarithms and powers that are bit-equal on every IEEE-754 machine.
//
// libm promises nothing about the last bit of exp and log, and glibc, musl and macOS do differ, so anything
// that reaches a simulated result takes them from here. Only + - * / sqrt and bit operations are used, and
// the build forbids contraction (-ffp-contract=off). std::sqrt, std::floor and friends are exact by the
// standard and need no substitute.
//
// Accuracy: exact_log, exact_exp, exact_log1p and exact_expm1 are within 1 ulp; exact_pow is within 1 ulp and
// exact where the result is a small whole power. Cost: 4 to 8 ns, exact_pow about 25 ns. Special values
// follow C99 Annex F.
#pragma once

namespace syslab {

double exact_log(double x);
double exact_log1p(double x);  // log(1 + x), accurate for small x
double exact_exp(double x);
double exact_expm1(double x);  // exp(x) - 1, accurate for small x
double exact_pow(double x, double y);

}  // namespace syslab

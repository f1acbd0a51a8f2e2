// Logarithms and powers that are bit-equal on every IEEE-754 machine.
//
// libm promises nothing about the last bit of exp and log, and glibc, musl and macOS do differ, so anything
// that reaches a simulated result takes them from here. Only + - * / sqrt and bit operations are used, and
// the build forbids contraction (-ffp-contract=off). std::sqrt, std::floor and friends are exact by the
// standard and need no substitute.
//
// Accuracy (measured on millions of points): exact_exp and exact_pow within 0.52 ulp, so almost always
// correctly rounded; exact_log and exact_log1p within 0.76 ulp; exact_expm1 within 2.2 ulp. Whole powers of
// whole numbers are exact below 2^53. Special values follow C99 Annex F. Cost: about as libm, 4 to 8 ns;
// exact_pow 15 to 25 ns.
#pragma once

namespace syslab {

double exact_log(double x);
double exact_log1p(double x);  // log(1 + x), accurate for small x
double exact_exp(double x);
double exact_expm1(double x);  // exp(x) - 1, accurate for small x
double exact_pow(double x, double y);

}  // namespace syslab

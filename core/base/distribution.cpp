#include "core/base/distribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/assert.hpp"
#include "core/base/exact_math.hpp"

namespace syslab {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Uniform in (0, 1), symmetric about 1/2 and never 0 or 1: an odd multiple of 2^-53.
double open_unit(Rng& rng) {
  return (static_cast<double>(rng.next() >> 12) + 0.5) * 0x1p-52;
}

class Constant final : public Distribution {
 public:
  explicit Constant(const ConstantOptions& options) : value_(options.value) {}
  double sample(Rng&) const override { return value_; }
  double mean() const override { return value_; }
  std::string describe() const override { return fmt::format("constant{{value = {}}}", value_); }

 private:
  double value_;
};

class Uniform final : public Distribution {
 public:
  explicit Uniform(const UniformOptions& options) : low_(options.low), high_(options.high) {
    SYSLAB_ASSERT(low_ <= high_);
    SYSLAB_ASSERT(std::isfinite(high_ - low_));
  }
  double sample(Rng& rng) const override { return low_ + (high_ - low_) * rng.unit(); }
  double mean() const override { return low_ + (high_ - low_) / 2; }
  std::string describe() const override { return fmt::format("uniform{{low = {}, high = {}}}", low_, high_); }

 private:
  double low_, high_;
};

class Exponential final : public Distribution {
 public:
  explicit Exponential(const ExponentialOptions& options) : mean_(options.mean) {
    SYSLAB_ASSERT(mean_ > 0 && std::isfinite(mean_));
  }
  // 1 - unit() is exact and in (0, 1], so the largest sample is 36.7 means.
  double sample(Rng& rng) const override { return -mean_ * exact_log(1 - rng.unit()); }
  double mean() const override { return mean_; }
  std::string describe() const override { return fmt::format("exponential{{mean = {}}}", mean_); }

 private:
  double mean_;
};

using Coefficients = double[8];

// c[0] + c[1] * x + ... + c[7] * x^7, by Horner's rule.
double polynomial(const Coefficients& c, double x) {
  double sum = c[7];
  for (int i = 6; i >= 0; --i) sum = sum * x + c[i];
  return sum;
}

// The quantile function of the standard normal distribution: routine PPND16 of Wichura 1988, "Algorithm AS
// 241: The percentage points of the normal distribution", Applied Statistics 37(3). Rational functions, one
// for the middle 85 % and two for the tails; the names are the paper's. Requires: 0 < p < 1.
double normal_quantile(double p) {
  static constexpr Coefficients kA = {3.387132872796366608,  133.14166789178437745, 1971.5909503065514427,
                                      13731.693765509461125, 45921.953931549871457, 67265.770927008700853,
                                      33430.575583588128105, 2509.0809287301226727};
  static constexpr Coefficients kB = {1,
                                      42.313330701600911252,
                                      687.1870074920579083,
                                      5394.1960214247511077,
                                      21213.794301586595867,
                                      39307.89580009271061,
                                      28729.085735721942674,
                                      5226.495278852854561};
  static constexpr Coefficients kC = {
      1.42343711074968357734, 4.6303378461565452959,  5.7694972214606914055,    3.64784832476320460504,
      1.27045825245236838258, 0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4};
  static constexpr Coefficients kD = {1,
                                      2.05319162663775882187,
                                      1.6763848301838038494,
                                      0.68976733498510000455,
                                      0.14810397642748007459,
                                      0.0151986665636164571966,
                                      5.475938084995344946e-4,
                                      1.05075007164441684324e-9};
  static constexpr Coefficients kE = {6.6579046435011037772,     5.4637849111641143699,
                                      1.7848265399172913358,     0.29656057182850489123,
                                      0.026532189526576123093,   0.0012426609473880784386,
                                      2.71155556874348757815e-5, 2.01033439929228813265e-7};
  static constexpr Coefficients kF = {1,
                                      0.59983220655588793769,
                                      0.13692988092273580531,
                                      0.0148753612908506148525,
                                      7.868691311456132591e-4,
                                      1.8463183175100546818e-5,
                                      1.4215117583164458887e-7,
                                      2.04426310338993978564e-15};
  const double q = p - 0.5;
  if (std::fabs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * polynomial(kA, r) / polynomial(kB, r);
  }
  const double r = std::sqrt(-exact_log(q < 0 ? p : 1 - p));
  const double z = r <= 5 ? polynomial(kC, r - 1.6) / polynomial(kD, r - 1.6)
                          : polynomial(kE, r - 5) / polynomial(kF, r - 5);
  return q < 0 ? -z : z;
}

class Normal final : public Distribution {
 public:
  explicit Normal(const NormalOptions& options) : mean_(options.mean), stddev_(options.stddev) {
    SYSLAB_ASSERT(std::isfinite(mean_) && std::isfinite(stddev_));
    SYSLAB_ASSERT(stddev_ >= 0);
  }
  double sample(Rng& rng) const override { return mean_ + stddev_ * normal_quantile(open_unit(rng)); }
  double mean() const override { return mean_; }
  std::string describe() const override {
    return fmt::format("normal{{mean = {}, stddev = {}}}", mean_, stddev_);
  }

 private:
  double mean_, stddev_;
};

class Lognormal final : public Distribution {
 public:
  explicit Lognormal(const LognormalOptions& options) : median_(options.median), sigma_(options.sigma) {
    SYSLAB_ASSERT(median_ > 0 && std::isfinite(median_));
    SYSLAB_ASSERT(sigma_ >= 0 && std::isfinite(sigma_));
  }
  double sample(Rng& rng) const override {
    return median_ * exact_exp(sigma_ * normal_quantile(open_unit(rng)));
  }
  double mean() const override { return median_ * exact_exp(sigma_ * sigma_ / 2); }
  std::string describe() const override {
    return fmt::format("lognormal{{median = {}, sigma = {}}}", median_, sigma_);
  }

 private:
  double median_, sigma_;
};

class Pareto final : public Distribution {
 public:
  explicit Pareto(const ParetoOptions& options) : scale_(options.scale), shape_(options.shape) {
    SYSLAB_ASSERT(scale_ > 0 && std::isfinite(scale_));
    SYSLAB_ASSERT(shape_ > 0 && std::isfinite(shape_));
  }
  double sample(Rng& rng) const override { return scale_ * exact_exp(-exact_log(1 - rng.unit()) / shape_); }
  double mean() const override { return shape_ > 1 ? scale_ * shape_ / (shape_ - 1) : kInfinity; }
  std::string describe() const override {
    return fmt::format("pareto{{scale = {}, shape = {}}}", scale_, shape_);
  }

 private:
  double scale_, shape_;
};

// Walker's alias table: column i keeps the fraction limit/2^64 of its draws for itself and gives the rest to
// `alias`.
class AliasTable {
 public:
  explicit AliasTable(const std::vector<double>& weights) {
    const std::size_t n = weights.size();
    SYSLAB_ASSERT(n > 0 && n < 0x1p32);
    for (double weight : weights) SYSLAB_ASSERT(weight >= 0 && std::isfinite(weight));
    // Dividing by the largest first keeps the sum finite.
    const double largest = *std::max_element(weights.begin(), weights.end());
    SYSLAB_ASSERT(largest > 0);
    double total = 0;
    for (double weight : weights) total += weight / largest;
    std::vector<double> share(n);
    std::vector<std::uint32_t> small, large;
    for (std::size_t i = 0; i < n; ++i) {
      share[i] = weights[i] / largest / total * static_cast<double>(n);
      (share[i] < 1 ? small : large).push_back(static_cast<std::uint32_t>(i));
    }
    columns_.resize(n);
    for (std::size_t i = 0; i < n; ++i) columns_[i] = {~0ull, static_cast<std::uint32_t>(i)};
    while (!small.empty() && !large.empty()) {
      const std::uint32_t poor = small.back(), rich = large.back();
      small.pop_back();
      columns_[poor] = {static_cast<std::uint64_t>(share[poor] * 0x1p64), rich};
      share[rich] -= 1 - share[poor];
      if (share[rich] < 1) {
        large.pop_back();
        small.push_back(rich);
      }
    }
    // Rounding may leave a few columns; each is full but for an ulp, unless its weight is zero.
    for (std::uint32_t left : small) {
      if (weights[left] == 0) columns_[left] = {0, heaviest(weights)};
    }
  }

  std::size_t pick(Rng& rng) const {
    // The high word of the product is the column and the low word, still uniform to n/2^64, the place within
    // it.
    __extension__ const unsigned __int128 product =
        static_cast<unsigned __int128>(rng.next()) * columns_.size();
    const auto index = static_cast<std::size_t>(product >> 64);
    const Column& column = columns_[index];
    return static_cast<std::uint64_t>(product) < column.limit ? index : column.alias;
  }

 private:
  struct Column {
    std::uint64_t limit;
    std::uint32_t alias;
  };
  static std::uint32_t heaviest(const std::vector<double>& weights) {
    return static_cast<std::uint32_t>(std::max_element(weights.begin(), weights.end()) - weights.begin());
  }
  std::vector<Column> columns_;
};

double weighted_mean(const std::vector<double>& values, const std::vector<double>& weights) {
  double total = 0, mean = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (weights[i] == 0) continue;  // 0 * infinity is no number
    total += weights[i];
    mean += (values[i] - mean) * (weights[i] / total);
  }
  return mean;
}

class Empirical final : public Distribution {
 public:
  Empirical(std::vector<double> values, const std::vector<double>& weights)
      : values_(std::move(values)), table_(weights), mean_(weighted_mean(values_, weights)) {}
  double sample(Rng& rng) const override { return values_[table_.pick(rng)]; }
  double mean() const override { return mean_; }
  std::string describe() const override {
    return fmt::format("empirical{{{} values from {} to {}}}", values_.size(), values_.front(),
                       values_.back());
  }

 private:
  std::vector<double> values_;
  AliasTable table_;
  double mean_;
};

class Mixture final : public Distribution {
 public:
  Mixture(const std::vector<MixturePart>& parts, const std::vector<double>& weights)
      : parts_(parts), weights_(weights), table_(weights) {}
  double sample(Rng& rng) const override { return parts_[table_.pick(rng)].distribution->sample(rng); }
  double mean() const override {
    std::vector<double> means;
    for (const MixturePart& part : parts_) means.push_back(part.distribution->mean());
    for (std::size_t i = 0; i < means.size(); ++i) {
      if (weights_[i] > 0 && std::isinf(means[i])) return means[i];
    }
    return weighted_mean(means, weights_);
  }
  std::string describe() const override {
    std::string text;
    for (const MixturePart& part : parts_) {
      text += fmt::format("{}{} of {}", text.empty() ? "" : ", ", part.weight, part.distribution->describe());
    }
    return "mixture{" + text + "}";
  }

 private:
  std::vector<MixturePart> parts_;
  std::vector<double> weights_;
  AliasTable table_;
};

// The sum of k^-s for k = 1..n: the first terms one by one, the rest by the Euler-Maclaurin formula.
double generalized_harmonic(double n, double s) {
  constexpr int kDirect = 64;
  double sum = 0;
  const int direct = static_cast<int>(std::min<double>(n, kDirect));
  for (int k = direct; k >= 1; --k) sum += exact_exp(-s * exact_log(k));
  if (n <= kDirect) return sum;
  const double a = kDirect;
  const double fa = exact_exp(-s * exact_log(a)), fn = exact_exp(-s * exact_log(n));
  const double log_ratio = exact_log(n / a);
  const double integral = s == 1 ? log_ratio : a * fa * exact_expm1((1 - s) * log_ratio) / (1 - s);
  const double third = s * (s + 1) * (s + 2);
  return sum + integral + (fn - fa) / 2 + s * (fa / a - fn / n) / 12 -
         third * (fa / (a * a * a) - fn / (n * n * n)) / 720;
}

}  // namespace

DistributionPtr make_constant(const ConstantOptions& options) {
  return std::make_shared<Constant>(options);
}
DistributionPtr make_uniform(const UniformOptions& options) {
  return std::make_shared<Uniform>(options);
}
DistributionPtr make_exponential(const ExponentialOptions& options) {
  return std::make_shared<Exponential>(options);
}
DistributionPtr make_normal(const NormalOptions& options) {
  return std::make_shared<Normal>(options);
}
DistributionPtr make_lognormal(const LognormalOptions& options) {
  return std::make_shared<Lognormal>(options);
}
DistributionPtr make_pareto(const ParetoOptions& options) {
  return std::make_shared<Pareto>(options);
}
DistributionPtr make_zipf(const ZipfOptions& options) {
  return std::make_shared<Zipf>(options);
}

LognormalOptions lognormal_by_mean(double mean, double sigma) {
  return {.median = mean * exact_exp(-sigma * sigma / 2), .sigma = sigma};
}

DistributionPtr make_empirical(const EmpiricalOptions& options) {
  SYSLAB_ASSERT(!options.values.empty());
  SYSLAB_ASSERT(options.weights.empty() || options.weights.size() == options.values.size());
  std::vector<std::pair<double, double>> pairs;
  for (std::size_t i = 0; i < options.values.size(); ++i) {
    pairs.emplace_back(options.values[i], options.weights.empty() ? 1.0 : options.weights[i]);
  }
  // Sorted by weight too, so that sums come out the same whatever the order given.
  std::sort(pairs.begin(), pairs.end());
  std::vector<double> values, weights;
  for (const auto& [value, weight] : pairs) {
    if (!values.empty() && values.back() == value) {
      weights.back() += weight;
    } else {
      values.push_back(value);
      weights.push_back(weight);
    }
  }
  return std::make_shared<Empirical>(std::move(values), weights);
}

DistributionPtr make_mixture(const std::vector<MixturePart>& parts) {
  std::vector<double> weights;
  for (const MixturePart& part : parts) {
    SYSLAB_ASSERT(part.distribution != nullptr);
    weights.push_back(part.weight);
  }
  return std::make_shared<Mixture>(parts, weights);
}

// Rejection-inversion. Over each rank k stands a bar of width 1 and height h(k) = k^-skew. The area under the
// curve h from k - 1/2 to k + 1/2 is at least the bar's, because h is convex. So: draw u uniform over the
// area under the curve, invert its integral H to x, round x to k, and accept if u falls into the part of k's
// area that equals h(k), measured down from H(k + 1/2); that is, if k - x is at most some slack(k) < 1/2.
// For k = 1 the area starts at H(3/2) - h(1), so nothing there is rejected.
//
//   H(x) = (x^(1-skew) - 1) / (1 - skew) = expm1((1-skew) * log x) / (1-skew),   log x for skew = 1
//
// Deviations: expm1 and log1p keep their relative accuracy as skew approaches 1, where the paper's form
// cancels. The paper accepts early by one bound for all k; here a(k) is tabulated for the first ranks, and
// since k - a(k) rises towards 1/2, the last entry bounds all that follow so tightly that H is next to never
// evaluated.
Zipf::Zipf(const ZipfOptions& options) : count_(static_cast<double>(options.count)), skew_(options.skew) {
  SYSLAB_ASSERT(options.count >= 1 && options.count <= (1ull << 50));
  SYSLAB_ASSERT(skew_ >= 0 && skew_ <= 100);
  if (skew_ != 1) inverse_ = 1 / (1 - skew_);
  u_first_ = integral(1.5) - 1;
  u_last_ = integral(count_ + 0.5);
  slack_[0] = 1;
  for (int k = 2; k <= kTabulated; ++k) slack_[k - 1] = k - inverse_integral(acceptance(k));
}

double Zipf::acceptance(double k) const {
  return integral(k + 0.5) - exact_exp(-skew_ * exact_log(k));
}

double Zipf::integral(double x) const {
  const double log = exact_log(x);
  return skew_ == 1 ? log : exact_expm1((1 - skew_) * log) * inverse_;
}

double Zipf::inverse_integral(double u) const {
  if (skew_ == 1) return exact_exp(u);
  // Rounding may take the argument below -1 for a large skew and a far tail.
  return exact_exp(exact_log1p(std::max((1 - skew_) * u, -1.0)) * inverse_);
}

std::uint64_t Zipf::rank(Rng& rng) const {
  while (true) {
    const double u = u_last_ + rng.unit() * (u_first_ - u_last_);  // in (u_first_, u_last_]
    const double x = std::min(inverse_integral(u), count_);
    const auto rank = std::max<std::int64_t>(static_cast<std::int64_t>(x + 0.5), 1);
    const double k = static_cast<double>(rank);
    // min(rank, kTabulated) in arithmetic: whether a rank is in the table is a coin toss that no processor
    // predicts.
    const std::int64_t beyond = rank - kTabulated;
    const std::int64_t slot = kTabulated + (beyond & (beyond >> 63));
    if (k - x <= slack_[slot - 1]) [[likely]] {
      return static_cast<std::uint64_t>(rank);
    }
    if (rank > kTabulated && u >= acceptance(k)) return static_cast<std::uint64_t>(rank);
  }
}

double Zipf::probability(std::uint64_t k) const {
  SYSLAB_ASSERT(k >= 1 && static_cast<double>(k) <= count_);
  return exact_exp(-skew_ * exact_log(static_cast<double>(k))) / generalized_harmonic(count_, skew_);
}

double Zipf::mean() const {
  // k * k^-skew; a negative exponent is fine, the sum then grows.
  return generalized_harmonic(count_, skew_ - 1) / generalized_harmonic(count_, skew_);
}

std::string Zipf::describe() const {
  return fmt::format("zipf{{count = {}, skew = {}}}", static_cast<std::uint64_t>(count_), skew_);
}

}  // namespace syslab

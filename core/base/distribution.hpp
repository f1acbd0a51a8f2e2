// Probability distributions whose samples are bit-equal on every machine: service times, think times, link
// delays, sizes.
//
// std:: distributions differ between standard libraries, so each one here is written out over Rng and
// exact_math. A distribution is immutable and shared; the stream of randomness is the caller's. All but Zipf
// and the mixture draw exactly one number a sample, by inversion, so two runs that differ in one parameter
// see the same luck. Values are plain doubles: seconds where they stand for time.
//
// Cost: see each factory; an exponential sample is about 9 ns. Factories assert their `Requires:`; ranges
// given by a user are checked by the binding.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/base/rng.hpp"
#include "core/base/time.hpp"

namespace syslab {

class Distribution {
 public:
  virtual ~Distribution() = default;
  virtual double sample(Rng& rng) const = 0;
  // The expected value; infinity where there is none.
  virtual double mean() const = 0;
  // As it would be written in Lua: "exponential{mean = 0.002}".
  virtual std::string describe() const = 0;
};

using DistributionPtr = std::shared_ptr<const Distribution>;

// A sample in seconds as a Duration; never negative, so that a normal distribution can be a delay.
inline Duration sample_duration(const Distribution& distribution, Rng& rng) {
  const double seconds = distribution.sample(rng);
  return seconds > 0 ? from_seconds(seconds) : Duration::zero();
}

struct ConstantOptions {
  double value = 0;
};
// Always the same value; draws nothing.
DistributionPtr make_constant(const ConstantOptions& options);

struct UniformOptions {
  double low = 0;
  double high = 1;
};
// Uniform in [low, high); rounding may give high itself. Requires: low <= high; high - low is finite.
DistributionPtr make_uniform(const UniformOptions& options);

struct ExponentialOptions {
  double mean = 1;
};
// Memoryless gaps: the arrivals of a Poisson process. Requires: mean > 0, finite.
DistributionPtr make_exponential(const ExponentialOptions& options);

struct NormalOptions {
  double mean = 0;
  double stddev = 1;
};
// Requires: stddev >= 0, both finite. Paper: Wichura 1988, Algorithm AS 241 (about 1 part in 10^15).
DistributionPtr make_normal(const NormalOptions& options);

struct LognormalOptions {
  double median = 1;
  double sigma = 1;  // the standard deviation of the logarithm
};
// Service times with a moderate tail. Requires: median > 0, sigma >= 0, both finite.
DistributionPtr make_lognormal(const LognormalOptions& options);
// The same distribution, given by its mean instead of its median.
LognormalOptions lognormal_by_mean(double mean, double sigma);

struct ParetoOptions {
  double scale = 1;  // the least value
  double shape = 2;  // the tail index: the mean is infinite at or below 1, the variance at or below 2
};
// Heavy tails: P(X > x) = (scale / x)^shape. Requires: scale > 0, shape > 0, both finite.
DistributionPtr make_pareto(const ParetoOptions& options);

struct EmpiricalOptions {
  std::vector<double> values;
  std::vector<double> weights = {};  // one a value; none means that all are equally likely
};
// Recorded values, drawn in proportion to their weights; the order in which they are given does not matter.
// Cost: O(n log n) to build, O(1) a sample (Walker's alias method, Vose 1991).
// Requires: at least one value; as many weights as values, or none; weights >= 0, finite, and not all zero.
DistributionPtr make_empirical(const EmpiricalOptions& options);

struct MixturePart {
  double weight = 1;
  DistributionPtr distribution;
};
// One of the parts, chosen in proportion to its weight: "95 % fast, 5 % slow". Cost: O(1) and one more draw.
// Requires: as for make_empirical; no part is null.
DistributionPtr make_mixture(const std::vector<MixturePart>& parts);

struct ZipfOptions {
  std::uint64_t count = 1000;
  double skew = 1;  // 0 is uniform; web and key-value traces are about 0.6 to 1.2
};

// Ranks 1..count with P(rank = k) proportional to k^-skew, for any skew >= 0, 1 included.
//
// Paper: Hoermann & Derflinger 1996, "Rejection-inversion to generate variates from monotone discrete
// distributions". Cost: no table, 64 bytes; about 25 ns and 1.1 draws a sample, whatever the count.
class Zipf final : public Distribution {
 public:
  // Requires: 1 <= count <= 2^50, 0 <= skew <= 100.
  explicit Zipf(const ZipfOptions& options);

  std::uint64_t rank(Rng& rng) const;
  // P(rank = k), for reports and tests. Requires: 1 <= k <= count.
  double probability(std::uint64_t k) const;

  double sample(Rng& rng) const override { return static_cast<double>(rank(rng)); }
  double mean() const override;
  std::string describe() const override;

 private:
  static constexpr int kTabulated = 64;

  double integral(double x) const;
  double inverse_integral(double u) const;
  double acceptance(double k) const;

  double count_;
  double skew_;
  double inverse_ = 0;  // 1 / (1 - skew), unless skew is 1
  double u_first_;      // the uniform variate is in (u_first_, u_last_]
  double u_last_;
  double slack_[kTabulated];
};

DistributionPtr make_zipf(const ZipfOptions& options);

}  // namespace syslab

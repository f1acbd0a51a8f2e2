// Sampling and recording: what every simulated event pays for. The references do the same with libm, or with
// less.
#include <benchmark/benchmark.h>

#include <array>
#include <bit>
#include <cmath>
#include <vector>

#include "core/base/distribution.hpp"
#include "core/observe/histogram.hpp"
#include "core/observe/series.hpp"
#include "tests/bench/ratio.hpp"

namespace syslab::bench {
namespace {

constexpr int kSamples = 1'000'000;

double sum_of(const Distribution& distribution, Rng& rng) {
  double sum = 0;
  for (int i = 0; i < kSamples; ++i) sum += distribution.sample(rng);
  return sum;
}

// Compares a distribution with an inlined expression of the same draws over libm.
template <class Reference>
void compare_sampling(RatioRun& run, const DistributionPtr& distribution, Reference reference) {
  Rng ours(1), theirs(1);
  run.compare(
      kSamples, [&] { benchmark::DoNotOptimize(sum_of(*distribution, ours)); },
      [&] {
        double sum = 0;
        for (int i = 0; i < kSamples; ++i) sum += reference(theirs);
        benchmark::DoNotOptimize(sum);
      });
}

const RatioRow exponential("exponential sample", 0.7, [](RatioRun& run) {
  compare_sampling(run, make_exponential({.mean = 2}),
                   [](Rng& rng) { return -2 * std::log(1 - rng.unit()); });
});

const RatioRow lognormal("lognormal sample (reference: Box-Muller)", 1.0, [](RatioRun& run) {
  compare_sampling(run, make_lognormal({.median = 2, .sigma = 0.5}), [](Rng& rng) {
    const double radius = std::sqrt(-2 * std::log(1 - rng.unit()));
    return 2 * std::exp(0.5 * radius * std::cos(6.283185307179586 * rng.unit()));
  });
});

const RatioRow pareto("pareto sample", 0.5, [](RatioRun& run) {
  compare_sampling(run, make_pareto({.scale = 1, .shape = 1.5}),
                   [](Rng& rng) { return std::pow(1 - rng.unit(), -1 / 1.5); });
});

// The paper's sampler as it is usually written: one early bound for all ranks, libm's powers.
class TextbookZipf {
 public:
  TextbookZipf(double count, double skew) : count_(count), power_(1 - skew), skew_(skew) {
    first_ = integral(1.5) - 1;
    last_ = integral(count + 0.5);
    sure_ = 2 - inverse(integral(2.5) - std::pow(2, -skew));
  }
  double operator()(Rng& rng) const {
    while (true) {
      const double u = last_ + rng.unit() * (first_ - last_);
      const double x = inverse(u);
      const double k = std::min(std::max(std::floor(x + 0.5), 1.0), count_);
      if (k - x <= sure_ || u >= integral(k + 0.5) - std::pow(k, -skew_)) return k;
    }
  }

 private:
  double integral(double x) const { return std::pow(x, power_) / power_; }
  double inverse(double u) const { return std::pow(u * power_, 1 / power_); }
  double count_, power_, skew_, first_ = 0, last_ = 0, sure_ = 0;
};

const RatioRow zipf("zipf rank of 1 000 000, skew 0.99", 0.8, [](RatioRun& run) {
  compare_sampling(run, make_zipf({.count = 1'000'000, .skew = 0.99}), TextbookZipf(1e6, 0.99));
});

std::vector<std::int64_t> latencies() {
  Rng rng(1);
  const auto distribution = make_lognormal({.median = 2e6, .sigma = 1});
  std::vector<std::int64_t> out(kSamples);
  for (auto& x : out) x = static_cast<std::int64_t>(distribution->sample(rng));
  return out;
}

// The reference is the least a histogram can do: a fixed array of log-linear counters, no sum, no extremes.
const RatioRow record("histogram record (reference: bare counters)", 0.3, [](RatioRun& run) {
  const auto values = latencies();
  Histogram histogram;
  std::vector<std::uint64_t> counters(64 * 128);
  run.compare(
      kSamples,
      [&] {
        for (std::int64_t x : values) histogram.record(x);
        benchmark::DoNotOptimize(histogram.count());
      },
      [&] {
        for (std::int64_t x : values) {
          const int shift = std::bit_width(static_cast<std::uint64_t>(x) | 255) - 8;
          ++counters[static_cast<std::size_t>((shift << 7) + (x >> shift))];
        }
        benchmark::DoNotOptimize(counters.data());
        benchmark::ClobberMemory();
      });
});

// The reference is one histogram for the whole run: the price of having them over time.
const RatioRow series("series record (reference: one histogram)", 0.3, [](RatioRun& run) {
  const auto values = latencies();
  Series over_time;
  Histogram histogram;
  run.compare(
      kSamples,
      [&] {
        Instant now;
        for (std::int64_t x : values) over_time.record_ok(now += std::chrono::microseconds(50), Duration(x));
        benchmark::DoNotOptimize(over_time.size());
      },
      [&] {
        for (std::int64_t x : values) histogram.record(x);
        benchmark::DoNotOptimize(histogram.count());
      });
});

}  // namespace
}  // namespace syslab::bench

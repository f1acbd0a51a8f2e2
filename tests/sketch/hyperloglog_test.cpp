#include "core/sketch/hyperloglog.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/rng.hpp"
#include "core/hash/hash64.hpp"
#include "tests/sketch/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredSketch;

namespace {

const test::RegisterSketch registered(
    {"hyperloglog", [] { return std::make_unique<HyperLogLog>(12); },
     [] { return std::make_unique<HyperLogLog>(11); },
     [](Sketch& s, std::uint64_t id) { dynamic_cast<HyperLogLog&>(s).add(hash64(id)); },
     [](const Sketch& s, std::uint64_t) { return dynamic_cast<const HyperLogLog&>(s).estimate(); },
     RegisteredSketch::Merge::exact, 0.7, 1.3});

}  // namespace

TEST_CASE("hyperloglog: unbiased, with the standard error of theory, from few keys to many",
          "[sketch][hyperloglog]") {
  // 400 sketches of random hashes each: the mean of the errors is within five standard errors of zero, and
  // their deviation within 15 % of theory (for few keys the deviation is smaller, as most registers are
  // exact).
  for (const int precision : {4, 8, 11}) {
    Rng rng(static_cast<std::uint64_t>(precision));
    constexpr int kSketches = 400;
    const int sizes[] = {1, 10, 100, 1000, 5000, 10000, 20000};
    double sum[7] = {}, squares[7] = {};
    HyperLogLog sketch(precision);
    for (int s = 0; s < kSketches; ++s) {
      sketch.clear();
      int added = 0;
      for (int i = 0; i < 7; ++i) {
        for (; added < sizes[i]; ++added) sketch.add(rng.next());
        const double error = sketch.estimate() / sizes[i] - 1;
        sum[i] += error;
        squares[i] += error * error;
      }
    }
    for (int i = 0; i < 7; ++i) {
      const double mean = sum[i] / kSketches, deviation = std::sqrt(squares[i] / kSketches);
      INFO("precision " << precision << ", " << sizes[i] << " keys: bias " << mean << ", deviation "
                        << deviation << ", theory " << sketch.standard_error());
      // A sketch of 16 registers is biased by a fraction of its error of 26 %.
      CHECK(std::abs(mean) < 5 * sketch.standard_error() / 20 + (precision == 4 ? 0.05 : 0.001));
      CHECK(deviation < 1.15 * sketch.standard_error() * (precision == 4 ? 1.2 : 1));
      if (sizes[i] > 10 << precision) CHECK(deviation > 0.85 * sketch.standard_error());
    }
  }
}

TEST_CASE("hyperloglog: nothing is zero, and equal keys count once", "[sketch][hyperloglog]") {
  HyperLogLog sketch(14);
  CHECK(sketch.estimate() == 0);
  for (int i = 0; i < 1000; ++i) sketch.add(hash64(std::uint64_t{42}));
  CHECK(sketch.estimate() == Approx(1).margin(0.001));
  for (std::uint64_t id = 0; id < 100; ++id) sketch.add(hash64(id));
  CHECK(sketch.estimate() == Approx(100).margin(2));
}

TEST_CASE("hyperloglog: ranks reach from the first bit to beyond the last", "[sketch][hyperloglog]") {
  for (int precision = HyperLogLog::kLeastPrecision; precision <= HyperLogLog::kMostPrecision; ++precision) {
    HyperLogLog sketch(precision);
    const std::uint64_t registers = std::uint64_t{1} << precision;
    for (std::uint64_t i = 0; i < registers; ++i)
      sketch.add(i << (64 - precision));  // all other bits are zero
    sketch.check_invariants();
    CHECK(std::isfinite(sketch.estimate()) ==
          false);  // beyond all numbers of keys: every register is at its top
    sketch.clear();
    for (std::uint64_t i = 0; i < registers; ++i) sketch.add(i << (64 - precision) | 1);
    sketch.check_invariants();
    CHECK(sketch.estimate() > 1e18);
    CHECK(std::isfinite(sketch.estimate()));
    sketch.clear();
    for (std::uint64_t i = 0; i < registers; ++i)
      sketch.add(~std::uint64_t{0} >> precision | i << (64 - precision));
    // All registers at rank 1: about m ln 2 / 0.72 * ... keys, certainly of the order of m.
    CHECK(sketch.estimate() > 0.5 * static_cast<double>(registers));
    CHECK(sketch.estimate() < 3 * static_cast<double>(registers));
  }
}

TEST_CASE("hyperloglog: the precision for an error", "[sketch][hyperloglog][golden]") {
  // 1.04 / sqrt(2^p): the table of the paper's section 1 and of Redis (p = 14: 0.81 %, 12 KB).
  CHECK(HyperLogLog::precision_for(0.0082) == 14);
  CHECK(HyperLogLog::precision_for(0.0081) == 15);
  CHECK(HyperLogLog::precision_for(0.5) == 4);
  CHECK(HyperLogLog::precision_for(1e-9) == 18);
  CHECK(HyperLogLog(14).standard_error() == Approx(0.0081).epsilon(0.01));
  CHECK(HyperLogLog(14).memory_bytes() == 12289);
}

TEST_CASE("hyperloglog: merged sketches count what they share once", "[sketch][hyperloglog]") {
  HyperLogLog a(13), b(13), all(13);
  for (std::uint64_t id = 0; id < 60000; ++id) {
    if (id < 40000) a.add(hash64(id));
    if (id >= 20000) b.add(hash64(id));
    all.add(hash64(id));
  }
  REQUIRE_FALSE(a.merge(b));
  CHECK(a.estimate() == all.estimate());
  CHECK(a.estimate() == Approx(60000).epsilon(0.04));
}

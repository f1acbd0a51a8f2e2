#include "core/limit/gradient2.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "tests/limit/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredConcurrency;

namespace {

const RegisteredConcurrency registered(
    "gradient2", [](std::uint32_t limit) { return make_gradient2({.initial = limit}); },
    [](std::uint32_t limit, std::size_t max_keys) {
      return make_keyed_gradient2({.initial = limit}, max_keys);
    });

constexpr Duration ms(std::int64_t n) {
  return Duration(n * 1'000'000);
}

// The update as in Gradient2Limit.java, written down again.
struct Model {
  double limit, queue, smoothing, tolerance, min, max;
  int window;
  int count = 0;
  double sum = 0, value = 0;
  void sample(double rtt, double inside) {
    if (count < 10) {
      ++count;
      sum += rtt;
      value = sum / count;
    } else {
      const double factor = 2.0 / (window + 1);
      value = value * (1 - factor) + rtt * factor;
    }
    const double long_rtt = value;
    if (long_rtt / rtt > 2) value = value * 0.95;
    if (inside < limit / 2) return;
    const double gradient = std::max(0.5, std::min(1.0, tolerance * long_rtt / rtt));
    double next = limit * gradient + queue;
    next = limit * (1 - smoothing) + next * smoothing;
    limit = std::max(min, std::min(max, next));
  }
};

}  // namespace

TEST_CASE("gradient2: follows the formula of Netflix to the last bit", "[limit][gradient2]") {
  const auto limiter = make_gradient2({.initial = 20, .min = 3, .max = 150, .long_window = 100});
  Model model{20, 4, 0.2, 1.5, 3, 150, 100};
  Rng rng(1);
  bool at_most = false, at_least = false;
  std::uint32_t inside = 0;
  for (int i = 0; i < 30000; ++i) {
    if (rng.chance(0.55)) {
      inside += limiter->acquire().admitted;
    } else if (inside > 0) {
      // Calm, slow and very slow times, so that the limit swings through its whole range.
      const std::int64_t base = i / 3000 % 3 == 0 ? 1000 : i / 3000 % 3 == 1 ? 4000 : 90000;
      const Duration latency((base + static_cast<std::int64_t>(rng.below(500))) * (rng.chance(0.01) ? 9 : 1));
      model.sample(static_cast<double>(latency.count()), inside--);
      limiter->release(RequestOutcome::success, latency);
      REQUIRE(limiter->limit() == model.limit);
    }
    at_most = at_most || model.limit == 150;
    at_least = at_least || model.limit < 20;
  }
  REQUIRE(at_most);
  REQUIRE(at_least);
}

TEST_CASE("gradient2: grows while the latency is even, shrinks when it rises", "[limit][gradient2]") {
  const auto limiter = make_gradient2({.initial = 20});
  const auto round = [&](Duration latency) {
    int inside = 0;
    while (limiter->acquire().admitted) ++inside;
    // All saw the queue of all, so all leave at the same fill.
    for (int i = 0; i < inside; ++i)
      limiter->release(i == 0 ? RequestOutcome::success : RequestOutcome::ignored, latency);
    return limiter->limit();
  };
  const double before = limiter->limit();
  for (int i = 0; i < 50; ++i) round(ms(10));
  const double calm = limiter->limit();
  REQUIRE(calm > before + 20);
  for (int i = 0; i < 20; ++i) round(ms(100));
  REQUIRE(limiter->limit() < calm * 0.7);
}

TEST_CASE("gradient2: nonsense options are not valid", "[limit][gradient2]") {
  REQUIRE(Gradient2::valid({}));
  REQUIRE_FALSE(Gradient2::valid({.initial = 5, .min = 6}));
  REQUIRE_FALSE(Gradient2::valid({.initial = 5, .min = 1, .max = 9, .queue = -1}));
  REQUIRE_FALSE(Gradient2::valid({.initial = 5, .min = 1, .max = 9, .queue = 1, .smoothing = 0}));
  REQUIRE_FALSE(Gradient2::valid({.initial = 5, .min = 1, .max = 9, .queue = 1, .smoothing = 0.0 / 0.0}));
  REQUIRE_FALSE(
      Gradient2::valid({.initial = 5, .min = 1, .max = 9, .queue = 1, .smoothing = 1, .tolerance = 0.5}));
}

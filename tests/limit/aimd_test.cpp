#include "core/limit/aimd.hpp"

#include <catch2/catch.hpp>

#include "tests/limit/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredConcurrency;

namespace {

const RegisteredConcurrency registered(
    "aimd", [](std::uint32_t limit) { return make_aimd({.initial = limit}); },
    [](std::uint32_t limit, std::size_t max_keys) { return make_keyed_aimd({.initial = limit}, max_keys); });

constexpr Duration ms(std::int64_t n) {
  return Duration(n * 1'000'000);
}

}  // namespace

TEST_CASE("aimd: one more for each success while half is in use, a share for each drop", "[limit][aimd]") {
  const auto limiter = make_aimd({.initial = 10, .min = 4, .max = 12, .backoff = 0.5, .timeout = ms(100)});
  const auto once = [&](int inside, RequestOutcome outcome, Duration latency) {
    for (int i = 0; i < inside; ++i) REQUIRE(limiter->acquire().admitted);
    limiter->release(outcome, latency);
    for (int i = 1; i < inside; ++i) limiter->release(RequestOutcome::ignored);
    return limiter->limit();
  };
  REQUIRE(once(4, RequestOutcome::success, ms(10)) == 10);  // less than half in use: no reason to grow
  REQUIRE(once(5, RequestOutcome::success, ms(10)) == 11);
  REQUIRE(once(11, RequestOutcome::success, ms(10)) == 12);
  REQUIRE(once(12, RequestOutcome::success, ms(10)) == 12);  // max
  REQUIRE(once(1, RequestOutcome::ignored, ms(500)) == 12);
  REQUIRE(once(1, RequestOutcome::success, ms(101)) == 6);  // too late is as bad as lost
  REQUIRE(once(1, RequestOutcome::dropped, ms(1)) == 4);    // floor(3) is below min
  REQUIRE(limiter->fresh()->limit() == 10);
}

TEST_CASE("aimd: swings below what a service can take", "[limit][aimd]") {
  // A service that serves 40 at once in 10 ms and loses what comes beyond; users who always want more.
  const auto limiter = make_aimd({.initial = 5, .backoff = 0.8});
  double sum = 0;
  for (int round = 0; round < 500; ++round) {
    int inside = 0;
    while (limiter->acquire().admitted) ++inside;
    for (int i = inside; i > 0; --i)
      limiter->release(i > 40 ? RequestOutcome::dropped : RequestOutcome::success, ms(10));
    if (round >= 100) sum += inside;
  }
  REQUIRE(sum / 400 > 20);
  REQUIRE(sum / 400 < 60);
}

TEST_CASE("aimd: nonsense options are not valid", "[limit][aimd]") {
  REQUIRE(Aimd::valid({}));
  REQUIRE_FALSE(Aimd::valid({.initial = 5, .min = 6}));
  REQUIRE_FALSE(Aimd::valid({.initial = 5, .min = 0}));
  REQUIRE_FALSE(Aimd::valid({.initial = 5, .min = 1, .max = 4}));
  REQUIRE_FALSE(Aimd::valid({.initial = 5, .min = 1, .max = 9, .backoff = 1}));
  REQUIRE_FALSE(Aimd::valid({.initial = 5, .min = 1, .max = 9, .backoff = 0.0 / 0.0}));
  REQUIRE_FALSE(Aimd::valid({.initial = 5, .min = 1, .max = 9, .backoff = 0.5, .timeout = ms(0)}));
}

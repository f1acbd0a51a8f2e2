#include "core/limit/token_bucket.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/rng.hpp"
#include "tests/limit/models.hpp"

using namespace syslab;

namespace {

const test::RegisteredLimiter registered(
    "token_bucket", "",
    {.make = [](double rate, double burst) { return make_token_bucket({.rate = rate, .burst = burst}); },
     .make_keyed =
         [](double rate, double burst, std::size_t max_keys) {
           return make_keyed_token_bucket({.rate = rate, .burst = burst}, max_keys);
         },
     .bound = [](double rate, double burst, double seconds) { return burst + rate * seconds; },
     .model = test::arrival_curve_admits,
     .monotone = true});

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("token_bucket: starts full, refuses when empty, and says when the next token comes",
          "[limit][token_bucket]") {
  const auto bucket = make_token_bucket({.rate = 10, .burst = 2});
  REQUIRE(bucket->admit(at(0)).remaining == 1);
  REQUIRE(bucket->admit(at(0)).remaining == 0);
  const Decision refused = bucket->admit(at(0));
  REQUIRE_FALSE(refused.admitted);
  REQUIRE(refused.retry_after == std::chrono::milliseconds(100));
  REQUIRE_FALSE(bucket->admit(at(99999999)).admitted);
  REQUIRE(bucket->admit(at(100000000)).admitted);
  REQUIRE(bucket->describe() == "token_bucket{rate = 10, burst = 2}");
}

TEST_CASE("token_bucket: a cost above the burst can never be admitted", "[limit][token_bucket]") {
  const auto bucket = make_token_bucket({.rate = 10, .burst = 2});
  const Decision refused = bucket->admit(at(0), 2.5);
  REQUIRE_FALSE(refused.admitted);
  REQUIRE(refused.retry_after == Duration::max());
  REQUIRE(refused.remaining == 2);
  REQUIRE_FALSE(bucket->admit(at(0), 1e300).admitted);
}

TEST_CASE("token_bucket: rates that are simple fractions are met without any drift",
          "[limit][token_bucket]") {
  struct Case {
    double rate;
    std::int64_t tokens, seconds;  // so many tokens in so many seconds, exactly
  };
  for (const Case& c :
       {Case{3, 3000000, 1000000}, Case{0.1, 100000, 1000000}, Case{1.0 / 3, 1000000, 3000000},
        Case{2.5, 2500000, 1000000}, Case{1e6 / 7, 10000000, 70}}) {
    const auto bucket = make_token_bucket({.rate = c.rate, .burst = 2});
    // Taking every token in the first nanosecond that it is there: nothing is lost over the whole time.
    std::int64_t now = 0;
    bucket->admit(at(0), 2);
    for (std::int64_t i = 0; i < c.tokens; ++i) {
      const Decision next = bucket->peek(at(now));
      now += next.retry_after.count();
      REQUIRE(bucket->admit(at(now)).admitted);
    }
    REQUIRE(now == c.seconds * 1000000000);
  }
}

TEST_CASE("token_bucket: any rate is met closely, and bursts of bytes fit", "[limit][token_bucket]") {
  for (const double rate : {1e-7, 3.14159265358979, 12345678.0, 98765432.1, 1e9, 7e14, 1e15}) {
    for (const double burst : {0.5, 1.0, 1000.0, 1e10, 1e15}) {
      const TokenBucketOptions options{.rate = rate, .burst = burst};
      if (!TokenBucket::valid(options)) continue;
      const TokenBucket bucket(options);
      REQUIRE(std::abs(bucket.rate() / rate - 1) <= std::max(burst, 1.0) * 0x1p-61 + 1e-15);
      auto state = bucket.fresh();
      REQUIRE(bucket.admit(state, at(0), burst).admitted);
      REQUIRE_FALSE(bucket.admit(state, at(0), burst * 0.01).admitted);
      REQUIRE(bucket.idle_at(state) > at(0));
      REQUIRE(bucket.admit(state, bucket.idle_at(state), burst).admitted);
      bucket.admit(state, Instant::max(), burst);
      REQUIRE(bucket.idle_at(state) == Instant::max());
    }
  }
}

TEST_CASE("token_bucket: nonsense options are not valid", "[limit][token_bucket]") {
  REQUIRE_FALSE(TokenBucket::valid({.rate = 0, .burst = 1}));
  REQUIRE_FALSE(TokenBucket::valid({.rate = 1, .burst = 0}));
  REQUIRE_FALSE(TokenBucket::valid({.rate = 1e-9, .burst = 10}));
  REQUIRE_FALSE(TokenBucket::valid({.rate = 1e300, .burst = 10}));
  REQUIRE_FALSE(TokenBucket::valid({.rate = 0.0 / 0.0, .burst = 10}));
}

TEST_CASE("token_bucket: never admits more than burst + rate * time", "[limit][token_bucket]") {
  const auto bucket = make_token_bucket({.rate = 100, .burst = 20});
  Rng rng(4);
  std::int64_t now = 0;
  double taken = 0;
  for (int i = 0; i < 50000; ++i) {
    now += static_cast<std::int64_t>(rng.below(10000000));
    const double cost = 0.25 * static_cast<double>(1 + rng.below(8));
    if (bucket->admit(at(now), cost).admitted) taken += cost;
    REQUIRE(taken <= 20 + 100 * to_seconds(at(now)) + 1e-6);
  }
  REQUIRE(taken >= 100 * to_seconds(at(now)) - 2);  // and nothing is wasted while there is demand
}

TEST_CASE("token_bucket: 100 a second on a normal day; a sale at 1000 a second lives on 500 saved tokens",
          "[limit][token_bucket]") {
  const auto bucket = make_token_bucket({.rate = 100, .burst = 500});
  // A minute of 100 a second: everything passes and the 500 stay saved.
  for (int i = 0; i < 6000; ++i) REQUIRE(bucket->admit(at(i * 10'000'000ll)).admitted);
  const std::int64_t sale = 60'000'000'000;
  REQUIRE(bucket->peek(at(sale), 500).admitted);
  REQUIRE_FALSE(bucket->peek(at(sale), 500.01).admitted);
  // Then 1000 a second for three seconds.
  int admitted = 0, first_refused = -1, second_by_second[3] = {};
  for (int i = 0; i < 3000; ++i) {
    const bool passes = bucket->admit(at(sale + i * 1'000'000ll)).admitted;
    if (!passes && first_refused < 0) first_refused = i;
    admitted += passes;
    second_by_second[i / 1000] += passes;
  }
  // The savings shrink by 900 a second: before request i there are 500 + 0.1 i - i, below 1 for the first
  // time at i = 555.
  REQUIRE(first_refused == 555);
  REQUIRE(second_by_second[0] == 599);  // 500 saved, 99.9 arrived by the last request
  REQUIRE(second_by_second[1] == 100);
  REQUIRE(second_by_second[2] == 100);
  REQUIRE(admitted == 799);
}

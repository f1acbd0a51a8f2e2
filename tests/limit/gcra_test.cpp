#include "core/limit/gcra.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/limit/token_bucket.hpp"
#include "tests/limit/models.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredLimiter registered(
    "gcra", "",
    {.make = [](double rate, double burst) { return make_gcra({.rate = rate, .burst = burst}); },
     .make_keyed =
         [](double rate, double burst, std::size_t max_keys) {
           return make_keyed_gcra({.rate = rate, .burst = burst}, max_keys);
         },
     .bound = [](double rate, double burst, double seconds) { return burst + rate * seconds; },
     .model = arrival_curve_admits,
     .monotone = true});

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("gcra: the table of a limit of 5 at one a second", "[limit][gcra]") {
  // Time in ms, quantity -> limited, remaining. From issue 3; the sequence is that of the tests of the
  // throttled library (Go) and redis-cell.
  struct Row {
    std::int64_t ms;
    double quantity;
    bool limited;
    double remaining;
  };
  constexpr Row kTable[] = {
      {0, 6, true, 5},     {0, 1, false, 4},    {0, 1, false, 3},    {0, 1, false, 2},    {0, 1, false, 1},
      {0, 1, false, 0},    {0, 1, true, 0},     {3000, 1, false, 2}, {3100, 1, false, 1}, {4000, 1, false, 1},
      {8000, 1, false, 4}, {9500, 1, false, 4}, {9500, 2, false, 2}, {9500, 5, true, 2}};
  const GcraOptions options{.rate = 1, .burst = 5};
  Gcra coarse(options);
  FineGcra fine(options);
  auto coarse_state = coarse.fresh();
  auto fine_state = fine.fresh();
  for (const Row& row : kTable) {
    INFO("at " << row.ms << " ms, quantity " << row.quantity);
    const Decision decision = coarse.admit(coarse_state, at(row.ms * 1'000'000), row.quantity);
    REQUIRE(decision.admitted == !row.limited);
    REQUIRE(decision.remaining == row.remaining);
    const Decision same = fine.admit(fine_state, at(row.ms * 1'000'000), row.quantity);
    REQUIRE(same.admitted == decision.admitted);
    REQUIRE(same.remaining == decision.remaining);
    REQUIRE(same.retry_after == decision.retry_after);
  }
  REQUIRE(make_gcra(options)->admit(at(0), 6).retry_after == Duration::max());
}

TEST_CASE("gcra: decides as the token bucket does, to the nanosecond", "[limit][gcra]") {
  for (const double rate : {0.1, 1.0 / 3, 1.0, 2.5, 7.0, 60.0, 999.0, 1e4, 12345.0, 3e6, 1234567.891}) {
    for (const double burst : {1.0, 3.0, 250.0}) {
      const auto gcra = make_gcra({.rate = rate, .burst = burst});
      const auto bucket = make_token_bucket({.rate = rate, .burst = burst});
      Rng rng(1);
      std::int64_t now = 0;
      int admitted = 0;
      for (int i = 0; i < 20000; ++i) {
        now += static_cast<std::int64_t>(rng.unit() * 1.5e9 / rate);
        const double cost = static_cast<double>(1 + rng.below(2));
        if (rng.chance(0.1) && gcra->peek(at(now), cost).retry_after < std::chrono::hours(1))
          now += gcra->peek(at(now), cost).retry_after.count();
        const Decision ours = gcra->admit(at(now), cost), theirs = bucket->admit(at(now), cost);
        REQUIRE(ours.admitted == theirs.admitted);
        REQUIRE(ours.retry_after == theirs.retry_after);
        admitted += ours.admitted;
      }
      REQUIRE(admitted > 5000);
      REQUIRE(admitted < 20000);
    }
  }
}

TEST_CASE("gcra: eight bytes where requests are whole nanoseconds apart, sixteen elsewhere",
          "[limit][gcra]") {
  STATIC_REQUIRE(sizeof(Gcra::State) == 8);
  STATIC_REQUIRE(sizeof(FineGcra::State) == 16);
  REQUIRE(Gcra::fits({.rate = 1000, .burst = 1}));
  REQUIRE(Gcra::fits({.rate = 0.1, .burst = 1}));
  REQUIRE(Gcra::fits({.rate = 2.5, .burst = 1}));
  REQUIRE_FALSE(Gcra::fits({.rate = 7, .burst = 1}));    // 142857142.86 ns
  REQUIRE_FALSE(Gcra::fits({.rate = 1e9, .burst = 1}));  // 1 ns would round costs
  REQUIRE_FALSE(Gcra::valid({.rate = 0, .burst = 1}));
  REQUIRE_FALSE(Gcra::valid({.rate = 0.0 / 0.0, .burst = 1}));
}

TEST_CASE("gcra: a clock that is behind is judged by its own time", "[limit][gcra]") {
  const auto gcra = make_gcra({.rate = 1, .burst = 2});
  REQUIRE(gcra->admit(at(10 * kSecond)).admitted);
  const Decision earlier = gcra->admit(at(5 * kSecond));
  REQUIRE_FALSE(earlier.admitted);
  REQUIRE(earlier.retry_after == std::chrono::seconds(5));  // TAT is 11 s, the burst allows 10 s
  REQUIRE(gcra->admit(at(10 * kSecond)).admitted);
}

#include "core/limit/leaky_bucket.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "tests/limit/models.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

using Form = LeakyBucketOptions::Form;

RegisteredLimiter::Kind kind(Form form) {
  return {.make =
              [form](double rate, double burst) {
                return make_leaky_bucket({.rate = rate, .burst = burst, .form = form});
              },
          .make_keyed =
              [form](double rate, double burst, std::size_t max_keys) {
                return make_keyed_leaky_bucket({.rate = rate, .burst = burst, .form = form}, max_keys);
              },
          .bound = [](double rate, double burst, double seconds) { return burst + rate * seconds; },
          .model = arrival_curve_admits,
          .monotone = true};
}
const RegisteredLimiter meter("leaky_bucket", "as a meter", kind(Form::meter));
const RegisteredLimiter queue("leaky_bucket", "as a queue", kind(Form::queue));

// OpenResty's burst is what may wait beyond the first. Rule and rounding as in lib/resty/limit/req.lua: the
// excess in whole thousandths, the time in whole milliseconds; written as that file does it, in a walk from
// the first request.
bool openresty_admits(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history,
                      std::int64_t now, double cost) {
  bool first = true;
  std::int64_t excess = 0, last = 0, most = (burst - 1) * 1000;
  const auto next = [&](std::int64_t ms, double amount) {
    const auto thousandths = static_cast<std::int64_t>(amount * 1000);
    if (first) return std::max<std::int64_t>(thousandths - 1000, 0);
    // Before a request comes, the bucket is at least empty: costs other than 1 must not borrow.
    return std::max<std::int64_t>(
        std::max<std::int64_t>(excess - rate * std::abs(ms - last), -1000) + thousandths, 0);
  };
  for (const Taken& taken : history) {
    excess = next(taken.at / 1'000'000, taken.cost);
    last = taken.at / 1'000'000;
    first = false;
  }
  return next(now / 1'000'000, cost) <= most;
}
const RegisteredLimiter openresty(
    "leaky_bucket", "as OpenResty has it",
    {.make =
         [](double rate, double burst) {
           return make_leaky_bucket({.rate = rate, .burst = burst - 1, .form = Form::openresty});
         },
     .make_keyed =
         [](double rate, double burst, std::size_t max_keys) {
           return make_keyed_leaky_bucket({.rate = rate, .burst = burst - 1, .form = Form::openresty},
                                          max_keys);
         },
     // Times are cut to milliseconds and each excess to a thousandth.
     .bound = [](double rate, double burst,
                 double seconds) { return (burst + rate * (seconds + 0.001)) / (1 - 0.001); },
     .model = openresty_admits,
     .monotone = false});

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("leaky_bucket: of 150 at once at 100 a second exactly 50 are dropped", "[limit][leaky_bucket]") {
  for (const LeakyBucketOptions& options :
       {LeakyBucketOptions{.rate = 100, .burst = 100, .form = Form::meter},
        LeakyBucketOptions{.rate = 100, .burst = 100, .form = Form::queue},
        LeakyBucketOptions{.rate = 100, .burst = 99, .form = Form::openresty}}) {
    const auto bucket = make_leaky_bucket(options);
    int dropped = 0;
    Duration last = Duration::zero();
    for (int i = 0; i < 150; ++i) {
      const Decision decision = bucket->admit(at(kSecond));
      dropped += !decision.admitted;
      if (decision.admitted) last = decision.delay;
    }
    INFO(bucket->describe());
    REQUIRE(dropped == 50);
    REQUIRE(last == (options.form == Form::meter ? Duration::zero() : std::chrono::milliseconds(990)));
    // A second later there is room for 100 again.
    REQUIRE(bucket->admit(at(2 * kSecond), 100).admitted);
  }
}

TEST_CASE("leaky_bucket: a queue lets out one request each 1/rate, whenever they came",
          "[limit][leaky_bucket]") {
  const auto queue_of_20 = make_leaky_bucket({.rate = 50, .burst = 20, .form = Form::queue});
  Rng rng(1);
  std::int64_t now = 0, last_out = -20'000'000;
  int admitted = 0;
  for (int i = 0; i < 5000; ++i) {
    now += static_cast<std::int64_t>(rng.below(30'000'000));
    const Decision decision = queue_of_20->admit(at(now));
    if (!decision.admitted) continue;
    ++admitted;
    const std::int64_t out = now + decision.delay.count();
    REQUIRE(out - last_out >= 20'000'000);
    REQUIRE((decision.delay == Duration::zero() || out - last_out == 20'000'000));
    REQUIRE(decision.delay <= std::chrono::milliseconds(19 * 20));
    last_out = out;
  }
  REQUIRE(admitted > 3000);
  REQUIRE(admitted < 5000);
}

TEST_CASE("leaky_bucket: to OpenResty a clock that steps back has elapsed", "[limit][leaky_bucket]") {
  // From req.lua: excess = max(excess - rate * |elapsed| + 1, 0).
  const auto admitted_after_step = [](Form form) {
    const auto bucket = make_leaky_bucket({.rate = 1, .burst = 4, .form = form});
    for (int i = 0; i < 10; ++i) bucket->admit(at(100 * kSecond));
    REQUIRE_FALSE(bucket->peek(at(100 * kSecond)).admitted);
    int admitted = 0;
    for (int i = 0; i < 10; ++i) admitted += bucket->admit(at(40 * kSecond)).admitted;  // a minute back
    return admitted;
  };
  REQUIRE(admitted_after_step(Form::openresty) == 5);  // a minute of leaking: as good as new
  REQUIRE(admitted_after_step(Form::meter) == 0);
  // Back and forth, the limit is gone altogether.
  const auto bucket = make_leaky_bucket({.rate = 1, .burst = 0, .form = Form::openresty});
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += bucket->admit(at(i % 2 == 0 ? kSecond : 0)).admitted;
  REQUIRE(admitted == 100);
}

TEST_CASE("leaky_bucket: the excess of OpenResty step by step", "[limit][leaky_bucket]") {
  // Computed by hand from req.lua with rate 2, burst 3: excess, and the delay excess / rate.
  const auto bucket = make_leaky_bucket({.rate = 2, .burst = 3, .form = Form::openresty});
  struct Row {
    std::int64_t ms;
    bool admitted;
    std::int64_t delay_ms;
    double remaining;
  };
  constexpr Row kTable[] = {{1000, true, 0, 3},                              // the first: excess 0
                            {1000, true, 500, 2},                            // excess 1
                            {1250, true, 750, 1.5},                          // 1 - 0.5 + 1 = 1.5
                            {1250, true, 1250, 0.5}, {1250, false, 0, 0.5},  // 3.5 > 3; nothing is stored
                            {1500, true, 1500, 0},                           // 2.5 - 0.5 + 1 = 3
                            {9000, true, 0, 3}};                             // max(3 - 15 + 1, 0)
  for (const Row& row : kTable) {
    INFO("at " << row.ms);
    const Decision decision = bucket->admit(at(row.ms * 1'000'000));
    REQUIRE(decision.admitted == row.admitted);
    REQUIRE(decision.delay == std::chrono::milliseconds(row.delay_ms));
    REQUIRE(decision.remaining == row.remaining);
  }
}

TEST_CASE("leaky_bucket: nonsense options are not valid", "[limit][leaky_bucket]") {
  REQUIRE_FALSE(LeakyBucket::valid({.rate = 1, .burst = 0}));
  REQUIRE(OpenrestyBucket::valid({.rate = 1, .burst = 0, .form = Form::openresty}));
  REQUIRE_FALSE(OpenrestyBucket::valid({.rate = 1, .burst = -1, .form = Form::openresty}));
  REQUIRE_FALSE(LeakyBucket::valid({.rate = 0.0 / 0.0, .burst = 1}));
  REQUIRE_FALSE(OpenrestyBucket::valid({.rate = 0.0 / 0.0, .burst = 1, .form = Form::openresty}));
}

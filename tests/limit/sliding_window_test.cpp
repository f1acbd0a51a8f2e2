#include "core/limit/sliding_window.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/rng.hpp"
#include "tests/limit/models.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// The estimate by its definition, in whole numbers.
bool model(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history, std::int64_t now,
           double cost) {
  const std::int64_t window = window_of(static_cast<double>(rate), static_cast<double>(burst));
  Int128 current = quarters(cost), previous = 0;
  for (const Taken& taken : history) {
    if (taken.at / window == now / window) current += quarters(taken.cost);
    if (taken.at / window + 1 == now / window) previous += quarters(taken.cost);
  }
  const Int128 still = previous * (window - now % window) / (Int128{4} * window);  // whole requests
  return current + 4 * still <= 4 * burst;
}

WindowOptions options_of(double rate, double burst) {
  return {burst, Duration(window_of(rate, burst))};
}

const RegisteredLimiter registered(
    "sliding_window", "",
    {.make = [](double rate, double burst) { return make_sliding_window(options_of(rate, burst)); },
     .make_keyed =
         [](double rate, double burst, std::size_t max_keys) {
           return make_keyed_sliding_window(options_of(rate, burst), max_keys);
         },
     .bound = [](double rate, double burst,
                 double seconds) { return burst * (std::ceil(seconds / (burst / rate)) + 1); },
     .model = model,
     .monotone = true});

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("sliding_window: the worked examples of Cloudflare", "[limit][sliding_window]") {
  // 84 requests in the window before, 30 % of this one gone: 84 * 0.7 = 58.8 still count, and a request
  // passes while the estimate is below the limit: 42 times (58.8 + 41 = 99.8), then not (58.8 + 42 = 100.8).
  const auto limit_100 = make_sliding_window({100, std::chrono::seconds(60)});
  for (int i = 0; i < 84; ++i) REQUIRE(limit_100->admit(at(i * kSecond / 2)).admitted);
  int admitted = 0;
  for (int i = 0; i < 100; ++i) admitted += limit_100->admit(at(78 * kSecond)).admitted;
  REQUIRE(admitted == 42);

  // The blog's own: 50 a minute; 42 in the minute before, 18 in this one, 15 s into it. 42 * (45 / 60) + 18
  // = 49.5 is below 50, so one more passes, and then none.
  const auto limit_50 = make_sliding_window({50, std::chrono::seconds(60)});
  for (int i = 0; i < 42; ++i) REQUIRE(limit_50->admit(at(i * kSecond)).admitted);
  for (int i = 0; i < 18; ++i) limit_50->admit(at(75 * kSecond - 1));
  REQUIRE(limit_50->admit(at(75 * kSecond)).admitted);
  REQUIRE_FALSE(limit_50->admit(at(75 * kSecond)).admitted);
}

TEST_CASE("sliding_window: no burst at the boundary, but nearly twice the limit in a window's time",
          "[limit][sliding_window]") {
  const auto window = make_sliding_window({100, std::chrono::seconds(1)});
  int at_boundary = 0, within_a_second = 0;
  for (int i = 0; i < 100; ++i) at_boundary += window->admit(at(kSecond - 1)).admitted;
  for (int i = 0; i < 100; ++i) at_boundary += window->admit(at(kSecond)).admitted;
  REQUIRE(at_boundary == 100);
  within_a_second = at_boundary;
  for (int i = 0; i < 1000; ++i) within_a_second += window->admit(at(kSecond + i * 999'999)).admitted;
  REQUIRE(within_a_second == 200);  // the window that ends just before 2 s: the price of two counters
}

TEST_CASE("sliding_window: on even random traffic it errs little", "[limit][sliding_window]") {
  // Against a sliding log over the same requests at about the limit: how many decisions differ.
  const auto counter = make_sliding_window({100, std::chrono::seconds(1)});
  std::vector<std::int64_t> log;  // what a log would have admitted
  std::size_t oldest = 0;
  Rng rng(11);
  std::int64_t now = 0;
  int differ = 0, requests = 100000;
  for (int i = 0; i < requests; ++i) {
    now += static_cast<std::int64_t>(rng.below(24'000'000));  // 83 a second
    while (oldest < log.size() && log[oldest] + kSecond <= now) ++oldest;
    const bool exact = log.size() - oldest < 100;
    if (exact) log.push_back(now);
    differ += counter->admit(at(now)).admitted != exact;
  }
  REQUIRE(log.size() > 95000);
  REQUIRE(differ < requests / 50);
}

#include "core/limit/fixed_window.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/limit/models.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

using Start = FixedWindowOptions::Start;

FixedWindowOptions options_of(double rate, double burst, Start start) {
  return {.count = {burst, Duration(window_of(rate, burst))}, .start = start};
}

// Counts what was admitted in the same window.
bool clock_model(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history, std::int64_t now,
                 double cost) {
  const std::int64_t window = window_of(static_cast<double>(rate), static_cast<double>(burst));
  std::int64_t used = quarters(cost);
  for (const Taken& taken : history) {
    if (taken.at / window == now / window) used += quarters(taken.cost);
  }
  return used <= 4 * burst;
}

// A window begins with the first request that no window covers.
bool first_model(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history, std::int64_t now,
                 double cost) {
  const std::int64_t window = window_of(static_cast<double>(rate), static_cast<double>(burst));
  std::int64_t start = -2 * window, used = 0;
  for (const Taken& taken : history) {
    if (taken.at >= start + window) {
      start = taken.at;
      used = 0;
    }
    used += quarters(taken.cost);
  }
  if (now >= start + window) used = 0;
  return used + quarters(cost) <= 4 * burst;
}

RegisteredLimiter::Kind kind(Start start, decltype(RegisteredLimiter::Kind::model) model) {
  return {.make = [start](double rate,
                          double burst) { return make_fixed_window(options_of(rate, burst, start)); },
          .make_keyed =
              [start](double rate, double burst, std::size_t max_keys) {
                return make_keyed_fixed_window(options_of(rate, burst, start), max_keys);
              },
          .bound = [](double rate, double burst,
                      double seconds) { return burst * (std::ceil(seconds / (burst / rate)) + 1); },
          .model = std::move(model),
          .monotone = true};
}
const RegisteredLimiter by_clock("fixed_window", "", kind(Start::clock, clock_model));
const RegisteredLimiter by_first("fixed_window", "from the first request", kind(Start::first, first_model));

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("fixed_window: admits twice the limit across a boundary", "[limit][fixed_window]") {
  const auto window = make_fixed_window({.count = {100, std::chrono::seconds(60)}});
  int admitted = 0;
  for (int i = 0; i < 150; ++i) admitted += window->admit(at(60 * kSecond - 1)).admitted;
  for (int i = 0; i < 150; ++i) admitted += window->admit(at(60 * kSecond)).admitted;
  REQUIRE(admitted == 200);  // in two nanoseconds
}

TEST_CASE("fixed_window: lies on the clock, or begins with the first request", "[limit][fixed_window]") {
  const auto clock = make_fixed_window({.count = {1, std::chrono::seconds(10)}});
  const auto first = make_fixed_window({.count = {1, std::chrono::seconds(10)}, .start = Start::first});
  REQUIRE(clock->admit(at(7 * kSecond)).admitted);
  REQUIRE(first->admit(at(7 * kSecond)).admitted);
  REQUIRE(clock->admit(at(8 * kSecond)).retry_after == std::chrono::seconds(2));
  REQUIRE(first->admit(at(8 * kSecond)).retry_after == std::chrono::seconds(9));
  REQUIRE(clock->describe() == "fixed_window{limit = 1, window = 10}");
  REQUIRE(first->describe() == "fixed_window{limit = 1, window = 10, start = \"first\"}");
}

TEST_CASE("fixed_window: nonsense options are not valid", "[limit][fixed_window]") {
  REQUIRE(valid_window({1, Duration(1)}));
  REQUIRE_FALSE(valid_window({0, std::chrono::seconds(1)}));
  REQUIRE_FALSE(valid_window({0.0 / 0.0, std::chrono::seconds(1)}));
  REQUIRE_FALSE(valid_window({1e300, std::chrono::seconds(1)}));
  REQUIRE_FALSE(valid_window({1, Duration(0)}));
  REQUIRE_FALSE(valid_window({1, Duration::max()}));
}

#include "core/limit/sliding_log.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/base/rng.hpp"
#include "tests/limit/models.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

// Counts what was admitted in the window that ends now.
bool model(std::int64_t rate, std::int64_t burst, const std::vector<Taken>& history, std::int64_t now,
           double cost) {
  const std::int64_t window = window_of(static_cast<double>(rate), static_cast<double>(burst));
  std::int64_t used = quarters(cost);
  for (const Taken& taken : history) {
    if (taken.at + window > now) used += quarters(taken.cost);
  }
  return used <= 4 * burst;
}

WindowOptions options_of(double rate, double burst) {
  return {burst, Duration(window_of(rate, burst))};
}

const RegisteredLimiter registered(
    "sliding_log", "",
    {.make = [](double rate, double burst) { return make_sliding_log(options_of(rate, burst)); },
     .make_keyed =
         [](double rate, double burst, std::size_t max_keys) {
           return make_keyed_sliding_log(options_of(rate, burst), max_keys);
         },
     // In a window (its end not included) at most the limit.
     .bound = [](double rate, double burst,
                 double seconds) { return burst * (std::floor(seconds / (burst / rate) + 1e-9) + 1); },
     .model = model,
     .monotone = true});

Instant at(std::int64_t ns) {
  return Instant(Duration(ns));
}

}  // namespace

TEST_CASE("sliding_log: a request counts for exactly a window", "[limit][sliding_log]") {
  const auto log = make_sliding_log({2, std::chrono::seconds(1)});
  REQUIRE(log->admit(at(0)).admitted);
  REQUIRE(log->admit(at(900'000'000)).admitted);
  REQUIRE(log->admit(at(950'000'000)).retry_after == std::chrono::milliseconds(50));
  REQUIRE_FALSE(log->admit(at(999'999'999)).admitted);
  REQUIRE(log->admit(at(kSecond)).admitted);
  REQUIRE_FALSE(log->admit(at(kSecond)).admitted);
  REQUIRE(log->describe() == "sliding_log{limit = 2, window = 1}");
}

TEST_CASE("sliding_log: a boundary is nothing special to it", "[limit][sliding_log]") {
  const auto log = make_sliding_log({100, std::chrono::seconds(60)});
  int admitted = 0;
  for (int i = 0; i < 150; ++i) admitted += log->admit(at(60 * kSecond - 1)).admitted;
  for (int i = 0; i < 150; ++i) admitted += log->admit(at(60 * kSecond)).admitted;
  REQUIRE(admitted == 100);
}

TEST_CASE("sliding_log: its memory is that of the requests in the window, and comes back",
          "[limit][sliding_log]") {
  const auto keyed = make_keyed_sliding_log({1000, std::chrono::seconds(1)}, 1000);
  const std::size_t empty = keyed->size_bytes();
  for (std::uint64_t key = 0; key < 1000; ++key) {
    for (std::int64_t i = 0; i < 1000; ++i) keyed->admit(key, at(i));
  }
  const std::size_t full = keyed->size_bytes();
  REQUIRE(full - empty >= 1'000'000 * 16);
  REQUIRE(full - empty <= 1'000'000 * 70);  // blocks are doubled, and so is their store
  keyed->check_invariants();
  // Other keys take the blocks over: a hundred times as many keys need no more memory.
  for (std::int64_t round = 1; round <= 100; ++round) {
    for (std::uint64_t key = 0; key < 1000; ++key) {
      const auto stranger = key + 1000 * static_cast<std::uint64_t>(round);
      for (std::int64_t i = 0; i < 100; ++i) keyed->admit(stranger, at(2 * round * kSecond + i));
    }
  }
  REQUIRE(keyed->size_bytes() <= full);
  keyed->check_invariants();
}

TEST_CASE("sliding_log: with tiny costs it may be too strict, but never too lax", "[limit][sliding_log]") {
  // Entries are joined at the later time when there are more than 16 times the limit.
  const auto log = make_sliding_log({4, std::chrono::seconds(1)});
  Rng rng(1);
  std::int64_t now = 0;
  std::vector<Taken> taken;
  for (int i = 0; i < 20000; ++i) {
    now += static_cast<std::int64_t>(rng.below(5'000'000));
    if (log->admit(at(now), 0.03125).admitted) taken.push_back({now, 0.03125});
    double sum = 0;
    for (std::size_t j = taken.size(); j-- > 0 && taken[j].at + kSecond > now;) sum += taken[j].cost;
    REQUIRE(sum <= 4);
  }
  REQUIRE(taken.size() > 3000);
  REQUIRE(taken.size() < 10000);
  REQUIRE_FALSE(SlidingLog::valid({1e7, std::chrono::seconds(1)}));
}

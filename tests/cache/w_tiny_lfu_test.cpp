#include "core/cache/w_tiny_lfu.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::keys_after;

namespace {

const test::RegisteredCache registered("w_tiny_lfu", [](CacheCapacity c) { return make_w_tiny_lfu(c); });

}  // namespace

TEST_CASE("w_tiny_lfu: a scan does not displace what is popular", "[cache][w_tiny_lfu]") {
  const auto cache = make_w_tiny_lfu(CacheCapacity::entries(100));
  std::vector<std::uint64_t> requests;
  for (int round = 0; round < 5; ++round) {
    for (std::uint64_t id = 0; id < 60; ++id) requests.push_back(id);
  }
  for (std::uint64_t id = 1000; id < 1300; ++id) requests.push_back(id);
  keys_after(*cache, requests);
  int kept = 0;
  for (std::uint64_t id = 0; id < 60; ++id) kept += cache->contains(id);
  REQUIRE(kept >= 58);  // the last one may still be in the window; the sketch may take one for another
}

TEST_CASE("frequency_sketch: never too low, rarely too high", "[cache][w_tiny_lfu]") {
  FrequencySketch sketch(1000000);  // no ageing here
  sketch.fit(4096);
  for (std::uint64_t id = 0; id < 4000; ++id) {
    for (std::uint64_t i = 0; i < 1 + id % 10; ++i) sketch.add(id);
  }
  int too_high = 0;
  for (std::uint64_t id = 0; id < 4000; ++id) {
    REQUIRE(sketch.estimate(id) >= 1 + id % 10);
    too_high += sketch.estimate(id) > 1 + id % 10;
  }
  // About one counter in four of 16384 is in use in each row, so a key is overestimated with 0.22^4, at most.
  REQUIRE(too_high < 40);
}

TEST_CASE("frequency_sketch: growing keeps what was learned", "[cache][w_tiny_lfu]") {
  FrequencySketch sketch(1000000);
  for (int i = 0; i < 7; ++i) sketch.add(42);
  sketch.add(43);
  sketch.fit(100000);
  REQUIRE(sketch.estimate(42) == 7);
  REQUIRE(sketch.estimate(43) == 1);
}

TEST_CASE("frequency_sketch: counters end at 15, and are halved after the period", "[cache][w_tiny_lfu]") {
  FrequencySketch sketch(1);  // 64 words: after 64 additions
  for (int i = 0; i < 40; ++i) sketch.add(1);
  REQUIRE(sketch.estimate(1) == FrequencySketch::kMost);
  for (std::uint64_t id = 100; id < 148; ++id) sketch.add(id);
  sketch.add(2);
  REQUIRE(sketch.estimate(1) == FrequencySketch::kMost / 2);
}

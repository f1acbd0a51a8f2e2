#include "core/cache/sampled.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/cache/lru.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredCache registered("sampled", [](CacheCapacity c) { return make_sampled(c); });

const test::RegisteredCache by_lfu("sampled", [](CacheCapacity c) {
  return make_sampled(c, {.by = SampledOptions::By::lfu});
});

}  // namespace

TEST_CASE("sampled: more samples come closer to lru", "[cache][sampled]") {
  Rng rng(3);
  std::vector<std::uint64_t> requests(100000);
  for (auto& id : requests) id = rng.below(1 + rng.below(3000));
  const auto lru = make_lru(CacheCapacity::entries(300));
  lru->replay(requests);
  double before = 1;
  for (const std::size_t samples : {1u, 3u, 10u, 64u}) {
    const auto cache = make_sampled(CacheCapacity::entries(300), {.samples = samples});
    cache->replay(requests);
    cache->check_invariants();
    const double distance =
        std::abs(static_cast<double>(cache->stats().hits) - static_cast<double>(lru->stats().hits)) / 100000;
    INFO(samples << " samples: " << distance);
    REQUIRE(distance < before + 0.002);
    before = distance;
  }
  REQUIRE(before < 0.002);
}

// The table of redis.conf for lfu-log-factor 10: after 100, 1000, 100 000 and 1 000 000 hits the counter is
// at 10, 18, 142 and 255. Two entries with the same number of hits differ only by luck, ten times the hits
// win nearly always.
TEST_CASE("sampled: the lfu counter grows ever more slowly", "[cache][sampled]") {
  const auto wins = [](int hits, int rival_hits) {
    int won = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      const auto cache = make_sampled(CacheCapacity::entries(2),
                                      {.by = SampledOptions::By::lfu, .samples = 64, .seed = seed});
      cache->put("one", true);
      cache->put("rival", true);
      for (int i = 0; i < hits; ++i) cache->get("one");
      for (int i = 0; i < rival_hits; ++i) cache->get("rival");
      cache->put("newcomer", true);
      won += cache->contains("one");
    }
    return won;
  };
  REQUIRE(wins(1000, 100) > 195);
  REQUIRE(wins(100, 10) > 180);
  // One more hit in a thousand can hardly be told: a counter of 18 rises with a chance of 1 in 131.
  REQUIRE(wins(1001, 1000) < 160);
}

TEST_CASE("sampled: what was popular an hour ago is forgotten, if somebody tells the time",
          "[cache][sampled]") {
  for (const bool told : {true, false}) {
    const auto cache =
        make_sampled(CacheCapacity::entries(2), {.by = SampledOptions::By::lfu, .samples = 64});
    cache->put("old", true);
    for (int i = 0; i < 1000; ++i) cache->get("old");
    if (told) cache->advance(Instant(std::chrono::hours(1)));
    cache->put("young", true);
    cache->put("new", true);
    REQUIRE(cache->contains("old") == !told);
    cache->check_invariants();
  }
}

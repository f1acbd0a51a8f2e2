#include "core/cache/reuse_distances.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/cache/lru.hpp"

using namespace syslab;

TEST_CASE("reuse_distances: equal to a replay of lru at every capacity", "[cache][reuse_distances]") {
  Rng rng(4);
  std::vector<std::uint64_t> requests(100000);  // longer than the first line of times, so it is renumbered
  for (auto& id : requests) id = rng.chance(0.2) ? 1000 + rng.below(700) : rng.below(1 + rng.below(60));
  ReuseDistances distances;
  for (std::size_t at = 0, n = 1; at < requests.size(); at += n, n = 2 * n + 1) {
    distances.add(std::span(requests).subspan(at, std::min(n, requests.size() - at)));
  }
  REQUIRE(distances.requests() == requests.size());
  for (std::uint64_t capacity = 1; capacity < 900; capacity += 1 + capacity / 10) {
    const auto lru = make_lru(CacheCapacity::entries(capacity));
    lru->replay(requests);
    REQUIRE(distances.lru_hits(capacity) == lru->stats().hits);
  }
  REQUIRE(distances.lru_hits(distances.keys()) == requests.size() - distances.keys());
  REQUIRE(distances.lru_hits(~0ull) == requests.size() - distances.keys());
  REQUIRE(distances.lru_hits(0) == 0);
}

TEST_CASE("reuse_distances: nothing was asked for", "[cache][reuse_distances]") {
  ReuseDistances distances;
  distances.add({});
  REQUIRE(distances.requests() == 0);
  REQUIRE(distances.keys() == 0);
  REQUIRE(distances.lru_hits(10) == 0);
}

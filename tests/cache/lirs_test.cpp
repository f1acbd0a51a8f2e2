#include "core/cache/lirs.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("lirs", [](CacheCapacity c) { return make_lirs(c); });

}  // namespace

TEST_CASE("lirs: hits in a loop that is longer than the cache", "[cache][lirs]") {
  const auto cache = make_lirs(CacheCapacity::entries(10));  // nine LIR, one HIR
  std::vector<std::uint64_t> loop;
  for (int round = 0; round < 20; ++round) {
    for (std::uint64_t id = 0; id < 12; ++id) loop.push_back(id);
  }
  cache->replay(loop);
  cache->check_invariants();
  // The nine that came first stay LIR: 9 hits in each round after the first. LRU would have none.
  REQUIRE(cache->stats().hits == 19 * 9);
}

// Two LIR places and one HIR place, followed by hand. S from the top, LIR in capitals, Q in brackets:
//   1 2        2 1                both places are free
//   3          3h 2 1      [3]
//   4          4h 3r 2 1   [4]    3 left but is remembered (r)
//   3          3 4r 2      [1]    its two uses were close: LIR, at the cost of 1; 4 left
//   1          1h 3 4r 2   [1]
//   2          2 1h 3      [1]    4 is below the lowest LIR now, and forgotten
//   1          1 2         [3]    again close together
TEST_CASE("lirs: two uses that are close together make an entry LIR", "[cache][lirs]") {
  const auto cache = make_lirs(CacheCapacity::entries(3));
  REQUIRE(keys_after(*cache, {1, 2, 3, 4}) == ids({2, 1, 4}));
  REQUIRE(keys_after(*cache, {3}) == ids({3, 2, 1}));
  REQUIRE(keys_after(*cache, {1, 2, 1}) == ids({1, 2, 3}));
  REQUIRE(keys_after(*cache, {5, 6}) == ids({1, 2, 6}));
}

TEST_CASE("lirs: the keys it remembers are bounded", "[cache][lirs]") {
  const auto cache = make_lirs(CacheCapacity::entries(50));
  Rng rng(2);
  for (int step = 0; step < 20000; ++step) {
    const std::uint64_t id = rng.chance(0.5) ? rng.below(60) : 1000 + rng.below(100000);
    cache->replay(std::span(&id, 1));
  }
  cache->check_invariants();
  REQUIRE(cache->size() == 50);
}

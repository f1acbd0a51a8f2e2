#include "core/cache/lifo.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("lifo", make_lifo);

}  // namespace

TEST_CASE("lifo: the newest entry leaves, however often it was used", "[cache][lifo]") {
  const auto cache = make_lifo(CacheCapacity::entries(3));
  REQUIRE(keys_after(*cache, {1, 2, 3, 3, 4}) == ids({1, 2, 4}));
}

TEST_CASE("lifo: hits in a loop that is longer than the cache", "[cache][lifo]") {
  const auto cache = make_lifo(CacheCapacity::entries(4));
  for (int round = 0; round < 10; ++round) cache->replay(std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  // 1, 2 and 3 stay; 4 and 5 take turns in the last place.
  REQUIRE(cache->stats().hits == 27);
}

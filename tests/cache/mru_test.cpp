#include "core/cache/mru.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("mru", make_mru);

}  // namespace

TEST_CASE("mru: the entry that was used last leaves", "[cache][mru]") {
  const auto cache = make_mru(CacheCapacity::entries(3));
  REQUIRE(keys_after(*cache, {1, 2, 3, 1, 4}) == ids({2, 3, 4}));
}

TEST_CASE("mru: in a loop it is as good as knowing the future", "[cache][mru]") {
  const auto cache = make_mru(CacheCapacity::entries(4));
  for (int round = 0; round < 100; ++round) cache->replay(std::vector<std::uint64_t>{1, 2, 3, 4, 5});
  // OPT misses 5 times in the first round and then once in every capacity of requests: 5 + 495 / 4, rounded
  // down.
  REQUIRE(cache->stats().misses == 5 + 495 / 4);
}

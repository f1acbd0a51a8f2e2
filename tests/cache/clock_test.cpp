#include "core/cache/clock.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("clock", [](CacheCapacity c) { return make_clock(c); });

}  // namespace

TEST_CASE("clock: a used entry gets another round, and then counts as new", "[cache][clock]") {
  const auto cache = make_clock(CacheCapacity::entries(3));
  REQUIRE(keys_after(*cache, {1, 2, 3, 1, 4}) == ids({4, 1, 3}));
  REQUIRE(keys_after(*cache, {5}) == ids({5, 4, 1}));
}

TEST_CASE("clock: with two bits what was used three times survives three rounds", "[cache][clock]") {
  const auto cache = make_clock(CacheCapacity::entries(2), {.bits = 2});
  cache->replay(std::vector<std::uint64_t>{1, 1, 1, 1, 1});
  std::uint64_t id = 2;
  int evictions = 0;
  for (cache->replay(std::vector<std::uint64_t>{id}); cache->contains(1u); ++evictions) {
    cache->replay(std::vector<std::uint64_t>{++id});
  }
  REQUIRE(evictions == 4);
}

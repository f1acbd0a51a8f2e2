#include "core/cache/slru.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("slru", [](CacheCapacity c) { return make_slru(c); });

}  // namespace

TEST_CASE("slru: an entry that was hit is safe from a scan", "[cache][slru]") {
  const auto cache = make_slru(CacheCapacity::entries(4), {.segments = 2});
  REQUIRE(keys_after(*cache, {1, 1, 10, 11, 12, 13, 14}) == ids({12, 1, 14, 13}));
}

TEST_CASE("slru: a full segment lets its oldest entry down by one", "[cache][slru]") {
  const auto cache = make_slru(CacheCapacity::entries(4), {.segments = 2});
  // 1 and 2 rise; then 3 rises, and 1 has to make room.
  REQUIRE(keys_after(*cache, {1, 2, 1, 2, 3, 4, 3}) == ids({3, 2, 1, 4}));
}

TEST_CASE("slru: one segment is lru", "[cache][slru]") {
  const auto cache = make_slru(CacheCapacity::entries(3), {.segments = 1});
  REQUIRE(keys_after(*cache, {1, 2, 3, 1, 4}) == ids({4, 1, 3}));
}

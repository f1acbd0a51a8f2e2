#include "core/cache/two_queue.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::keys_after;

namespace {

const test::RegisteredCache registered("two_queue", [](CacheCapacity c) { return make_two_queue(c); });

}  // namespace

TEST_CASE("two_queue: only who comes back after the first queue gets into the main one",
          "[cache][two_queue]") {
  const auto cache = make_two_queue(CacheCapacity::entries(8));  // two places for newcomers, four ghosts
  std::vector<std::uint64_t> some = {1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  keys_after(*cache, some);
  REQUIRE_FALSE(cache->contains(1u));  // three hits in a row are one use
  keys_after(*cache, {1, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29});
  REQUIRE(cache->contains(1u));
}

TEST_CASE("two_queue: a ghost that was forgotten is a newcomer again", "[cache][two_queue]") {
  const auto cache = make_two_queue(CacheCapacity::entries(8), {.in = 0.25, .ghosts = 0.25});  // two ghosts
  std::vector<std::uint64_t> scan;
  for (std::uint64_t id = 1; id <= 20; ++id) scan.push_back(id);
  keys_after(*cache, scan);
  keys_after(*cache, {1, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39});
  REQUIRE_FALSE(cache->contains(1u));
}

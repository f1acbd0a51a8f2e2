#include "core/cache/fifo.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("fifo", make_fifo);

}  // namespace

TEST_CASE("fifo: the oldest entry leaves, however often it was used", "[cache][fifo]") {
  const auto cache = make_fifo(CacheCapacity::entries(3));
  REQUIRE(keys_after(*cache, {1, 2, 3, 1, 1, 4}) == ids({4, 3, 2}));
  REQUIRE(cache->stats().hits == 2);
}

// Belady, Nelson & Shedler 1969, "An anomaly in space-time characteristics of certain programs running in a
// paging machine": their reference string.
TEST_CASE("fifo: four places can miss more often than three", "[cache][fifo]") {
  const std::vector<std::uint64_t> string = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
  const auto three = make_fifo(CacheCapacity::entries(3));
  const auto four = make_fifo(CacheCapacity::entries(4));
  three->replay(string);
  four->replay(string);
  REQUIRE(three->stats().misses == 9);
  REQUIRE(four->stats().misses == 10);
}

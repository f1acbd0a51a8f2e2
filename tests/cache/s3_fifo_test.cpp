#include "core/cache/s3_fifo.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::keys_after;

namespace {

const test::RegisteredCache registered("s3_fifo", [](CacheCapacity c) { return make_s3_fifo(c); });

}  // namespace

TEST_CASE("s3_fifo: two hits in the small queue earn a place, one does not", "[cache][s3_fifo]") {
  const auto cache = make_s3_fifo(CacheCapacity::entries(20));
  std::vector<std::uint64_t> requests = {1, 1, 1, 2, 2};
  for (std::uint64_t id = 100; id < 140; ++id) requests.push_back(id);
  keys_after(*cache, requests);
  REQUIRE(cache->contains(1u));
  REQUIRE_FALSE(cache->contains(2u));
}

TEST_CASE("s3_fifo: who comes back while remembered goes into the main queue", "[cache][s3_fifo]") {
  const auto cache = make_s3_fifo(CacheCapacity::entries(20));
  std::vector<std::uint64_t> scan;
  for (std::uint64_t id = 1; id <= 25; ++id) scan.push_back(id);
  keys_after(*cache, scan);
  REQUIRE_FALSE(cache->contains(1u));
  scan = {1};
  for (std::uint64_t id = 100; id < 140; ++id) scan.push_back(id);
  keys_after(*cache, scan);
  REQUIRE(cache->contains(1u));
}

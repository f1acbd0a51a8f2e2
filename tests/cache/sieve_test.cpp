#include "core/cache/sieve.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("sieve", make_sieve);

}  // namespace

// The example of figure 1 in the paper (NSDI 2024): A to G stand from new to old, A, B and G are marked, the
// hand is at the oldest; requests H, A, D, I, B, J.
TEST_CASE("sieve: the worked example of its paper", "[cache][sieve]") {
  const auto cache = make_sieve(CacheCapacity::entries(7));
  for (const char* key : {"G", "F", "E", "D", "C", "B", "A"}) cache->put(key, true);
  for (const char* key : {"A", "B", "G"}) cache->get(key);
  for (const char* key : {"H", "A", "D", "I", "B", "J"}) {
    if (cache->get(key) == nullptr) cache->put(key, true);
    cache->check_invariants();
  }
  // F leaves for H (G's mark is taken), E for I, and D was marked before the hand came: C leaves for J.
  REQUIRE(cache->keys() == std::vector<Value>{"J", "I", "H", "A", "B", "D", "G"});
}

TEST_CASE("sieve: erasing the entry at the hand moves the hand on", "[cache][sieve]") {
  const auto cache = make_sieve(CacheCapacity::entries(3));
  cache->replay(std::vector<std::uint64_t>{1, 2, 3, 1, 4});  // 1 is spared, 2 leaves, the hand is at 3
  cache->erase(3u);
  cache->check_invariants();
  REQUIRE(keys_after(*cache, {5, 6}) == ids({6, 5, 1}));  // 4 is next after 3
}

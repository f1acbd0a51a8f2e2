#include "core/cache/belady.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "core/base/rng.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("belady", [](CacheCapacity c) {
  return make_belady(c, std::make_shared<FutureUses>());
});

std::unique_ptr<Cache> prophet(std::uint64_t capacity, const std::vector<std::uint64_t>& trace) {
  auto future = std::make_shared<FutureUses>();
  future->add(trace);
  return make_belady(CacheCapacity::entries(capacity), std::move(future));
}

std::uint64_t fewest_misses(const std::vector<std::uint64_t>& trace, std::size_t at,
                            std::set<std::uint64_t> cached, std::size_t capacity) {
  while (at < trace.size() && cached.count(trace[at]) != 0) ++at;
  if (at == trace.size()) return 0;
  if (cached.size() < capacity) {
    cached.insert(trace[at]);
    return 1 + fewest_misses(trace, at + 1, std::move(cached), capacity);
  }
  std::uint64_t fewest = trace.size();
  for (const std::uint64_t victim : cached) {
    std::set<std::uint64_t> next = cached;
    next.erase(victim);
    next.insert(trace[at]);
    fewest = std::min(fewest, 1 + fewest_misses(trace, at + 1, std::move(next), capacity));
  }
  return fewest;
}

}  // namespace

TEST_CASE("belady: the entry whose next use is farthest away leaves", "[cache][belady]") {
  const std::vector<std::uint64_t> trace = {1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5};
  const auto cache = prophet(3, trace);
  REQUIRE(keys_after(*cache, {1, 2, 3, 4}) == ids({2, 1, 4}));
  cache->replay(std::span(trace).subspan(4));
  cache->check_invariants();
  REQUIRE(cache->stats().misses == 7);  // the textbook's count for this string and three frames
}

TEST_CASE("belady: no choice of victims does better, as trying all of them shows", "[cache][belady]") {
  Rng rng(8);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::uint64_t> trace(14);
    for (auto& id : trace) id = rng.below(6);
    const auto cache = prophet(3, trace);
    cache->replay(trace);
    cache->check_invariants();
    REQUIRE(cache->stats().misses == fewest_misses(trace, 0, {}, 3));
  }
}

TEST_CASE("belady: a request that the trace does not have changes nothing for the others",
          "[cache][belady]") {
  const std::vector<std::uint64_t> trace = {1, 2, 3, 1, 2, 3};
  const auto cache = prophet(3, trace);
  cache->replay(std::vector<std::uint64_t>{1, 2, 99});
  cache->replay(std::vector<std::uint64_t>{3});  // 99 is never used again
  REQUIRE_FALSE(cache->contains(99u));
  cache->check_invariants();
}

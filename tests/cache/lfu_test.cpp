#include "core/cache/lfu.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;
using test::ids;
using test::keys_after;

namespace {

const test::RegisteredCache registered("lfu", make_lfu);

}  // namespace

TEST_CASE("lfu: who was used least often leaves; of equals, whose count is oldest", "[cache][lfu]") {
  const auto cache = make_lfu(CacheCapacity::entries(3));
  REQUIRE(keys_after(*cache, {1, 2, 3, 3, 1}) == ids({1, 3, 2}));
  REQUIRE(keys_after(*cache, {4}) == ids({1, 3, 4}));
  REQUIRE(keys_after(*cache, {4, 5}) == ids({4, 1, 5}));  // 3 got its count of 2 before 1 and 4 did
}

TEST_CASE("lfu: same victims as a naive count", "[cache][lfu]") {
  struct Entry {
    std::uint64_t count, since;
  };
  std::map<std::uint64_t, Entry> model;
  const auto cache = make_lfu(CacheCapacity::entries(40));
  Rng rng(5);
  std::uint64_t hits = 0;
  for (std::uint64_t step = 0; step < 30000; ++step) {
    const std::uint64_t id = rng.below(1 + rng.below(200));
    cache->replay(std::span(&id, 1));
    if (const auto it = model.find(id); it != model.end()) {
      it->second = {it->second.count + 1, step};
      ++hits;
      continue;
    }
    if (model.size() == 40) {
      auto victim = model.begin();
      for (auto it = model.begin(); it != model.end(); ++it) {
        if (std::pair(it->second.count, it->second.since) <
            std::pair(victim->second.count, victim->second.since))
          victim = it;
      }
      model.erase(victim);
    }
    model[id] = {1, step};
  }
  cache->check_invariants();
  REQUIRE(cache->stats().hits == hits);
  for (const auto& [id, entry] : model) REQUIRE(cache->contains(id));
}

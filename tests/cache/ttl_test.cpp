#include "core/cache/ttl.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/cache/lru.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredCache registered("ttl(lru)", [](CacheCapacity c) {
  return make_ttl(make_lru(c), {.ttl = std::chrono::hours(1)});
});

using namespace std::chrono_literals;

Instant at(double seconds) {
  return Instant(from_seconds(seconds));
}

}  // namespace

TEST_CASE("ttl: an entry is gone when its time is over, and makes room", "[cache][ttl]") {
  const auto cache = make_ttl(make_lru(CacheCapacity::entries(2)), {.ttl = 10s});
  cache->put("a", 1.0);
  cache->advance(at(4));
  cache->put("b", 2.0);
  cache->advance(at(9.999));
  REQUIRE(*cache->get("a") == Value(1));
  cache->advance(at(10));
  REQUIRE(cache->get("a") == nullptr);
  REQUIRE(cache->size() == 1);
  REQUIRE(cache->expired() == 1);
  cache->put("c", 3.0);
  REQUIRE(cache->contains("b"));
  REQUIRE(cache->stats().evictions == 0);
  cache->check_invariants();
}

TEST_CASE("ttl: a replacement begins a new life, a hit does so only if it slides", "[cache][ttl]") {
  for (const bool sliding : {false, true}) {
    const auto cache = make_ttl(make_lru(CacheCapacity::entries(4)), {.ttl = 10s, .sliding = sliding});
    cache->put("replaced", 1.0);
    cache->put("hit", 1.0);
    cache->put("neither", 1.0);
    cache->advance(at(6));
    cache->put("replaced", 2.0);
    cache->get("hit");
    cache->advance(at(10));
    REQUIRE(*cache->peek("replaced") == Value(2));
    REQUIRE(cache->contains("hit") == sliding);
    REQUIRE_FALSE(cache->contains("neither"));
    cache->check_invariants();
    cache->advance(at(16));
    REQUIRE(cache->size() == 0);
    cache->check_invariants();
  }
}

TEST_CASE("ttl: an entry may have a time of its own", "[cache][ttl]") {
  const auto cache = make_ttl(make_lru(CacheCapacity::bytes(100)), {.ttl = 10s});
  cache->put_for("short", 1.0, 1s, 30);
  cache->put_for("long", 2.0, 1h, 30);
  cache->put("usual", 3.0, 30);
  cache->advance(at(1));
  REQUIRE(cache->used() == 60);
  cache->advance(at(10));
  REQUIRE(cache->keys() == std::vector<Value>{"long"});
  cache->advance(Instant::max());
  REQUIRE(cache->used() == 0);
}

TEST_CASE("ttl: jitter spreads what was put at once over the last part of its life", "[cache][ttl]") {
  const auto cache = make_ttl(make_lru(CacheCapacity::entries(2000)), {.ttl = 100s, .jitter = 0.5});
  for (std::uint64_t id = 0; id < 1000; ++id) cache->put(id, true);
  cache->advance(at(50));
  REQUIRE(cache->size() == 1000);
  cache->advance(at(75));
  REQUIRE(cache->size() > 440);  // half of them, within four standard deviations
  REQUIRE(cache->size() < 560);
  cache->advance(at(100));
  REQUIRE(cache->size() == 0);
}

TEST_CASE("ttl: a time that goes back is ignored", "[cache][ttl]") {
  const auto cache = make_ttl(make_lru(CacheCapacity::entries(4)), {.ttl = 10s});
  cache->advance(at(100));
  cache->put("a", 1.0);
  cache->advance(at(5));
  cache->advance(at(109));
  REQUIRE(cache->contains("a"));
  cache->advance(at(110));
  REQUIRE_FALSE(cache->contains("a"));
}

TEST_CASE("ttl: times of a trace are told in a replay", "[cache][ttl]") {
  const auto cache = make_ttl(make_lru(CacheCapacity::entries(4)), {.ttl = 10s});
  const std::vector<std::uint64_t> requests = {1, 1, 1, 1};
  cache->replay_timed(requests, {}, std::vector<Instant>{at(0), at(9), at(10), at(19)});
  REQUIRE(cache->stats().hits == 2);
  REQUIRE(cache->expired() == 1);
  REQUIRE(cache->fresh()->name() == "ttl(lru)");
}

TEST_CASE("ttl: entries that were evicted or replaced leave nothing behind", "[cache][ttl]") {
  const auto cache = make_ttl(make_lru(CacheCapacity::entries(10)), {.ttl = 1h});
  Rng rng(1);
  for (int step = 0; step < 20000; ++step) {
    cache->put(rng.below(30), Value(static_cast<double>(step)));
    if (step % 100 == 0) cache->check_invariants();
  }
  cache->advance(Instant(2h));
  REQUIRE(cache->size() == 0);
  cache->check_invariants();
}

#include "core/cache/lru.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <list>

#include "core/base/rng.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredCache registered("lru", make_lru);

std::vector<Value> values(std::initializer_list<Value> list) {
  return list;
}

}  // namespace

TEST_CASE("lru: a get moves the key to the front, so another one is evicted", "[cache][lru]") {
  const auto cache = make_lru(CacheCapacity::entries(2));
  cache->put("a", 1.0);
  cache->put("b", 2.0);
  REQUIRE(*cache->get("a") == Value(1));
  cache->put("c", 3.0);
  REQUIRE(cache->keys() == values({"c", "a"}));
  REQUIRE(cache->get("b") == nullptr);
}

TEST_CASE("lru: peek and contains leave the order alone", "[cache][lru]") {
  const auto cache = make_lru(CacheCapacity::entries(2));
  cache->put("a", 1.0);
  cache->put("b", 2.0);
  REQUIRE(cache->contains("a"));
  cache->put("c", 3.0);
  REQUIRE(cache->keys() == values({"c", "b"}));
  REQUIRE(cache->stats().hits == 0);
  REQUIRE(cache->stats().misses == 0);
}

TEST_CASE("lru: the number 5 and the text 5 are two keys, 5 and 5.0 are one", "[cache][lru]") {
  const auto cache = make_lru(CacheCapacity::entries(8));
  cache->put(5, "number");
  cache->put("5", "text");
  cache->put(-1, "negative");
  cache->put(0.5, "half");
  cache->put(0.0, "zero");
  REQUIRE(*cache->get(5.0) == Value("number"));
  REQUIRE(*cache->get(std::uint64_t{5}) == Value("number"));
  REQUIRE(*cache->get("5") == Value("text"));
  REQUIRE(*cache->get(-0.0) == Value("zero"));
  REQUIRE(cache->get(std::numeric_limits<double>::infinity()) == nullptr);
  REQUIRE(cache->keys() == values({0.0, "5", 5, 0.5, -1}));
}

TEST_CASE("lru: texts with zero bytes and empty texts are keys", "[cache][lru]") {
  const auto cache = make_lru(CacheCapacity::entries(4));
  using namespace std::string_view_literals;
  cache->put("a\0b"sv, 1.0);
  cache->put("a\0c"sv, 2.0);
  cache->put(""sv, 3.0);
  REQUIRE(*cache->get("a\0b"sv) == Value(1));
  REQUIRE(*cache->get(""sv) == Value(3));
  REQUIRE(cache->size() == 3);
}

TEST_CASE("lru: an entry that grows pushes out others, not itself", "[cache][lru]") {
  const auto cache = make_lru(CacheCapacity::bytes(10));
  cache->put("a", 1.0, 4);
  cache->put("b", 2.0, 4);
  cache->put("a", 3.0, 8);
  REQUIRE(cache->keys() == values({"a"}));
  REQUIRE(*cache->get("a") == Value(3));
  REQUIRE(cache->used() == 8);
}

TEST_CASE("lru: same order as a plain list", "[cache][lru]") {
  Rng rng(11);
  const auto cache = make_lru(CacheCapacity::entries(50));
  std::list<std::uint64_t> model;
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t id = rng.below(1 + rng.below(300));
    cache->replay(std::span(&id, 1));
    model.remove(id);
    model.push_front(id);
    if (model.size() > 50) model.pop_back();
  }
  const auto keys = cache->keys();
  REQUIRE(keys.size() == model.size());
  std::size_t i = 0;
  for (std::uint64_t id : model) REQUIRE(keys[i++] == Value(static_cast<double>(id)));
}

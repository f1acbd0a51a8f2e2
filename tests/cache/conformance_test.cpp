// The same body for every cache: what must hold whatever the policy is. Invariants are checked after every
// step.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "bindings/host/component.hpp"
#include "core/base/rng.hpp"
#include "tests/cache/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredCache;

namespace {

struct ModelEntry {
  Value value;
  std::uint64_t weight;
};

// Some ids, some reals, some texts, among them texts that look like the numbers.
Value random_key(Rng& rng) {
  const std::uint64_t n = rng.below(40);
  switch (rng.below(4)) {
    case 0:
      return Value(std::to_string(n));
    case 1:
      return Value(-static_cast<double>(n) - 0.5);
    default:
      return Value(static_cast<double>(n));
  }
}

// What is in the cache must be what the model last put there; what is missing left by an eviction.
void require_agrees(const Cache& cache, std::map<Value, ModelEntry>& model) {
  cache.check_invariants();
  const std::vector<Value> keys = cache.keys();
  REQUIRE(keys.size() == cache.size());
  std::map<Value, ModelEntry> resident;
  std::uint64_t weight = 0;
  for (const Value& key : keys) {
    const auto known = model.find(key);
    REQUIRE(known != model.end());
    REQUIRE(*cache.peek(Key(key)) == known->second.value);
    weight += known->second.weight;
    resident.insert(*known);
  }
  REQUIRE(resident.size() == keys.size());
  REQUIRE(cache.used() == weight);
  REQUIRE(cache.used() <= cache.capacity().amount);
  model.swap(resident);
}

}  // namespace

TEST_CASE("cache conformance: agrees with a naive model under random operations", "[cache][conformance]") {
  REQUIRE_FALSE(RegisteredCache::all().empty());
  for (const RegisteredCache* registered : RegisteredCache::all()) {
    for (const bool bytes : {false, true}) {
      for (const std::uint64_t capacity : {1u, 2u, 7u, 32u}) {
        DYNAMIC_SECTION(registered->name << " of " << capacity << (bytes ? " bytes" : " entries")) {
          const auto cache =
              registered->make(bytes ? CacheCapacity::bytes(capacity) : CacheCapacity::entries(capacity));
          REQUIRE(cache->name() == registered->name);
          std::map<Value, ModelEntry> model;
          Rng rng(capacity + (bytes ? 100 : 0));
          for (int step = 0; step < 2000; ++step) {
            const Value key = random_key(rng);
            const bool here = model.count(key) != 0;
            const CacheStats before = cache->stats();
            CacheStats expected = before;
            const std::uint64_t used = cache->used();
            switch (rng.below(8)) {
              case 0: {
                REQUIRE(cache->erase(Key(key)) == here);
                model.erase(key);
                REQUIRE(cache->size() == model.size());
                break;
              }
              case 1:
              case 2:
              case 3: {
                const Value value = rng.chance(0.1) ? Value() : Value(static_cast<double>(step));
                const std::uint64_t weight = bytes ? 1 + rng.below(9) : 1;
                const std::uint64_t without = used - (here ? model.at(key).weight : 0);
                const bool admitted = cache->put(Key(key), value, weight);
                REQUIRE(admitted == (weight <= capacity));
                if (admitted) {
                  model[key] = {value, weight};
                  REQUIRE(cache->contains(Key(key)));
                  expected.insertions += !here;
                } else {
                  model.erase(key);
                  REQUIRE_FALSE(cache->contains(Key(key)));
                  ++expected.rejections;
                }
                if (!admitted || without + weight <= capacity) REQUIRE(cache->size() == model.size());
                expected.evictions += model.size() - cache->size();
                break;
              }
              case 4:
                if (rng.chance(0.02)) {
                  cache->clear();
                  model.clear();
                  REQUIRE(cache->size() == 0);
                  REQUIRE(cache->used() == 0);
                }
                break;
              default: {
                const Value* value = cache->get(Key(key));
                REQUIRE((value != nullptr) == here);
                if (here) REQUIRE(*value == model.at(key).value);
                ++(here ? expected.hits : expected.misses);
              }
            }
            const CacheStats& after = cache->stats();
            REQUIRE(after.hits == expected.hits);
            REQUIRE(after.misses == expected.misses);
            REQUIRE(after.insertions == expected.insertions);
            REQUIRE(after.evictions == expected.evictions);
            REQUIRE(after.rejections == expected.rejections);
            require_agrees(*cache, model);
          }
        }
      }
    }
  }
}

TEST_CASE("cache conformance: replay is get, and put on a miss, for every request", "[cache][conformance]") {
  for (const RegisteredCache* registered : RegisteredCache::all()) {
    for (const bool bytes : {false, true}) {
      DYNAMIC_SECTION(registered->name << (bytes ? " of bytes" : " of entries")) {
        const auto capacity = bytes ? CacheCapacity::bytes(500) : CacheCapacity::entries(100);
        const auto one_by_one = registered->make(capacity);
        const auto batch = registered->make(capacity);
        Rng rng(3);
        std::vector<std::uint64_t> ids(5000), sizes(5000);
        for (std::size_t i = 0; i < ids.size(); ++i) {
          ids[i] = rng.below(1 + rng.below(600));
          sizes[i] = rng.below(20);  // 0 counts as 1
          if (rng.chance(0.01)) sizes[i] = 501;
        }
        for (std::size_t i = 0; i < ids.size(); ++i) {
          if (one_by_one->get(ids[i]) == nullptr) one_by_one->put(ids[i], Value(), sizes[i]);
        }
        // Odd batch lengths, so that blocks and look-ahead meet every kind of end.
        for (std::size_t start = 0, length = 1; start < ids.size();
             start += length, length = length * 3 + 1) {
          const std::size_t n = std::min(length, ids.size() - start);
          batch->replay(std::span(ids).subspan(start, n), std::span(sizes).subspan(start, n));
        }
        batch->replay({});
        batch->check_invariants();
        REQUIRE(batch->keys() == one_by_one->keys());
        REQUIRE(batch->stats().hits == one_by_one->stats().hits);
        REQUIRE(batch->stats().misses == one_by_one->stats().misses);
        REQUIRE(batch->stats().insertions == one_by_one->stats().insertions);
        REQUIRE(batch->stats().evictions == one_by_one->stats().evictions);
        REQUIRE(batch->stats().rejections == one_by_one->stats().rejections);
      }
    }
  }
}

TEST_CASE("cache conformance: a huge capacity costs nothing until it is used", "[cache][conformance]") {
  for (const RegisteredCache* registered : RegisteredCache::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto cache = registered->make(CacheCapacity::entries(~0ull));
      cache->put("a", 1.0);
      const auto bytes = registered->make(CacheCapacity::bytes(~0ull));
      REQUIRE(bytes->put("a", 1.0, ~0ull));
      REQUIRE(bytes->put("b", 1.0, 1));  // would overflow a sum of weights
      REQUIRE(bytes->used() == 1);
      bytes->check_invariants();
    }
  }
}

TEST_CASE("cache conformance: a fresh one and a cleared one behave as the first did",
          "[cache][conformance]") {
  Rng rng(6);
  std::vector<std::uint64_t> requests(3000);
  for (auto& id : requests) id = rng.below(1 + rng.below(300));
  for (const RegisteredCache* registered : RegisteredCache::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto cache = registered->make(CacheCapacity::entries(60));
      cache->replay(requests);
      const std::uint64_t hits = cache->stats().hits;
      const auto keys = cache->keys();
      const auto other = cache->fresh();
      REQUIRE(other->size() == 0);
      other->replay(requests);
      REQUIRE(other->stats().hits == hits);
      REQUIRE(other->keys() == keys);
      cache->clear();
      cache->reset_stats();
      cache->replay(requests);
      REQUIRE(cache->stats().hits == hits);
      REQUIRE(cache->keys() == keys);
    }
  }
}

// A policy is what takes a capacity in entries; memory in slabs (lab.cache.slab) is another thing, with its
// own tests.
TEST_CASE("cache conformance: every policy of lab.cache takes part", "[cache][conformance]") {
  for (const Component* component : components()) {
    if (!component->d.name.starts_with("cache.") || component->d.returns != "Cache") continue;
    const std::vector<Param>& params = component->d.params;
    if (std::none_of(params.begin(), params.end(), [](const Param& p) { return p.name == "capacity"; }))
      continue;
    const std::string stem = component->d.name.substr(6);
    bool found = false;
    for (const RegisteredCache* registered : RegisteredCache::all()) {
      found = found || registered->name == stem || registered->name.starts_with(stem + "(");
    }
    INFO("tests/cache/" << stem << "_test.cpp should register a RegisteredCache");
    CHECK(found);
  }
}

#include "core/cache/slab.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "core/base/rng.hpp"

using namespace syslab;

namespace {

constexpr std::uint64_t kMiB = 1ull << 20;

// Of a small cache: pages of 1040 bytes, chunks of 104, 208, 416 and 1040.
SlabOptions small(std::uint64_t pages) {
  return {.memory_bytes = pages * 1040,
          .factor = 2,
          .chunk_min = 100,
          .header_bytes = 4,
          .page_bytes = 1040,
          .item_max = 1040};
}

}  // namespace

TEST_CASE("slab: chunk sizes as memcached 1.4 lists them with -vv", "[cache][slab]") {
  const SlabCache cache({});
  CHECK(cache.chunk_sizes() ==
        std::vector<std::uint64_t>{96,     120,    152,    192,    240,    304,    384,    480,    600,
                                   752,    944,    1184,   1480,   1856,   2320,   2904,   3632,   4544,
                                   5680,   7104,   8880,   11104,  13880,  17352,  21696,  27120,  33904,
                                   42384,  52984,  66232,  82792,  103496, 129376, 161720, 202152, 252696,
                                   315872, 394840, 493552, 616944, 771184, 1048576});
}

TEST_CASE("slab: an item takes the smallest chunk that holds it with its header", "[cache][slab]") {
  SlabCache cache({});
  cache.put("a", Value(), 48);
  cache.put("b", Value(), 49);
  const auto classes = cache.classes();
  REQUIRE(classes.size() == 2);
  CHECK(classes[0].chunk_bytes == 96);
  CHECK(classes[0].chunks == kMiB / 96);
  CHECK(classes[1].chunk_bytes == 120);
  CHECK(classes[1].item_bytes == 97);
  CHECK(cache.put("c", Value(), kMiB - 48));
  CHECK_FALSE(cache.put("a", Value(), kMiB - 47));
  CHECK_FALSE(cache.contains("a"));  // nor is the older value kept
  CHECK(cache.stats().rejections == 1);
}

TEST_CASE("slab: a full class evicts its own tail while another has room to spare", "[cache][slab]") {
  SlabCache cache(small(3));
  for (int key = 0; key < 20; ++key) cache.put(key, Value(key), 90);      // two pages of ten chunks
  for (int key = 100; key < 105; ++key) cache.put(key, Value(key), 190);  // the third: five chunks
  CHECK(cache.stats().evictions == 0);
  for (int key = 0; key < 10; ++key) cache.erase(key);  // ten free chunks of 104
  cache.put(105, Value(), 190);
  CHECK(cache.stats().evictions == 1);
  CHECK_FALSE(cache.contains(100));
  cache.get(101);
  cache.put(106, Value(), 190);
  CHECK(cache.contains(101));
  CHECK_FALSE(cache.contains(102));
  cache.check_invariants();
}

TEST_CASE("slab: a class without a page gets one although all are given away", "[cache][slab]") {
  SlabCache cache(small(1));
  for (int key = 0; key < 10; ++key) cache.put(key, Value(), 90);
  CHECK(cache.put("large", Value(), 900));
  CHECK(cache.pages_used() == 2);
  CHECK(cache.put("larger", Value(), 901));
  CHECK(cache.pages_used() == 2);
  CHECK_FALSE(cache.contains("large"));
  cache.clear();
  CHECK(cache.pages_used() == 0);
  CHECK(cache.size() == 0);
}

TEST_CASE("slab: against a naive model, one LRU list a class", "[cache][slab]") {
  SlabCache cache(small(6));
  struct Entry {
    int value;
    std::uint64_t used, weight;
  };
  std::map<int, Entry> model;
  std::map<std::uint64_t, std::size_t> pages;  // by chunk size
  const auto chunk_of = [](std::uint64_t weight) {
    for (const std::uint64_t chunk : {104ull, 208ull, 416ull}) {
      if (weight + 4 <= chunk) return chunk;
    }
    return std::uint64_t{1040};
  };
  Rng rng(7);
  std::size_t hits = 0;
  for (std::uint64_t step = 1; step <= 20'000; ++step) {
    const int key = static_cast<int>(rng.below(60));
    const double what = rng.unit();
    if (what < 0.5) {
      const auto found = model.find(key);
      const Value* got = cache.get(key);
      REQUIRE((got != nullptr) == (found != model.end()));
      if (got == nullptr) continue;
      ++hits;
      REQUIRE(*got == Value(found->second.value));
      found->second.used = step;
    } else if (what < 0.95) {
      const std::uint64_t weight = 1 + rng.below(1036);
      const std::uint64_t chunk = chunk_of(weight);
      model.erase(key);
      const auto in_class = [&] {
        return static_cast<std::size_t>(std::count_if(
            model.begin(), model.end(), [&](const auto& e) { return chunk_of(e.second.weight) == chunk; }));
      };
      if (in_class() == pages[chunk] * (1040 / chunk)) {
        std::size_t all = 0;
        for (const auto& [size, n] : pages) all += n;
        if (all < 6 || pages[chunk] == 0) {
          ++pages[chunk];
        } else {
          auto victim = model.end();
          for (auto e = model.begin(); e != model.end(); ++e) {
            if (chunk_of(e->second.weight) == chunk &&
                (victim == model.end() || e->second.used < victim->second.used))
              victim = e;
          }
          model.erase(victim);
        }
      }
      model[key] = {static_cast<int>(step), step, weight};
      REQUIRE(cache.put(key, Value(static_cast<int>(step)), weight));
    } else {
      REQUIRE(cache.erase(key) == (model.erase(key) == 1));
    }
    REQUIRE(cache.size() == model.size());
    if (step % 64 == 0) cache.check_invariants();
  }
  CHECK(hits > 2000);
  CHECK(cache.stats().hits == hits);
}

TEST_CASE("slab: a fresh one is like it and empty; keys of all kinds come back", "[cache][slab]") {
  SlabCache cache(small(3));
  cache.put("text", Value(), 10);
  cache.put(-2.5, Value(), 10);
  cache.put(7, Value(), 10);
  CHECK(cache.keys() == std::vector<Value>{7, -2.5, "text"});
  const auto other = cache.fresh();
  CHECK(other->size() == 0);
  CHECK(other->capacity().amount == 3120);
  const std::vector<std::uint64_t> ids = {1, 2, 1, 3, 1};
  other->replay(ids);
  CHECK(other->stats().hits == 2);
}

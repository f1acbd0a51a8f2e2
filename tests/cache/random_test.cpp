#include "core/cache/random.hpp"

#include <catch2/catch.hpp>

#include "tests/cache/registry.hpp"

using namespace syslab;
using test::keys_after;

namespace {

const test::RegisteredCache registered("random", [](CacheCapacity c) { return make_random(c); });

}  // namespace

TEST_CASE("random: the same seed gives the same victims, another seed others", "[cache][random]") {
  std::vector<std::uint64_t> scan(1000);
  for (std::size_t i = 0; i < scan.size(); ++i) scan[i] = i;
  const auto a = make_random(CacheCapacity::entries(10), {.seed = 1});
  const auto b = make_random(CacheCapacity::entries(10), {.seed = 1});
  const auto c = make_random(CacheCapacity::entries(10), {.seed = 2});
  const auto kept = keys_after(*a, scan);
  REQUIRE(kept == keys_after(*b, scan));
  REQUIRE(kept != keys_after(*c, scan));
  REQUIRE(keys_after(*a->fresh(), scan) == kept);
  a->clear();
  REQUIRE(keys_after(*a, scan) == kept);
}

TEST_CASE("random: every entry is as likely to leave as any other", "[cache][random]") {
  // 8 entries, then one more: who is missing? 8000 times, so 1000 each; chi-square with 7 degrees of freedom.
  std::vector<int> missing(8);
  for (std::uint64_t seed = 1; seed <= 8000; ++seed) {
    const auto cache = make_random(CacheCapacity::entries(8), {.seed = seed});
    cache->replay(std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8});
    for (std::uint64_t id = 0; id < 8; ++id) missing[id] += !cache->contains(id);
  }
  double chi_square = 0;
  for (const int n : missing) chi_square += (n - 1000.0) * (n - 1000.0) / 1000.0;
  REQUIRE(chi_square < 24.3);  // p = 0.001
}

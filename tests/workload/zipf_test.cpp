#include "core/workload/zipf.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "core/base/distribution.hpp"
#include "tests/workload/registry.hpp"

using namespace syslab;

namespace {

const test::RegisteredKeys ordered("zipf", [](std::uint64_t count) {
  return make_zipf_keys({.count = count, .skew = 1.2});
});
const test::RegisteredKeys scrambled("zipf, scrambled", [](std::uint64_t count) {
  return make_zipf_keys({.count = count, .skew = 1.2, .scrambled = true});
});

}  // namespace

TEST_CASE("zipf: key frequencies follow the law, scrambled or not", "[workload][zipf]") {
  const Zipf law({.count = 100, .skew = 0.99});
  for (const bool scramble : {false, true}) {
    const auto keys = make_zipf_keys({.count = 100, .skew = 0.99, .scrambled = scramble});
    Rng rng(5);
    std::map<std::uint64_t, double> seen;
    const int draws = 200000;
    for (int i = 0; i < draws; ++i) ++seen[keys->next(rng)];
    double chi_square = 0;
    for (std::uint64_t rank = 1; rank <= 100; ++rank) {
      const double expected = draws * law.probability(rank);
      const double got = seen[scramble ? scramble_rank(rank, 100) : rank];
      chi_square += (got - expected) * (got - expected) / expected;
    }
    REQUIRE(chi_square < 149);  // p = 0.001 at 99 degrees of freedom
  }
}

TEST_CASE("zipf: scrambling is a permutation that moves the hot keys away", "[workload][zipf]") {
  for (const std::uint64_t count : {1ull, 2ull, 3ull, 10ull, 1000ull, 4096ull, 65537ull}) {
    std::vector<bool> taken(count + 1);
    for (std::uint64_t rank = 1; rank <= count; ++rank) {
      const std::uint64_t key = scramble_rank(rank, count);
      REQUIRE(key >= 1);
      REQUIRE(key <= count);
      REQUIRE_FALSE(taken[key]);
      taken[key] = true;
    }
  }
  REQUIRE(scramble_rank(1, 1ull << 50) != 1);
  REQUIRE(scramble_rank(~0ull >> 1, ~0ull >> 1) >= 1);
}

TEST_CASE("zipf: describes itself as it would be written", "[workload][zipf]") {
  REQUIRE(make_zipf_keys({.count = 10})->describe() == "zipf{count = 10, skew = 0.99}");
  REQUIRE(make_zipf_keys({.count = 10, .scrambled = true})->describe() ==
          "zipf{count = 10, skew = 0.99, scrambled = true}");
}

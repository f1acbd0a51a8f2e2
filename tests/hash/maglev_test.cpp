#include "core/hash/maglev.hpp"

#include <catch2/catch.hpp>
#include <numeric>

#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Placement> make() {
  return make_maglev();
}

const RegisteredPlacement registered("maglev", make, 1.03, 0.012);

using Table = std::vector<std::uint32_t>;

}  // namespace

TEST_CASE("maglev: table 1 of the paper, before and after B1 is removed", "[hash][maglev]") {
  // Permutations: B0 3 0 4 1 5 2 6, B1 0 2 4 6 1 3 5, B2 3 4 5 6 0 1 2.
  const Table offsets{3, 0, 3}, skips{4, 2, 1};
  REQUIRE(maglev_table(offsets, skips, 7) == Table{1, 0, 1, 0, 2, 2, 0});
  // Without B1 the table's 1 stands for B2.
  const Table offsets_after{3, 3}, skips_after{4, 1};
  REQUIRE(maglev_table(offsets_after, skips_after, 7) == Table{0, 0, 0, 0, 1, 1, 1});
}

TEST_CASE("maglev: entries are shared to within one, whatever the permutations", "[hash][maglev]") {
  for (std::uint32_t nodes = 1; nodes <= 60; ++nodes) {
    Table offsets, skips;
    for (std::uint64_t i = 0; i < nodes; ++i) {
      offsets.push_back(static_cast<std::uint32_t>(hash64(i, nodes) % 1009));
      skips.push_back(static_cast<std::uint32_t>(hash64(i, nodes + 1000) % 1008 + 1));
    }
    Table counts(nodes);
    for (std::uint32_t owner : maglev_table(offsets, skips, 1009)) ++counts[owner];
    const auto [low, high] = std::minmax_element(counts.begin(), counts.end());
    REQUIRE(*high - *low <= 1);
  }
}

TEST_CASE("maglev: a weight is a share of the table", "[hash][maglev]") {
  const Table offsets{5, 17, 40}, skips{3, 11, 29};
  const std::vector<double> weights{1, 0.5, 2.5};
  Table counts(3);
  for (std::uint32_t owner : maglev_table(offsets, skips, 10007, weights)) ++counts[owner];
  REQUIRE(counts[0] == Approx(10007 / 4.0).margin(2));
  REQUIRE(counts[1] == Approx(10007 / 8.0).margin(2));
  REQUIRE(counts[2] == Approx(10007 * 5 / 8.0).margin(2));
}

TEST_CASE("maglev: no share is above one percent too large while the table is 100 times the nodes",
          "[hash][maglev]") {
  const auto placement = with_nodes(make_maglev(), numbered(600));
  std::vector<std::uint64_t> counts(600);
  const std::uint64_t step = (~0ull / 65537) + 1;  // one hash in each entry of the table
  for (std::uint64_t entry = 0; entry < 65537; ++entry) ++counts[placement->place(entry * step)];
  REQUIRE(static_cast<double>(*std::max_element(counts.begin(), counts.end())) / (65537.0 / 600) <= 1.01);
}

TEST_CASE("maglev: as many nodes as entries, and no more", "[hash][maglev]") {
  const auto placement = with_nodes(make_maglev(13), numbered(13));
  placement->check_invariants();
  REQUIRE(placement->refusal({"more", 1}) == "there is no room for 'more': at most 13 nodes");
  REQUIRE(placement->reset(numbered(14)) != "");
  for (const std::uint32_t size : {2u, 3u}) {
    const auto small = with_nodes(make_maglev(size), numbered(2));
    small->check_invariants();
    REQUIRE(small->place(0) < 2);
  }
}

TEST_CASE("maglev: primes", "[hash][maglev]") {
  std::vector<std::uint32_t> primes;
  for (std::uint32_t n = 0; n < 50; ++n) {
    if (is_prime(n)) primes.push_back(n);
  }
  REQUIRE(primes == Table{2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47});
  REQUIRE(is_prime(65537));
  REQUIRE(is_prime(Maglev::kMostSize));
  REQUIRE_FALSE(is_prime(65535));
  REQUIRE_FALSE(is_prime(66049));  // 257 * 257
}

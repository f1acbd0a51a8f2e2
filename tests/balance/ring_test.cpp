#include "core/balance/ring.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/balance/picking.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::vector<std::size_t> homes(Picker& picker, Fleet& fleet, int keys) {
  std::vector<std::size_t> out;
  for (int k = 0; k < keys; ++k)
    out.push_back(picker.pick(fleet.backends, Value("key " + std::to_string(k)), fleet.rng).value());
  return out;
}

}  // namespace

TEST_CASE("ring: a key has one home, whatever the load", "[balance][ring]") {
  Fleet fleet(5);
  const auto picker = make_ring_picker();
  const auto before = homes(*picker, fleet, 1000);
  fleet.backends[2].outstanding = 1000;
  CHECK(homes(*picker, fleet, 1000) == before);
  CHECK(homes(*make_ring_picker(), fleet, 1000) == before);
}

TEST_CASE("ring: only the keys of a backend that is gone move, and they come back", "[balance][ring]") {
  Fleet fleet(5);
  const auto picker = make_ring_picker();
  const auto before = homes(*picker, fleet, 1000);
  fleet.backends[2].available = false;
  const auto without = homes(*picker, fleet, 1000);
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (before[k] == 2) {
      CHECK(without[k] != 2);
    } else {
      REQUIRE(without[k] == before[k]);
    }
  }
  fleet.backends[2].available = true;
  CHECK(homes(*picker, fleet, 1000) == before);
}

TEST_CASE("ring: a backend that joins takes keys from the others and moves no others", "[balance][ring]") {
  Fleet fleet(4);
  const auto picker = make_ring_picker();
  const auto before = homes(*picker, fleet, 1000);
  fleet.backends.push_back({.name = "newcomer"});
  const auto after = homes(*picker, fleet, 1000);
  int moved = 0;
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (after[k] == before[k]) continue;
    REQUIRE(after[k] == 4);
    ++moved;
  }
  CHECK(moved > 120);
  CHECK(moved < 280);
}

TEST_CASE("ring: shares follow the weights", "[balance][ring]") {
  Fleet fleet({1, 3});
  const auto picker = make_ring_picker();
  int heavy = 0;
  for (const std::size_t home : homes(*picker, fleet, 4000)) heavy += home == 1;
  CHECK(heavy > 2700);
  CHECK(heavy < 3300);
}

TEST_CASE("ring: with a bound one hot key cannot overload its backend", "[balance][ring]") {
  for (const double bound : {1.1, 1.25, 2.0}) {
    Fleet fleet(10);
    const auto picker = make_ring_picker({.bound = bound});
    for (int m = 1; m <= 1000; ++m) {
      const auto i = picker->pick(fleet.backends, Value("hot"), fleet.rng);
      REQUIRE(i);
      ++fleet.backends[*i].outstanding;
      REQUIRE(fleet.backends[*i].outstanding <= std::ceil(bound * m / 10));
    }
  }
}

TEST_CASE("ring: requests without a key go anywhere", "[balance][ring]") {
  Fleet fleet(3);
  const auto picker = make_ring_picker();
  bool seen[3] = {};
  for (int i = 0; i < 100; ++i) seen[picker->pick(fleet.backends, Value(), fleet.rng).value()] = true;
  CHECK((seen[0] && seen[1] && seen[2]));
}

TEST_CASE("ring: the same node listed twice has one place", "[balance][ring]") {
  Fleet fleet(2);
  fleet.backends.push_back(fleet.backends[0]);
  const auto picker = make_ring_picker();
  for (const std::size_t home : homes(*picker, fleet, 100)) CHECK(home < 2);
}

TEST_CASE("ring: more points than a ring has room for are fewer, and no more", "[balance][ring]") {
  Fleet fleet(6);
  const auto picker = make_ring_picker({.points = 1 << 20, .bound = {}});
  int counts[6] = {};
  for (const std::size_t home : homes(*picker, fleet, 6000)) ++counts[home];
  for (int count : counts) CHECK(count > 800);
}

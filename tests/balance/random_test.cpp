#include "core/balance/random.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "tests/balance/picking.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("random: shares follow the weights of the available backends", "[balance][random]") {
  Fleet fleet({1, 3, 2});
  fleet.backends[2].available = false;
  const std::string picks = fleet.picks(*make_random(), 40000);
  CHECK(std::count(picks.begin(), picks.end(), 'c') == 0);
  const auto a = std::count(picks.begin(), picks.end(), 'a');
  CHECK(a > 9700);
  CHECK(a < 10300);
}

TEST_CASE("random: the same stream of numbers gives the same picks", "[balance][random]") {
  Fleet one(5), two(5);
  CHECK(one.picks(*make_random(), 100) == two.picks(*make_random(), 100));
}

#include "core/balance/power_of_two.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "core/balance/random.hpp"
#include "tests/balance/picking.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::uint32_t fullest(Picker& picker) {
  Fleet fleet(1000);
  fleet.picks(picker, 1000);
  return std::max_element(fleet.backends.begin(), fleet.backends.end(),
                          [](const Backend& a, const Backend& b) { return a.outstanding < b.outstanding; })
      ->outstanding;
}

}  // namespace

TEST_CASE("power of two: of two backends it always takes the less loaded", "[balance][power_of_two]") {
  Fleet fleet(2);
  fleet.backends[0].outstanding = 4;
  CHECK(fleet.picks(*make_power_of_two(), 4) == "bbbb");
}

TEST_CASE("power of two: the fullest of 1000 backends has far fewer requests than by plain chance",
          "[balance][power_of_two]") {
  CHECK(fullest(*make_power_of_two()) <= 4);  // ln ln n / ln 2 + O(1)
  CHECK(fullest(*make_random()) >= 5);        // ln n / ln ln n
  CHECK(fullest(*make_power_of_two({.choices = 1})) >= 5);
  CHECK(fullest(*make_power_of_two({.choices = 5})) <= 2);
}

TEST_CASE("power of two: with one available backend it takes that one", "[balance][power_of_two]") {
  Fleet fleet(3);
  fleet.backends[0].available = fleet.backends[2].available = false;
  CHECK(fleet.picks(*make_power_of_two(), 3) == "bbb");
}

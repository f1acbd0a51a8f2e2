#include "core/balance/maglev.hpp"

#include <catch2/catch.hpp>

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

TEST_CASE("maglev: a key has one home, in every balancer, and keys are shared evenly", "[balance][maglev]") {
  Fleet fleet(5);
  const auto picker = make_maglev_picker();
  const auto before = homes(*picker, fleet, 20000);
  CHECK(homes(*make_maglev_picker(), fleet, 20000) == before);
  int counts[5] = {};
  for (const std::size_t home : before) ++counts[home];
  for (int count : counts) CHECK(count == Approx(4000).epsilon(0.06));
}

TEST_CASE("maglev: only the keys of a backend that is gone move, to all others, and they come back",
          "[balance][maglev]") {
  Fleet fleet(5);
  const auto picker = make_maglev_picker();
  const auto before = homes(*picker, fleet, 5000);
  fleet.backends[2].available = false;
  const auto without = homes(*picker, fleet, 5000);
  int took[5] = {};
  for (std::size_t k = 0; k < before.size(); ++k) {
    if (before[k] == 2) {
      ++took[without[k]];
    } else {
      REQUIRE(without[k] == before[k]);
    }
  }
  CHECK(took[2] == 0);
  for (const std::size_t i : {0, 1, 3, 4}) CHECK(took[i] > 180);  // of about 250
  fleet.backends[2].available = true;
  CHECK(homes(*picker, fleet, 5000) == before);
}

TEST_CASE("maglev: shares follow the weights, also when they change", "[balance][maglev]") {
  Fleet fleet({1, 3});
  const auto picker = make_maglev_picker();
  const auto heavy = [&] {
    int count = 0;
    for (const std::size_t home : homes(*picker, fleet, 4000)) count += home == 1;
    return count;
  };
  CHECK(heavy() == Approx(3000).epsilon(0.06));
  fleet.backends[0].weight = 3;
  CHECK(heavy() == Approx(2000).epsilon(0.08));
}

TEST_CASE("maglev: requests without a key go anywhere", "[balance][maglev]") {
  Fleet fleet(3);
  const auto picker = make_maglev_picker();
  bool seen[3] = {};
  for (int i = 0; i < 100; ++i) seen[picker->pick(fleet.backends, Value(), fleet.rng).value()] = true;
  CHECK((seen[0] && seen[1] && seen[2]));
}

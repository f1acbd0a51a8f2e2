// What every policy must do. A policy's own test file adds what is special to it.
#include <catch2/catch.hpp>
#include <map>

#include "core/balance/least_connections.hpp"
#include "core/balance/maglev.hpp"
#include "core/balance/power_of_two.hpp"
#include "core/balance/random.hpp"
#include "core/balance/ring.hpp"
#include "core/balance/round_robin.hpp"
#include "tests/balance/picking.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const std::map<std::string, PickerFactory> kPolicies = {
    {"least_connections", make_least_connections},
    {"maglev", make_maglev_picker},
    {"power_of_two", [] { return make_power_of_two(); }},
    {"random", make_random},
    {"ring", [] { return make_ring_picker({.bound = 1.5}); }},
    {"round_robin", make_round_robin},
};

}  // namespace

TEST_CASE("balance: every policy picks only available backends, in any state of the fleet",
          "[balance][conformance]") {
  for (const auto& [name, make] : kPolicies) {
    INFO(name);
    const auto picker = make();
    CHECK(picker->name() == name);
    Fleet fleet({1, 2, 0.5, 1});
    Rng chaos(11);
    for (int step = 0; step < 2000; ++step) {
      bool any = false;
      for (Backend& b : fleet.backends) any |= b.available = chaos.chance(0.4);
      if (step == 1000) fleet.backends.push_back({.name = "new"});
      const auto i = picker->pick(fleet.backends, Value(step), fleet.rng);
      REQUIRE(i.has_value() == (any || (step == 1000)));
      if (!i) continue;
      REQUIRE(fleet.backends.at(*i).available);
      picker->on_start(*i);
      if (chaos.chance(0.5)) {
        picker->on_finish(*i, Instant{} + std::chrono::milliseconds(step), std::chrono::milliseconds(1),
                          chaos.chance(0.3));
      } else {
        ++fleet.backends[*i].outstanding;
      }
    }
  }
}

TEST_CASE("balance: no backend means no pick", "[balance][conformance]") {
  for (const auto& [name, make] : kPolicies) {
    INFO(name);
    Fleet fleet(0);
    CHECK(fleet.picks(*make(), 2) == "--");
  }
}

TEST_CASE("balance: every policy uses the whole of an idle fleet", "[balance][conformance]") {
  for (const auto& [name, make] : kPolicies) {
    INFO(name);
    Fleet fleet(5);
    const std::string picks = fleet.picks(*make(), 200, false);
    for (const char c : std::string("abcde")) CHECK(picks.find(c) != std::string::npos);
  }
}

#include "core/balance/least_connections.hpp"

#include <catch2/catch.hpp>

#include "tests/balance/picking.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("least connections: the backend with the fewest outstanding requests is picked",
          "[balance][least_connections]") {
  Fleet fleet(3);
  fleet.backends[0].outstanding = 3;
  fleet.backends[2].outstanding = 1;
  CHECK(fleet.picks(*make_least_connections(), 6) == "bcbcbc");
}

TEST_CASE("least connections: equals take turns, so an idle fleet is used in full",
          "[balance][least_connections]") {
  Fleet fleet(3);
  CHECK(fleet.picks(*make_least_connections(), 6, false) == "abcabc");
}

TEST_CASE("least connections: outstanding requests settle in proportion to the weights",
          "[balance][least_connections]") {
  Fleet fleet({1, 2});
  const auto picker = make_least_connections();
  CHECK(fleet.picks(*picker, 1) == "b");  // idle, but twice as strong
  fleet.picks(*picker, 299);
  CHECK(fleet.backends[0].outstanding == 100);
  CHECK(fleet.backends[1].outstanding == 200);
}

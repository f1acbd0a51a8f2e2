#include "core/balance/round_robin.hpp"

#include <catch2/catch.hpp>

#include "tests/balance/picking.hpp"

using namespace syslab;
using namespace syslab::test;

TEST_CASE("round robin: backends of equal weight take turns", "[balance][round_robin]") {
  Fleet fleet(3);
  CHECK(fleet.picks(*make_round_robin(), 7) == "abcabca");
}

TEST_CASE("round robin: weights are served smoothly, not in blocks", "[balance][round_robin]") {
  // The sequence of nginx's commit message.
  Fleet fleet({5, 1, 1});
  CHECK(fleet.picks(*make_round_robin(), 14) == "aabacaaaabacaa");
}

TEST_CASE("round robin: an unavailable backend is skipped, and comes back without a flood",
          "[balance][round_robin]") {
  Fleet fleet(3);
  const auto picker = make_round_robin();
  CHECK(fleet.picks(*picker, 3) == "abc");
  fleet.backends[1].available = false;
  CHECK(fleet.picks(*picker, 6) == "acacac");
  fleet.backends[1].available = true;
  CHECK(fleet.picks(*picker, 6) == "abcabc");
}

TEST_CASE("round robin: it ignores load", "[balance][round_robin]") {
  Fleet fleet(2);
  fleet.backends[0].outstanding = 1000;
  CHECK(fleet.picks(*make_round_robin(), 4) == "abab");
}

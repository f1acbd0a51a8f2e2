#include "core/hash/modulo.hpp"

#include <catch2/catch.hpp>

#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredPlacement registered("modulo", make_modulo, 1.02, 0.95);

}  // namespace

TEST_CASE("modulo: of eleven keys ten move when the eleventh node comes", "[hash][modulo]") {
  const auto ten = with_nodes(make_modulo(), numbered(10));
  const auto eleven = ten->clone();
  REQUIRE(eleven->add({"zz", 1}));
  const Moved m = moved(*ten, *eleven, sequence(200000));
  REQUIRE(static_cast<double>(m.moved) / 200000 == Approx(10.0 / 11).epsilon(0.005));
}

TEST_CASE("modulo: nodes count in the order of their names", "[hash][modulo]") {
  const auto placement = with_nodes(make_modulo(), {{"c", 1}, {"a", 1}, {"b", 1}});
  REQUIRE(placement->nodes()[placement->place(6)].name == "a");
  REQUIRE(placement->nodes()[placement->place(7)].name == "b");
  REQUIRE(placement->nodes()[placement->place(8)].name == "c");
}

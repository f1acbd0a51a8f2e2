#include "core/shard/hierarchical.hpp"

#include <catch2/catch.hpp>

#include "core/hash/modulo.hpp"
#include "core/hash/ring.hpp"
#include "core/hash/spread.hpp"
#include "core/shard/placed.hpp"
#include "core/shard/range.hpp"
#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Router> ring(std::vector<PlacedNode> shards) {
  return with_shards(make_placed_router("consistent", std::make_unique<Ring>(RingOptions{}), 1),
                     std::move(shards));
}
std::unique_ptr<Router> two_groups() {
  std::vector<std::unique_ptr<Router>> groups;
  groups.push_back(ring({{"1", 1}, {"2", 1}}));
  groups.push_back(ring({{"1", 1}, {"2", 1}, {"3", 1}}));
  return std::make_unique<HierarchicalRouter>(
      with_shards(make_placed_router("hash", make_modulo()), {{"eu", 1}, {"us", 1}}), std::move(groups));
}
const RegisteredRouter registered("hierarchical", two_groups);

}  // namespace

TEST_CASE("hierarchical: a change within a group moves nothing outside of it", "[shard][hierarchical]") {
  const auto before = two_groups();
  const auto after = before->clone();
  REQUIRE(after->add({"us/4", 1}) == "");
  int moved = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string from = before->shards()[before->route(i)].name,
                      to = after->shards()[after->route(i)].name;
    if (from == to) continue;
    ++moved;
    REQUIRE(from.substr(0, 3) == "us/");
    REQUIRE(to == "us/4");
  }
  REQUIRE(moved > 300);
}

TEST_CASE("hierarchical: groups are fixed, and the last of a group stays", "[shard][hierarchical]") {
  const auto r = two_groups();
  REQUIRE(r->add({"asia/1", 1}) == "'asia/1' is not 'GROUP/SHARD' with a group that is there");
  REQUIRE(r->add({"x", 1}) != "");
  REQUIRE(r->remove("eu/1") == "");
  REQUIRE(r->remove("eu/2") == "'eu/2' is the last of its group");
  r->check_invariants();
}

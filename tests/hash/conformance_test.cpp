// The same body for every placement: what must hold whatever the algorithm is.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>

#include "core/base/rng.hpp"
#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using syslab::test::RegisteredPlacement;

namespace {

std::vector<PlacedNode> numbered(int count) {
  std::vector<PlacedNode> nodes;
  for (int i = 0; i < count; ++i) nodes.push_back({"node-" + std::to_string(i), 1});
  return nodes;
}

std::vector<std::uint64_t> sequence(std::size_t count) {
  std::vector<std::uint64_t> keys(count);
  std::iota(keys.begin(), keys.end(), 0);
  return keys;
}

std::vector<std::uint32_t> places(const Placement& placement, const std::vector<std::uint64_t>& keys) {
  std::vector<std::uint32_t> out(keys.size());
  placement.place_all(keys, out);
  return out;
}

}  // namespace

TEST_CASE("placement conformance: depends on the set of nodes, not on their history", "[hash][conformance]") {
  REQUIRE_FALSE(RegisteredPlacement::all().empty());
  const auto keys = sequence(5000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      auto nodes = numbered(20);
      const auto straight = registered->make(nodes);
      REQUIRE(straight->name() == registered->name);
      std::reverse(nodes.begin(), nodes.end());
      const auto grown = registered->make({});
      grown->check_invariants();
      REQUIRE(grown->add({"elsewhere", 2}));
      for (const PlacedNode& node : nodes) {
        REQUIRE(grown->add(node));
        grown->check_invariants();
      }
      REQUIRE_FALSE(grown->add({"node-3", 1}));
      REQUIRE(grown->remove("elsewhere"));
      REQUIRE_FALSE(grown->remove("elsewhere"));
      grown->check_invariants();
      REQUIRE(places(*grown, keys) == places(*straight, keys));
      REQUIRE(places(*grown->clone(), keys) == places(*straight, keys));
    }
  }
}

TEST_CASE("placement conformance: place, place_all and the first replica agree; replicas differ",
          "[hash][conformance]") {
  const auto keys = sequence(500);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto placement = registered->make(numbered(7));
      const auto together = places(*placement, keys);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::uint64_t hash = hash64(keys[i]);
        REQUIRE(placement->place(hash) == together[i]);
        auto replicas = placement->place_replicas(hash, 3);
        REQUIRE(replicas.size() == 3);
        REQUIRE(replicas.front() == together[i]);
        std::sort(replicas.begin(), replicas.end());
        REQUIRE(std::unique(replicas.begin(), replicas.end()) == replicas.end());
        REQUIRE(placement->place_replicas(hash, 100).size() == 7);
        REQUIRE(placement->place_replicas(hash, 0).empty());
      }
      placement->place(0);
      placement->place(~0ull);
    }
  }
}

TEST_CASE("placement conformance: keys move only where they must, when nodes come and go",
          "[hash][conformance]") {
  const auto keys = sequence(20000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      Rng rng(1);
      const auto placement = registered->make(numbered(10));
      for (int step = 0; step < 30; ++step) {
        const auto before = placement->clone();
        if (rng.chance(0.5) || placement->nodes().size() < 3) {
          placement->add({"new-" + std::to_string(step), 1});
        } else {
          placement->remove(placement->nodes()[rng.below(placement->nodes().size())].name);
        }
        placement->check_invariants();
        const Moved m = moved(*before, *placement, keys);
        REQUIRE(m.keys == keys.size());
        REQUIRE(m.moved > 0);
        REQUIRE(static_cast<double>(m.needless) <= registered->needless * static_cast<double>(m.keys));
      }
    }
  }
}

TEST_CASE("placement conformance: shares are as even as the algorithm promises, and follow weights",
          "[hash][conformance]") {
  const auto keys = sequence(100000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      const Spread even = spread(*registered->make(numbered(10)), keys);
      REQUIRE(std::accumulate(even.keys.begin(), even.keys.end(), std::uint64_t{0}) == keys.size());
      REQUIRE(even.max_over_fair >= 1);
      REQUIRE(even.max_over_fair <= registered->max_over_fair);
      auto nodes = numbered(10);
      nodes[4].weight = 5;
      const Spread weighted = spread(*registered->make(nodes), keys);
      REQUIRE(static_cast<double>(weighted.keys[4]) > 3.5 / 14 * 100000);
      REQUIRE(static_cast<double>(weighted.keys[4]) < 6.5 / 14 * 100000);
    }
  }
}

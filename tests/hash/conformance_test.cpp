// The same body for every placement: what must hold whatever the algorithm is, and what its traits promise.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "core/base/rng.hpp"
#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

namespace syslab::test {

std::unique_ptr<Placement> with_nodes(std::unique_ptr<Placement> placement, std::vector<PlacedNode> nodes) {
  REQUIRE(placement->reset(std::move(nodes)) == "");
  return placement;
}

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

double chance_of(double chi_square, double degrees_of_freedom) {
  const double spread = 2 / (9 * degrees_of_freedom);
  const double z = (std::cbrt(chi_square / degrees_of_freedom) - (1 - spread)) / std::sqrt(spread);
  return 0.5 * std::erfc(z / std::sqrt(2.0));
}

}  // namespace syslab::test

using namespace syslab;
using namespace syslab::test;

namespace {

std::string name_of(const Placement& placement, const std::string& key) {
  return placement.nodes()[placement.place(placement.hash_of(key))].name;
}

}  // namespace

TEST_CASE("placement conformance: depends on the set of nodes alone, or says that it does not",
          "[hash][conformance]") {
  REQUIRE(RegisteredPlacement::all().size() >= 9);
  const auto keys = sequence(5000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      auto nodes = numbered(20);
      const auto straight = with_nodes(registered->make(), nodes);
      const PlacementTraits traits = straight->traits();
      REQUIRE(straight->name() == registered->name);
      straight->check_invariants();
      if (traits.history_free) std::reverse(nodes.begin(), nodes.end());
      const auto grown = registered->make();
      REQUIRE(grown->nodes().empty());
      grown->check_invariants();
      if (traits.history_free) REQUIRE(grown->add({"elsewhere", traits.weighted ? 2.0 : 1.0}));
      for (const PlacedNode& node : nodes) {
        REQUIRE(grown->add(node));
        grown->check_invariants();
      }
      REQUIRE_FALSE(grown->add({"node-3", 1}));
      if (traits.history_free) REQUIRE(grown->remove("elsewhere"));
      REQUIRE_FALSE(grown->remove("elsewhere"));
      grown->check_invariants();
      REQUIRE(std::is_sorted(grown->nodes().begin(), grown->nodes().end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
      if (traits.path_free) REQUIRE(places(*grown, keys) == places(*straight, keys));
      REQUIRE(places(*grown->clone(), keys) == places(*grown, keys));
      // Whoever came last can leave, and then all is as before, or nearly.
      const auto before = grown->clone();
      REQUIRE(grown->add({"zz", 1}));
      REQUIRE(grown->index_of("zz") == 20);
      const auto with = grown->clone();
      REQUIRE(grown->remove("zz"));
      REQUIRE(grown->index_of("zz") == Placement::kNone);
      const std::uint64_t passing = spread(*with, keys).keys[20];
      REQUIRE(moved(*before, *grown, keys).moved <= (traits.path_free ? 0 : passing));
    }
  }
}

TEST_CASE("placement conformance: the same changes give the same places, and a change leaves a copy alone",
          "[hash][conformance]") {
  const auto keys = sequence(2000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto one = with_nodes(registered->make(), numbered(9));
      const auto other = with_nodes(registered->make(), numbered(9));
      const auto copy = one->clone();
      const auto first = places(*one, keys);
      for (const auto& placement : {&one, &other}) {
        REQUIRE((*placement)->add({"b", 1}));
        REQUIRE((*placement)->add({"a", 1}));
        REQUIRE((*placement)->remove("a"));
        REQUIRE((*placement)->remove("b"));
        REQUIRE((*placement)->add({"c", 1}));
      }
      REQUIRE(places(*one, keys) == places(*other, keys));
      REQUIRE(places(*copy, keys) == first);
    }
  }
}

TEST_CASE(
    "placement conformance: place, place_all, place_hashes and the first replica agree; replicas differ",
    "[hash][conformance]") {
  const auto keys = sequence(500);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto placement = with_nodes(registered->make(), numbered(7));
      const auto together = places(*placement, keys);
      std::vector<std::uint64_t> hashes;
      for (std::uint64_t key : keys) hashes.push_back(placement->hash_of(key));
      std::vector<std::uint32_t> from_hashes(keys.size());
      placement->place_hashes(hashes, from_hashes);
      REQUIRE(from_hashes == together);
      for (std::size_t i = 0; i < keys.size(); ++i) {
        const std::size_t home = placement->place(hashes[i]);
        if (placement->traits().independent) REQUIRE(home == together[i]);
        auto replicas = placement->place_replicas(hashes[i], 3);
        REQUIRE(replicas.size() == 3);
        REQUIRE(replicas.front() == home);
        std::sort(replicas.begin(), replicas.end());
        REQUIRE(std::unique(replicas.begin(), replicas.end()) == replicas.end());
        REQUIRE(replicas.back() < 7);
        REQUIRE(placement->place_replicas(hashes[i], 100).size() == 7);
        REQUIRE(placement->place_replicas(hashes[i], 0).empty());
      }
      REQUIRE(placement->place(0) < 7);
      REQUIRE(placement->place(~0ull) < 7);
    }
  }
}

TEST_CASE("placement conformance: keys move only where they must, when nodes come and go",
          "[hash][conformance]") {
  const auto keys = sequence(20000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      Rng rng(1);
      const auto placement = with_nodes(registered->make(), numbered(10));
      const PlacementTraits traits = placement->traits();
      REQUIRE((registered->needless == 0) == traits.minimal);
      std::vector<std::string> came;
      for (const PlacedNode& node : numbered(10)) came.push_back(node.name);
      for (int step = 0; step < 30; ++step) {
        const auto before = placement->clone();
        if (rng.chance(0.5) || came.size() < 3) {
          came.push_back("new-" + std::to_string(step));
          REQUIRE(placement->add({came.back(), 1}));
        } else {
          const std::size_t leaver = traits.last_only ? came.size() - 1 : rng.below(came.size());
          REQUIRE(placement->remove(came[leaver]));
          came.erase(came.begin() + static_cast<std::ptrdiff_t>(leaver));
        }
        placement->check_invariants();
        const Moved m = moved(*before, *placement, keys);
        REQUIRE(m.keys == keys.size());
        REQUIRE(m.moved > 0);
        REQUIRE(static_cast<double>(m.needless) <= registered->needless * static_cast<double>(m.keys));
        REQUIRE(std::accumulate(m.lost.begin(), m.lost.end(), std::uint64_t{0}) == m.moved);
        REQUIRE(std::accumulate(m.gained.begin(), m.gained.end(), std::uint64_t{0}) == m.moved);
      }
    }
  }
}

TEST_CASE("placement conformance: shares are as even as the algorithm promises, and follow weights",
          "[hash][conformance]") {
  const auto keys = sequence(100000);
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto ten = with_nodes(registered->make(), numbered(10));
      const Spread even = spread(*ten, keys);
      REQUIRE(std::accumulate(even.keys.begin(), even.keys.end(), std::uint64_t{0}) == keys.size());
      REQUIRE(even.max_over_fair >= 1);
      REQUIRE(even.max_over_fair <= registered->max_over_fair);
      auto nodes = numbered(10);
      nodes[4].weight = 5;
      const auto uneven = registered->make();
      if (!ten->traits().weighted) {
        REQUIRE(uneven->reset(nodes) ==
                registered->name + " knows no weights: 'node-4' should weigh 1, not 5");
        REQUIRE(uneven->nodes().empty());
        REQUIRE(ten->refusal({"new", 2}) ==
                registered->name + " knows no weights: 'new' should weigh 1, not 2");
        REQUIRE_FALSE(ten->add({"new", 2}));
        continue;
      }
      REQUIRE(uneven->reset(nodes) == "");
      uneven->check_invariants();
      const Spread weighted = spread(*uneven, keys);
      REQUIRE(static_cast<double>(weighted.keys[4]) > 3.5 / 14 * 100000);
      REQUIRE(static_cast<double>(weighted.keys[4]) < 6.5 / 14 * 100000);
    }
  }
}

TEST_CASE("placement conformance: none, one and a thousand nodes", "[hash][conformance]") {
  for (const RegisteredPlacement* registered : RegisteredPlacement::all()) {
    DYNAMIC_SECTION(registered->name) {
      const auto placement = registered->make();
      REQUIRE(placement->place_replicas(1, 3).empty());
      REQUIRE(placement->removal_refusal("x") == "there is no node 'x'");
      REQUIRE(placement->clone()->nodes().empty());
      REQUIRE(placement->add({"only", 1}));
      for (int i = 0; i < 100; ++i) REQUIRE(name_of(*placement, "key " + std::to_string(i)) == "only");
      REQUIRE(placement->refusal({"only", 1}) == "there is a node 'only' already");
      REQUIRE(placement->remove("only"));
      placement->check_invariants();
      REQUIRE(placement->nodes().empty());
      REQUIRE(placement->add({"again", 1}));
      REQUIRE(name_of(*placement, "key") == "again");

      REQUIRE(placement->reset({{"a", 1}, {"b", 1}, {"a", 1}}) == "'a' is there twice");
      REQUIRE(placement->nodes().size() == 1);  // nothing has changed

      REQUIRE(placement->reset(numbered(1000)) == "");
      placement->check_invariants();
      const Spread s = spread(*placement, sequence(200000));
      REQUIRE(s.keys.size() == 1000);
      REQUIRE(*std::min_element(s.keys.begin(), s.keys.end()) > 0);
      REQUIRE(placement->memory_bytes() < 64u << 20);
    }
  }
}

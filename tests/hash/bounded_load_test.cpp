#include "core/hash/bounded_load.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "core/base/rng.hpp"
#include "core/hash/ring.hpp"
#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Placement> tight() {
  return make_bounded_load({.points = 160, .bound = 1.05});
}

const RegisteredPlacement registered("bounded_load", tight, 1.0501, 0.25);

}  // namespace

TEST_CASE("bounded_load: with room everywhere it is the ring", "[hash][bounded_load]") {
  const auto loose = with_nodes(make_bounded_load({.points = 160, .bound = 3}), numbered(10));
  const Ring ring({.nodes = numbered(10)});
  REQUIRE(places(*loose, sequence(10000)) == places(ring, sequence(10000)));
}

TEST_CASE("bounded_load: no node carries more than its bound, and who is passed on finds the next with room",
          "[hash][bounded_load]") {
  // The naive way: a sorted map of points, walked key by key.
  std::vector<PlacedNode> nodes = numbered(6);
  nodes[1].weight = 2.5;
  const auto bounded = with_nodes(make_bounded_load({.points = 8, .bound = 1.1}), nodes);
  std::map<std::uint64_t, std::size_t> points;
  double weights = 0;
  for (std::size_t node = 0; node < nodes.size(); ++node) {
    weights += nodes[node].weight;
    for (std::uint64_t i = 1; i <= (node == 1 ? 20 : 8); ++i) points[hash64(nodes[node].name, i)] = node;
  }
  const auto keys = sequence(1000);
  std::vector<std::uint64_t> loads(6);
  const auto homes = places(*bounded, keys);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto at = points.lower_bound(hash64(keys[i]));
    for (;; ++at) {
      if (at == points.end()) at = points.begin();
      const double most = std::ceil(1.1 * 1000 * nodes[at->second].weight / weights);
      if (static_cast<double>(loads[at->second]) < most) break;
    }
    ++loads[at->second];
    REQUIRE(homes[i] == at->second);
  }
}

TEST_CASE("bounded_load: keys that are taken and released, one by one", "[hash][bounded_load]") {
  BoundedLoad bounded({.points = 160, .bound = 1.25});
  REQUIRE(bounded.reset(numbered(8)) == "");
  Rng rng(3);
  std::vector<std::size_t> held;
  for (std::uint64_t step = 0; step < 5000; ++step) {
    if (held.empty() || rng.chance(0.7)) {
      const std::uint64_t hash = hash64(step);
      const std::size_t next = bounded.place(hash);
      held.push_back(bounded.take(hash));
      REQUIRE(held.back() == next);
      REQUIRE(bounded.load(held.back()) <= bounded.most_at(held.back(), held.size()));
    } else {
      const std::size_t i = rng.below(held.size());
      REQUIRE(bounded.release(held[i]));
      held[i] = held.back();
      held.pop_back();
    }
    if (step % 500 == 0) bounded.check_invariants();
  }
  while (!held.empty()) {
    REQUIRE(bounded.release(held.back()));
    held.pop_back();
  }
  for (std::size_t place = 0; place < 8; ++place) REQUIRE_FALSE(bounded.release(place));
}

TEST_CASE("bounded_load: loads stay with their nodes when others come and go", "[hash][bounded_load]") {
  BoundedLoad bounded;
  REQUIRE(bounded.reset({{"b", 1}, {"d", 1}}) == "");
  for (std::uint64_t key = 0; key < 100; ++key) bounded.take(hash64(key));
  const std::uint64_t b = bounded.load(0), d = bounded.load(1);
  REQUIRE(b + d == 100);
  REQUIRE(bounded.add({"a", 1}));
  REQUIRE(bounded.add({"c", 1}));
  REQUIRE(bounded.load(bounded.index_of("b")) == b);
  REQUIRE(bounded.load(bounded.index_of("d")) == d);
  REQUIRE(bounded.load(bounded.index_of("c")) == 0);
  REQUIRE(bounded.remove("b"));
  bounded.check_invariants();
  REQUIRE(bounded.load(bounded.index_of("d")) == d);
}

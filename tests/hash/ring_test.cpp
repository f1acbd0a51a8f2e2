#include "core/hash/ring.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <numeric>

#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Placement> make_ring() {
  return std::make_unique<Ring>(RingOptions{});
}

const RegisteredPlacement registered("ring", make_ring, 1.25, 0);

}  // namespace

TEST_CASE("ring: a key belongs to the next point on the circle", "[hash][ring]") {
  // The naive ring: a sorted map of points, the first at or after the hash, else the very first.
  std::vector<PlacedNode> nodes = numbered(5);
  nodes[2].weight = 0.3;
  const Ring ring({.nodes = nodes, .points = 20});
  std::map<std::uint64_t, std::size_t> points;
  for (std::size_t node = 0; node < 5; ++node) {
    for (std::uint64_t i = 1; i <= (node == 2 ? 6 : 20); ++i) points[hash64(nodes[node].name, i)] = node;
  }
  const auto next = [&](std::uint64_t hash) {
    const auto it = points.lower_bound(hash);
    return it == points.end() ? points.begin()->second : it->second;
  };
  for (std::uint64_t key = 0; key < 10000; ++key) REQUIRE(ring.place(hash64(key)) == next(hash64(key)));
  for (const auto& [hash, node] : points) {
    REQUIRE(ring.place(hash) == node);
    REQUIRE(ring.place(hash + 1) == next(hash + 1));
  }
  REQUIRE(ring.place(0) == next(0));
  REQUIRE(ring.place(~0ull) == next(~0ull));
}

TEST_CASE(
    "ring: replicas are the next different nodes on the circle, and losing one shifts only those behind it",
    "[hash][ring]") {
  const Ring ring({.nodes = numbered(8)});
  Ring less({.nodes = numbered(8)});
  less.remove("node-3");
  for (std::uint64_t key = 0; key < 1000; ++key) {
    std::vector<std::string> before, after;
    for (std::size_t i : ring.place_replicas(hash64(key), 4)) before.push_back(ring.nodes()[i].name);
    for (std::size_t i : less.place_replicas(hash64(key), 4)) after.push_back(less.nodes()[i].name);
    const auto gone = std::find(before.begin(), before.end(), "node-3");
    if (gone != before.end()) {
      before.erase(gone);
      after.pop_back();
    }
    REQUIRE(before == after);
  }
}

TEST_CASE("ring: shares of the circle add up and match the keys counted", "[hash][ring]") {
  const Ring ring({.nodes = numbered(10)});
  std::vector<std::uint64_t> keys(200000);
  std::iota(keys.begin(), keys.end(), 0);
  const Spread s = spread(ring, keys);
  double sum = 0;
  for (std::size_t i = 0; i < 10; ++i) {
    sum += ring.share(i);
    REQUIRE(static_cast<double>(s.keys[i]) == Approx(ring.share(i) * 200000).epsilon(0.03));
  }
  REQUIRE(sum == Approx(1));
  REQUIRE(s.deviation < 0.16);  // theory: 1/sqrt(160) = 0.079
}

TEST_CASE("ring: a leaving node gives away exactly its own keys", "[hash][ring]") {
  const Ring ring({.nodes = numbered(100)});
  Ring less = ring;
  less.remove("node-42");
  std::vector<std::uint64_t> keys(100000);
  std::iota(keys.begin(), keys.end(), 0);
  const Moved m = moved(ring, less, keys);
  REQUIRE(m.moved == spread(ring, keys).keys[ring.index_of("node-42")]);
  REQUIRE(m.needless == 0);
}

TEST_CASE("ring: one node with one point owns everything", "[hash][ring]") {
  const Ring ring({.nodes = {{"only", 1}}, .points = 1});
  ring.check_invariants();
  for (std::uint64_t key = 0; key < 100; ++key) REQUIRE(ring.place(hash64(key)) == 0);
  REQUIRE(ring.share(0) == Approx(1));
}

TEST_CASE("ring: too many points are refused in words", "[hash][ring]") {
  Ring ring({.nodes = {}, .points = 1000});
  REQUIRE(ring.reset({{"a", 1000}, {"b", 1000}}) == "");
  REQUIRE(ring.refusal({"c", 2000}) ==
          "a node of weight 2000 would have 2000000 points; at most 1048576 are allowed");
  REQUIRE(ring.add({"c", 1000}));
  REQUIRE(ring.add({"d", 1000}));
  REQUIRE(
      ring.refusal({"e", 1000}) ==
      "the ring would have 5000000 points; at most 4194304 are allowed (fewer points, or smaller weights)");
  REQUIRE_FALSE(ring.add({"e", 1000}));
  REQUIRE(ring.nodes().size() == 4);
}

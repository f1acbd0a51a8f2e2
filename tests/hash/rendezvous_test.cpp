#include "core/hash/rendezvous.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredPlacement registered("rendezvous", make_rendezvous, 1.03, 0);

// A node's bid for a key without any grouping: -w / ln(u) of its own 64 bits.
double bid(const PlacedNode& node, std::uint64_t hash) {
  std::uint64_t x = (hash ^ hash64(node.name, 7)) * 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 32)) * 0xD6E8FEB86659FD93ull;
  return -node.weight / std::log((static_cast<double>(x >> 11) + 0.5) * 0x1p-53);
}

std::vector<PlacedNode> of_many_weights() {
  std::vector<PlacedNode> nodes = numbered(12);
  for (std::size_t i = 0; i < nodes.size(); ++i) nodes[i].weight = 1 + static_cast<double>(i % 4) * 0.7;
  return nodes;
}

}  // namespace

TEST_CASE("rendezvous: the highest bid wins, and the next highest are the replicas", "[hash][rendezvous]") {
  const auto placement = with_nodes(make_rendezvous(), of_many_weights());
  for (std::uint64_t key = 0; key < 5000; ++key) {
    std::vector<std::size_t> order(12);
    for (std::size_t i = 0; i < 12; ++i) order[i] = i;
    const auto& nodes = placement->nodes();
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return bid(nodes[a], hash64(key)) > bid(nodes[b], hash64(key)); });
    REQUIRE(placement->place(hash64(key)) == order[0]);
    REQUIRE(placement->place_replicas(hash64(key), 12) == order);
  }
}

TEST_CASE("rendezvous: weights are met exactly, as far as dice can tell", "[hash][rendezvous]") {
  const auto placement = with_nodes(make_rendezvous(), of_many_weights());
  const Spread s = spread(*placement, sequence(500000));
  REQUIRE(chance_of(s.chi_square, 11) > 0.001);
}

TEST_CASE("rendezvous: more weight only draws keys, and a node of another weight takes only what it wins",
          "[hash][rendezvous]") {
  const auto before = with_nodes(make_rendezvous(), of_many_weights());
  auto nodes = of_many_weights();
  nodes[5].weight = 9;
  const auto heavier = with_nodes(make_rendezvous(), nodes);
  const auto keys = sequence(50000);
  const auto from = places(*before, keys), to = places(*heavier, keys);
  const std::size_t it = before->index_of("node-5");
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (from[i] != to[i]) REQUIRE(to[i] == it);
  }
  const auto more = before->clone();
  REQUIRE(more->add({"heavy", 20}));
  const Moved m = moved(*before, *more, keys);
  REQUIRE(m.needless == 0);
  REQUIRE(m.moved == m.gained[more->index_of("heavy")]);
}

TEST_CASE("rendezvous: a node that leaves only drops out of the replicas", "[hash][rendezvous]") {
  const auto before = with_nodes(make_rendezvous(), numbered(9));
  const auto after = before->clone();
  REQUIRE(after->remove("node-4"));
  for (std::uint64_t key = 0; key < 2000; ++key) {
    std::vector<std::string> with, without;
    for (std::size_t i : before->place_replicas(hash64(key), 9)) with.push_back(before->nodes()[i].name);
    for (std::size_t i : after->place_replicas(hash64(key), 9)) without.push_back(after->nodes()[i].name);
    with.erase(std::find(with.begin(), with.end(), "node-4"));
    REQUIRE(with == without);
  }
}

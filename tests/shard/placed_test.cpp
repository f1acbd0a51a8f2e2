#include "core/shard/placed.hpp"

#include <catch2/catch.hpp>

#include "core/hash/modulo.hpp"
#include "core/hash/ring.hpp"
#include "core/hash/slots.hpp"
#include "core/hash/spread.hpp"
#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredRouter hash("hash", [] { return with_shards(make_placed_router("hash", make_modulo())); });
const RegisteredRouter consistent("consistent", [] {
  return with_shards(make_placed_router("consistent", std::make_unique<Ring>(RingOptions{})));
});

}  // namespace

TEST_CASE("placed: a key is where the placement has it, as a number and as a text", "[shard][placed]") {
  const Ring ring({.nodes = {{"a", 1}, {"b", 1}, {"c", 1}}});
  const auto router = make_placed_router("consistent", ring.clone());
  for (int i = 0; i < 300; ++i) {
    REQUIRE(router->route(i) == ring.place(ring.hash_of(static_cast<std::uint64_t>(i))));
    REQUIRE(router->route(std::to_string(i)) == ring.place(ring.hash_of(std::to_string(i))));
  }
}

TEST_CASE("placed: two levels of one hash leave shards empty, and another seed does not", "[shard][placed]") {
  // The keys that hash to the first of two groups are even; among two sub-shards they all fall to one.
  const auto top = with_shards(make_placed_router("hash", make_modulo()), {{"a", 1}, {"b", 1}});
  for (const bool seeded : {false, true}) {
    const auto below =
        with_shards(make_placed_router("hash", make_modulo(), seeded ? 1 : 0), {{"x", 1}, {"y", 1}});
    int keys = 0, x = 0;
    for (int i = 0; i < 4000; ++i) {
      if (top->route(i) != 0) continue;
      ++keys;
      x += below->route(i) == 0;
    }
    REQUIRE(keys > 1800);
    if (seeded) {
      REQUIRE(std::abs(x - keys / 2) < 150);
    } else {
      REQUIRE(x == keys);
    }
  }
}

TEST_CASE("placed: a weight that would move everything is refused", "[shard][placed]") {
  const auto router = with_shards(make_placed_router("consistent", make_slots()));
  REQUIRE(router->weigh("a", 1) == "the weight of 'a' cannot be changed: slots would have to start anew");
}

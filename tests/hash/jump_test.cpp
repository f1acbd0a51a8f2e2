#include "core/hash/jump.hpp"

#include <catch2/catch.hpp>

#include "core/hash/spread.hpp"
#include "tests/hash/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

const RegisteredPlacement registered("jump", make_jump, 1.03, 0);

}  // namespace

// The values of the paper's C++ code, as Guava's and other ports of it test them.
TEST_CASE("jump: the buckets of the paper's code", "[hash][jump]") {
  const std::uint32_t known[] = {0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17};
  for (std::uint32_t buckets = 1; buckets <= 19; ++buckets)
    REQUIRE(jump_bucket(1, buckets) == known[buckets - 1]);
  REQUIRE(jump_bucket(256, 1024) == 520);
  REQUIRE(jump_bucket(42, 57) == 43);
  REQUIRE(jump_bucket(0, 1) == 0);
  for (std::uint64_t key = 0; key < 1000; ++key) REQUIRE(jump_bucket(hash64(key), 0x7FFFFFFF) < 0x7FFFFFFF);
}

TEST_CASE("jump: a key goes to the bucket that is appended or stays", "[hash][jump]") {
  for (std::uint64_t key = 0; key < 500; ++key) {
    std::uint32_t at = 0;
    for (std::uint32_t buckets = 2; buckets <= 200; ++buckets) {
      const std::uint32_t now = jump_bucket(hash64(key), buckets);
      REQUIRE((now == at || now == buckets - 1));
      at = now;
    }
  }
}

TEST_CASE("jump: nodes are buckets in the order in which they came, and only the last can leave",
          "[hash][jump]") {
  const auto placement = with_nodes(make_jump(), {{"z", 1}, {"m", 1}, {"a", 1}});
  for (std::uint64_t key = 0; key < 1000; ++key) {
    const char* const names[] = {"z", "m", "a"};
    REQUIRE(placement->nodes()[placement->place(hash64(key))].name == names[jump_bucket(hash64(key), 3)]);
  }
  REQUIRE(placement->removal_refusal("z") ==
          "only the node that came last can leave a jump hash: that is 'a', not 'z'");
  REQUIRE_FALSE(placement->remove("z"));
  REQUIRE(placement->nodes().size() == 3);
  REQUIRE(placement->add({"c", 1}));
  REQUIRE_FALSE(placement->remove("a"));
  REQUIRE(placement->remove("c"));
  REQUIRE(placement->remove("a"));
  REQUIRE(placement->removal_refusal("m") == "");
  placement->check_invariants();
}

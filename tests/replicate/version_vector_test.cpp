#include "core/replicate/version_vector.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"

using namespace syslab;

TEST_CASE("version vector: compare is the order of the sets of events that are known", "[replicate][clock]") {
  Rng rng = Rng(1).split("vectors");
  for (int i = 0; i < 1000; ++i) {
    VersionVector a, b;
    bool more_a = false, more_b = false;
    for (const char* replica : {"x", "y", "z"}) {
      const std::uint64_t in_a = rng.below(3), in_b = rng.below(3);
      a.raise(replica, in_a);
      b.raise(replica, in_b);
      more_a |= in_a > in_b;
      more_b |= in_b > in_a;
    }
    const CausalOrder expected = more_a && more_b ? CausalOrder::concurrent
                                 : more_a         ? CausalOrder::after
                                 : more_b         ? CausalOrder::before
                                                  : CausalOrder::equal;
    REQUIRE(a.compare(b) == expected);
    VersionVector both = a;
    REQUIRE(both.merge(b) == more_b);
    REQUIRE(both.covers(a));
    REQUIRE(both.covers(b));
    REQUIRE(*VersionVector::decode(both.encode()) == both);
  }
}

TEST_CASE("causal context: dots in any order become a vector when there are no gaps", "[replicate][clock]") {
  CausalContext context;
  CHECK(context.add({"a", 2}));
  CHECK(context.add({"a", 4}));
  CHECK_FALSE(context.add({"a", 4}));
  CHECK_FALSE(context.covers({"a", 1}));
  CHECK(context.others().size() == 2);
  CHECK(*CausalContext::decode(context.encode()) == context);
  CHECK(context.add({"a", 1}));
  CHECK(context.vector()["a"] == 2);
  CHECK(context.add({"a", 3}));
  CHECK(context.vector()["a"] == 4);
  CHECK(context.others().empty());
  CHECK(*CausalContext::decode(context.encode()) == context);
}

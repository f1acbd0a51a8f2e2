#include "core/shard/heat.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/shard/range.hpp"
#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Router> four() {
  return with_shards(std::make_unique<RangeRouter>(std::vector<Value>{100, 200, 300}),
                     {{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}});
}

}  // namespace

TEST_CASE("heat: a shard of many warm keys is hot, and not because of one", "[shard][heat]") {
  const auto router = four();
  Heat heat({.places = 50});
  Rng rng(1);
  for (int i = 0; i < 10000; ++i) {
    heat.record(*router, static_cast<double>(rng.chance(0.7) ? 100 + rng.below(100) : rng.below(400)));
  }
  const auto shards = heat.shards(*router);
  REQUIRE(shards[1].hot);
  REQUIRE_FALSE(shards[1].one_key);
  REQUIRE(shards[1].over_fair == Approx(4 * (0.7 + 0.3 / 4)).margin(0.1));
  for (const std::size_t other : {0, 2, 3}) REQUIRE_FALSE(shards[other].hot);
  // Half of its keys elsewhere, and it is hot no more: what "not one key" promises.
  auto split = four();
  auto* range = dynamic_cast<RangeRouter*>(split.get());
  REQUIRE(range->split(150));
  range->assign(150, 0);
  Heat again({.places = 50});
  Rng same(1);
  for (int i = 0; i < 10000; ++i) {
    again.record(*split, static_cast<double>(same.chance(0.7) ? 100 + same.below(100) : same.below(400)));
  }
  for (const Heat::Shard& s : again.shards(*split)) REQUIRE_FALSE(s.hot);
}

TEST_CASE("heat: one key that is more than a shard's share is named", "[shard][heat]") {
  const auto router = four();
  Heat heat({.places = 20});
  Rng rng(2);
  for (int i = 0; i < 10000; ++i) {
    heat.record(*router, rng.chance(0.6) ? Value(333) : Value(static_cast<double>(rng.below(400))));
  }
  const auto shards = heat.shards(*router);
  REQUIRE(shards[3].hot);
  REQUIRE(shards[3].one_key);
  const auto keys = heat.keys(*router, 3);
  REQUIRE(keys[0].key == Value(333));
  REQUIRE(keys[0].shard == 3);
  REQUIRE(keys[0].count >= 6000 - 300);
  REQUIRE(keys[0].count - keys[0].error <= 6300);
  heat.clear();
  REQUIRE(heat.total() == 0);
  REQUIRE(heat.keys(*router, 3).empty());
}

#include "core/shard/range.hpp"

#include <catch2/catch.hpp>

#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Router> twelve_ranges() {
  std::vector<Value> splits;
  for (int i = 1; i < 12; ++i) splits.emplace_back(i * 250);
  return with_shards(std::make_unique<RangeRouter>(splits));
}
const RegisteredRouter registered("range", twelve_ranges);

}  // namespace

TEST_CASE("range: a split point belongs to the range above it", "[shard][range]") {
  RangeRouter r({Value("h"), Value("q")});
  REQUIRE(r.reset({{"a", 1}, {"b", 1}, {"c", 1}}) == "");
  REQUIRE(r.route("g") == 0);
  REQUIRE(r.route("h") == 1);
  REQUIRE(r.route("pz") == 1);
  REQUIRE(r.route("q") == 2);
  REQUIRE(r.touched({Value("a"), Value("h")}) == std::vector<std::size_t>{0});
  REQUIRE(r.touched({Value("a"), Value("ha")}) == std::vector<std::size_t>{0, 1});
  REQUIRE(r.touched({Value("m"), {}}) == std::vector<std::size_t>{1, 2});
  REQUIRE(r.touched({{}, Value("m")}) == std::vector<std::size_t>{0, 1});
}

TEST_CASE("range: split and merge move no key but those above a merged point", "[shard][range]") {
  RangeRouter r({Value(100)});
  REQUIRE(r.reset({{"a", 1}, {"b", 1}}) == "");
  REQUIRE(r.split(50));
  REQUIRE_FALSE(r.split(50));
  REQUIRE_FALSE(r.split(100));
  REQUIRE(r.route(20) == 0);
  REQUIRE(r.route(70) == 0);
  r.assign(70, 1);
  REQUIRE(r.route(49) == 0);
  REQUIRE(r.route(50) == 1);
  REQUIRE_FALSE(r.merge(51));
  REQUIRE(r.merge(100));
  REQUIRE(r.route(1e9) == 1);
  REQUIRE(r.merge(50));
  REQUIRE(r.route(1e9) == 0);
  REQUIRE(r.ranges().size() == 1);
  r.check_invariants();
}

TEST_CASE("range: a sample is cut into ranges of as many keys", "[shard][range]") {
  std::vector<Value> sample;
  for (int i = 0; i < 1000; ++i) sample.emplace_back((i * 7919) % 1000);
  REQUIRE(even_splits(sample, 4) == std::vector<Value>{250, 500, 750});
  // Doubles make fewer ranges, not empty ones.
  REQUIRE(even_splits(std::vector<Value>(10, Value(5)), 4).empty());
  REQUIRE(even_splits({}, 4).empty());
}

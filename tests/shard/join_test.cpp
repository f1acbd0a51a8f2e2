#include "core/shard/join.hpp"

#include <catch2/catch.hpp>

#include "core/base/rng.hpp"
#include "core/hash/modulo.hpp"
#include "core/shard/bucket_map.hpp"
#include "core/shard/placed.hpp"
#include "core/shard/range.hpp"
#include "tests/shard/registry.hpp"

using namespace syslab;
using namespace syslab::test;

namespace {

std::unique_ptr<Router> three(std::uint64_t seed = 0) {
  return with_shards(make_placed_router("hash", make_modulo(), seed));
}
ShardedTable random_table(Rng& rng, const Router& router, std::size_t rows, std::uint64_t values) {
  ShardedTable table{.router = &router, .placed_by = "id", .on = "x"};
  for (std::size_t i = 0; i < rows; ++i) {
    Value row = Value::map({{"id", static_cast<double>(rng.below(1000))}});
    if (rng.chance(0.9)) row = row.with("x", static_cast<double>(rng.below(values)));
    table.rows.push_back(row.with("text", std::string(rng.below(20), '.')));
  }
  return table;
}
std::vector<std::pair<std::size_t, std::size_t>> nested_loops(const ShardedTable& left,
                                                              const ShardedTable& right) {
  std::vector<std::pair<std::size_t, std::size_t>> pairs;
  for (std::size_t i = 0; i < left.rows.size(); ++i) {
    for (std::size_t k = 0; k < right.rows.size(); ++k) {
      const Value& value = left.rows[i][left.on];
      if (!value.is_nil() && value == right.rows[k][right.on]) pairs.emplace_back(i, k);
    }
  }
  return pairs;
}

}  // namespace

TEST_CASE("join: every way gives what nested loops give", "[shard][join]") {
  Rng rng(1);
  for (int round = 0; round < 60; ++round) {
    const auto hash = three(),
               ranges = with_shards(std::make_unique<RangeRouter>(std::vector<Value>{300, 600}));
    ShardedTable left = random_table(rng, *hash, rng.below(60), 1 + rng.below(40));
    ShardedTable right = random_table(rng, *ranges, rng.below(60), 1 + rng.below(40));
    const auto expected = nested_loops(left, right);
    for (const JoinWay way : {JoinWay::broadcast, JoinWay::shuffle}) {
      const auto cost = join_tables(left, right, way);
      REQUIRE(cost.ok());
      REQUIRE(cost->pairs == expected);
      REQUIRE(cost->messages <= 6);
      REQUIRE(cost->rows_moved <= 2 * std::min(left.rows.size(), right.rows.size()) +
                                      (way == JoinWay::shuffle ? left.rows.size() + right.rows.size() : 0));
    }
    REQUIRE(join_tables(left, right, JoinWay::lookup).error().code == "conflict");
    right.on = "id";
    REQUIRE(join_tables(left, right, JoinWay::lookup)->pairs == nested_loops(left, right));
    // Placed by what they are joined by, with one router: together already.
    left.placed_by = right.placed_by = "id";
    left.on = "id";
    right.router = hash.get();
    const auto together = join_tables(left, right, JoinWay::co_partitioned);
    REQUIRE(together.ok());
    REQUIRE(together->rows_moved + together->bytes_moved + together->messages == 0);
    REQUIRE(together->pairs == nested_loops(left, right));
  }
}

TEST_CASE("join: what is moved, by hand", "[shard][join]") {
  // Shards a (below 10) and b. Left: rows 1, 2 at a and 11 at b; right: 1 at a, 12 at b.
  const auto router =
      with_shards(std::make_unique<RangeRouter>(std::vector<Value>{10}), {{"a", 1}, {"b", 1}});
  const auto row = [](double id, double x) { return Value::map({{"id", id}, {"x", x}}); };
  const ShardedTable left{
      .rows = {row(1, 12), row(2, 12), row(11, 1)}, .router = router.get(), .placed_by = "id", .on = "x"};
  const ShardedTable right{
      .rows = {row(1, 0), row(12, 0)}, .router = router.get(), .placed_by = "id", .on = "id"};
  const auto lookup = *join_tables(left, right, JoinWay::lookup);
  // a asks b once for 12 and gets one row, b asks a for 1: two questions of a number, two rows.
  REQUIRE(lookup.rows_moved == 2);
  REQUIRE(lookup.messages == 2);  // a -> b carries a's question and the row that b asked for
  REQUIRE(lookup.bytes_moved ==
          2 * Value(12).size_bytes() + right.rows[0].size_bytes() + right.rows[1].size_bytes());
  REQUIRE(lookup.pairs.size() == 3);
  REQUIRE(lookup.busiest == 3);
  const auto broadcast = *join_tables(left, right, JoinWay::broadcast);
  REQUIRE(broadcast.rows_moved == 2);  // each of the right's two rows to the other shard
  REQUIRE(broadcast.busiest == 4);
  REQUIRE(join_tables(left, right, JoinWay::co_partitioned).error().code == "conflict");
}

TEST_CASE("join: a popular value makes a shuffle's shard busy, and a broadcast's not", "[shard][join]") {
  const auto router = three();
  Rng rng(3);
  ShardedTable left{.router = router.get(), .placed_by = "id", .on = "x"}, right = left;
  for (int i = 0; i < 900; ++i) {
    left.rows.push_back(
        Value::map({{"id", i}, {"x", rng.chance(0.8) ? 7 : static_cast<int>(rng.below(30))}}));
  }
  for (int i = 0; i < 30; ++i) right.rows.push_back(Value::map({{"id", i}, {"x", i}}));
  REQUIRE(join_tables(left, right, JoinWay::shuffle)->busiest > 720);
  REQUIRE(join_tables(left, right, JoinWay::broadcast)->busiest < 400);
}

TEST_CASE("join: tables on other shards are refused", "[shard][join]") {
  const auto router = three();
  const auto other = with_shards(make_placed_router("hash", make_modulo()), {{"a", 1}, {"b", 1}});
  const ShardedTable left{.router = router.get(), .placed_by = "id", .on = "id"};
  const ShardedTable right{.router = other.get(), .placed_by = "id", .on = "id"};
  REQUIRE(join_tables(left, right, JoinWay::shuffle).error().message ==
          "the two tables are not on the same shards");
}
